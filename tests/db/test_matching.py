"""Who is suggested to be one person, why, and who never is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import pytest

from connectors.contract import Address, Batch, Entry, Party, Recognised
from db.commands.links import MergeCustomers, RejectMatch
from db.identity.suggest import match_new, rebuild
from db.ingest import Arrival
from db.queries.matching import match_side, suggested, suggestions, why
from db.queries.sheet import cheat_sheet
from db.records import AgentRow, MatchPair
from db.store import Store
from tests.engines import Places

START = 1_780_000_000_000
MAIL = Recognised("mbox", "mbox mail file", "mail")
CHAT = Recognised("slack", "Slack export", "chat")
CALLS = Recognised("calls", "call log", "calls")
SIGNATURE = "\n\nKind regards\nAna Kowalczyk\nMoreno Lamps GmbH\nPhone +49 30 901820"
_numbers = count(1)


def mail(sender: str, name: str, text: str = "The lamp is dark.", **fields: object) -> Entry:
    number = next(_numbers)
    values: dict[str, object] = {
        "external_id": f"m{number}",
        "at": START + number * 60_000,
        "parties": (
            Party("from", Address("email", sender), name),
            Party("to", Address("email", "help@desk.example"), ""),
        ),
        "subject": f"Lamp {number}",
        "text": text,
        "message_id": f"m{number}@x.example",
        "content_key": f"k{number}",
    }
    return Entry(**{**values, **fields})  # type: ignore[arg-type]  # as named there


def said(handle: str, name: str, text: str = "Hello?") -> Entry:
    number = next(_numbers)
    return Entry(
        external_id=f"c{number}",
        at=START + number * 60_000,
        kind="message",
        channel="chat",
        parties=(Party("author", Address("handle", handle, network="slack"), name),),
        text=text,
        thread=f"room {handle}",
        content_key=f"k{number}",
    )


def called(number: str, name: str = "") -> Entry:
    place = next(_numbers)
    return Entry(
        external_id=f"t{place}",
        at=START + place * 60_000,
        kind="call",
        channel="phone",
        parties=(Party("from", Address("phone", number), name),),
        text="Asked about the lamp.",
        content_key=f"k{place}",
    )


def arrive(store: Store, source: Recognised, *entries: Entry) -> None:
    store.sink(source, "inbox", Arrival(0, live=True)).write(Batch(entries))


def pairs(store: Store) -> list[tuple[str, str]]:
    return [(pair.one, pair.other) for pair in store.ask(suggestions)]


def only(store: Store) -> MatchPair:
    (pair,) = store.ask(suggestions)
    return pair


def crowd(store: Store) -> None:
    """Let enough strangers write for a rare name to be known as rare."""
    names = "Abe Bea Cem Dov Eli Fay Gil Hal Ida Jon Kai Lea Max Nia Oda Pia Quin Ria Sol Tia"
    families = ("Adler", "Brandt", "Conti", "Dubois")
    arrive(
        store,
        MAIL,
        *(
            mail(f"{name}.{family}@{family}{place}.example".lower(), f"{name} {family}")
            for place, name in enumerate(names.split())
            for family in families
        ),
    )


def furnish(store: Store) -> None:
    with store.engine.write() as connection:
        connection.run("insert into own_addresses values('email', 'help@desk.example')")
    crowd(store)
    assert match_new(store.engine) == 0


@pytest.fixture
def store(places: Places) -> Store:
    """Return a store of eighty strangers, nobody of whom is anyone else."""
    return places.copy(places.kept("strangers", furnish))


@pytest.fixture
def desk(store: Store) -> Store:
    """Return the same store by the name of who works on it."""
    return store


def kinds(pair: MatchPair) -> Sequence[str]:
    return [reason.kind for reason in pair.reasons]


def test_one_who_mails_chats_and_calls_is_suggested_with_cited_reasons(
    desk: Store, ana: AgentRow
) -> None:
    arrive(desk, MAIL, mail("ana.kowalczyk@moreno.example", "Ana Kowalczyk", f"Dark.{SIGNATURE}"))
    arrive(desk, CHAT, said("ana.kowalczyk", "Ana K."))
    arrive(desk, CALLS, called("+49 30 901820"))
    match_new(desk.engine)
    found = desk.ask(suggestions)
    by_phone = next(pair for pair in found if "phone" in kinds(pair))
    reason = next(reason for reason in by_phone.reasons if reason.kind == "phone")
    assert reason.entry_id > 0
    assert by_phone.sentence.startswith("Same phone +49 30 901820 in the signature of the mail of")
    by_name = next(pair for pair in found if pair is not by_phone)
    assert set(kinds(by_name)) == {"name", "handle"}
    for pair in found:
        desk.do(MergeCustomers(pair.one_id, pair.other_id, pair.sentence), ana)
    assert desk.ask(suggestions) == ()
    sheet = desk.ask(cheat_sheet, by_phone.one_id)
    assert len(sheet.members) == 3
    assert {handle.kind for handle in sheet.handles} == {"email", "handle", "phone"}


def test_a_display_name_that_claims_to_be_the_boss_links_nothing(desk: Store) -> None:
    arrive(desk, MAIL, mail("boss@moreno.example", "Ana Kowalczyk"))
    before = desk.ask(lambda c: c.all("select id, canonical_id from customers"))
    arrive(desk, MAIL, mail("x91@mailinator.com", "Ana Kowalczyk <boss@moreno.example>"))
    arrive(desk, MAIL, mail("zz@evil.example", "Ana Kowalczyk"))
    match_new(desk.engine)
    after = desk.ask(lambda c: c.all("select id, canonical_id from customers"))
    assert len(after) == len(before) + 2
    assert all(number == canonical for number, canonical in after)


@pytest.mark.engine("sqlite")
def test_a_mail_whose_check_failed_only_suggests(desk: Store, ana: AgentRow) -> None:
    arrive(desk, MAIL, mail("ana.kowalczyk@moreno.example", "Ana Kowalczyk"))
    arrive(desk, MAIL, mail("ana.kowalczyk@moreno.example", "Ana Kowalczyk", forged=True))
    match_new(desk.engine)
    rows = desk.ask(
        lambda c: c.all(
            "select i.network, i.entries, k.organization_id is null from identities i"
            " join customers k on k.id = i.customer_id"
            " where i.value = 'ana.kowalczyk@moreno.example' order by i.id"
        )
    )
    assert [(network, entries, bool(alone)) for network, entries, alone in rows] == [
        ("", 1, False),
        ("unverified", 1, True),
    ]
    pair = only(desk)
    assert kinds(pair)[0] == "claimed"
    assert "claims the address ana.kowalczyk@moreno.example, but it failed" in pair.sentence
    desk.do(MergeCustomers(pair.one_id, pair.other_id), ana)
    arrive(desk, MAIL, mail("ana.kowalczyk@moreno.example", "Ana Kowalczyk", forged=True))
    assert desk.ask(cheat_sheet, pair.one_id).entries == 3


def test_an_address_without_any_check_links_by_itself(desk: Store) -> None:
    for _ in range(2):
        arrive(desk, MAIL, mail("ana.kowalczyk@moreno.example", "Ana Kowalczyk"))
    assert (
        desk.ask(
            lambda c: c.value(
                "select entries from identities where value = 'ana.kowalczyk@moreno.example'"
            )
        )
        == 2
    )


def test_a_mailbox_of_many_belongs_to_its_organization_and_is_nobody(desk: Store) -> None:
    arrive(desk, MAIL, mail("info@moreno.example", "Ana Kowalczyk"))
    arrive(desk, MAIL, mail("ana.kowalczyk@moreno.example", "Ana Kowalczyk"))
    for name in ("Bo Ek", "Cy Oz", "Di Um"):
        arrive(desk, MAIL, mail("lampen@lampen.example", name))
    arrive(desk, MAIL, mail("bo.ek@lampen.example", "Bo Ek"))
    match_new(desk.engine)
    assert pairs(desk) == []
    organization = desk.ask(
        lambda c: c.value(
            "select g.domain from customers k join organizations g on g.id = k.organization_id"
            " join identities i on i.customer_id = k.id where i.value = 'info@moreno.example'"
        )
    )
    assert organization == "moreno.example"


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("domain", ["gmail.com", "mailinator.com"])
def test_a_domain_that_anyone_may_have_says_nothing(desk: Store, domain: str) -> None:
    arrive(desk, MAIL, mail(f"lamp@{domain}", "Ana Kowalczyk"), mail(f"bulb@{domain}", "Ana Berg"))
    match_new(desk.engine)
    assert pairs(desk) == []
    numbers = desk.ask(lambda c: c.all("select id from customers order by id desc limit 2"))
    reasons = desk.ask(why, numbers[0][0], numbers[1][0]).reasons
    assert "domain" not in {reason.kind for reason in reasons}


@pytest.mark.engine("sqlite")
def test_a_family_on_one_address_is_not_suggested_to_be_who_signs(desk: Store) -> None:
    arrive(desk, MAIL, mail("kowalczyk@home.example", "Ana Kowalczyk"))
    arrive(desk, MAIL, mail("kowalczyk@home.example", "Jan Kowalczyk"))
    arrive(desk, MAIL, mail("jan.kowalczyk@work.example", "Jan Kowalczyk"))
    arrive(desk, MAIL, mail("ola.kowalczyk@work.example", "Ola Kowalczyk"))
    match_new(desk.engine)
    assert ("Jan Kowalczyk", "Ola Kowalczyk") not in pairs(desk)
    assert ("Ana Kowalczyk", "Ola Kowalczyk") not in pairs(desk)


def test_who_changes_jobs_is_suggested_and_the_new_company_speaks_against(desk: Store) -> None:
    arrive(desk, MAIL, mail("ana.kowalczyk@moreno.example", "Ana Kowalczyk"))
    arrive(desk, MAIL, mail("ana.kowalczyk@lampen.example", "Ana Kowalczyk"))
    match_new(desk.engine)
    pair = only(desk)
    assert kinds(pair)[0] == "name"
    assert kinds(pair)[-1] == "other_domain"
    assert pair.sentence.endswith(
        "; but different companies, lampen.example and moreno.example."
    ) or ("but different companies, moreno.example and lampen.example" in pair.sentence)


@pytest.mark.engine("sqlite")
def test_plus_tags_and_dots_at_gmail_are_suggested(desk: Store) -> None:
    arrive(desk, MAIL, mail("ana.kowalczyk@gmail.com", "Ana Kowalczyk"))
    arrive(desk, MAIL, mail("anakowalczyk+lamp@googlemail.com", ""))
    match_new(desk.engine)
    assert kinds(only(desk))[0] == "mailbox"


@pytest.mark.engine("sqlite")
def test_a_switchboard_says_little(desk: Store) -> None:
    for who in ("bo.ek", "cy.oz", "di.um", "ed.vi", "fa.wu"):
        name = who.replace(".", " ").title()
        text = f"Hi\n\nKind regards\n{name}\nPhone +49 30 901820"
        arrive(desk, MAIL, mail(f"{who}@{who.replace('.', '')}.example", name, text))
    match_new(desk.engine)
    assert pairs(desk) == []


def test_different_people_are_remembered_and_not_suggested_again(
    desk: Store, ana: AgentRow
) -> None:
    arrive(desk, MAIL, mail("ana.kowalczyk@moreno.example", "Ana Kowalczyk"))
    arrive(desk, MAIL, mail("ana.kowalczyk@lampen.example", "Ana Kowalczyk"))
    match_new(desk.engine)
    pair = only(desk)
    desk.do(RejectMatch(pair.one_id, pair.other_id, "Two Anas."), ana)
    assert desk.ask(suggested) == 0
    arrive(desk, MAIL, mail("ana.kowalczyk@lampen.example", "Ana Kowalczyk"))
    match_new(desk.engine)
    rebuild(desk.engine)
    assert pairs(desk) == []
    told = desk.ask(why, pair.one_id, pair.other_id)
    assert told.zone == "apart"
    assert told.decided.startswith("Told apart by Ana Lima on ")
    assert told.decided.endswith("Two Anas.")
    desk.undo(ana)
    rebuild(desk.engine)
    assert len(pairs(desk)) == 1


def test_why_tells_each_signal_with_its_weight_and_what_was_decided(
    desk: Store, ana: AgentRow
) -> None:
    arrive(desk, MAIL, mail("ana.kowalczyk@moreno.example", "Ana Kowalczyk"))
    arrive(desk, MAIL, mail("ana.kowalczyk@lampen.example", "Ana Kowalczyk"))
    match_new(desk.engine)
    pair = only(desk)
    told = desk.ask(why, pair.other_id, pair.one_id)
    assert told.zone == "suggested"
    assert told.bits == pytest.approx(pair.bits, abs=0.05)
    assert 0.5 <= told.score <= 1
    assert [round(reason.bits, 1) for reason in told.reasons] == [
        reason.bits for reason in told.reasons
    ]
    desk.do(MergeCustomers(pair.one_id, pair.other_id, "She said so."), ana)
    told = desk.ask(why, pair.one_id, pair.other_id)
    assert told.zone == "linked"
    assert told.decided.startswith("Linked by Ana Lima on ")
    assert told.decided.endswith("She said so.")


def test_two_sides_are_laid_beside_each_other(desk: Store) -> None:
    arrive(desk, MAIL, mail("ana.kowalczyk@moreno.example", "Ana Kowalczyk", f"Dark.{SIGNATURE}"))
    match_new(desk.engine)
    number = desk.ask(lambda c: c.value("select max(id) from customers"))
    side = desk.ask(match_side, number)
    assert side.name == "Ana Kowalczyk"
    assert side.organization == "moreno.example"
    assert side.handles == ("ana.kowalczyk@moreno.example",)
    assert side.facts == ("company Moreno Lamps GmbH", "phone +49 30 901820")


@pytest.mark.engine("sqlite")
def test_what_was_read_is_not_read_again(desk: Store) -> None:
    arrive(desk, MAIL, mail("ana.kowalczyk@moreno.example", "Ana Kowalczyk"))
    arrive(desk, MAIL, mail("ana.kowalczyk@lampen.example", "Ana Kowalczyk"))
    assert match_new(desk.engine) == 1
    assert match_new(desk.engine) == 0
    assert len(pairs(desk)) == 1


def test_suggestions_made_anew_are_the_same(desk: Store) -> None:
    arrive(desk, MAIL, mail("ana.kowalczyk@moreno.example", "Ana Kowalczyk", f"Dark.{SIGNATURE}"))
    arrive(desk, MAIL, mail("ana.kowalczyk@lampen.example", "Ana Kowalczyk"))
    arrive(desk, CALLS, called("+49 30 901820"))
    match_new(desk.engine)
    before = desk.ask(suggestions)
    assert len(before) >= 2
    rebuild(desk.engine)
    assert desk.ask(suggestions) == before
