"""Names that stand where ids are lost, tokens of ours, and senders who are not who they say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.contract import Address, Batch, Entry, Party, Recognised
from db.errors import NotFound
from db.identity.own import add_own
from db.ingest import Arrival
from db.reply_tokens import token_for
from db.store import Store
from db.thread_rules import marks_of, shape_of
from db.tokens import Tokens, plus_address, tokens_in

NOON = 1_767_355_200_000
DAY = 86_400_000
US = "support@us.example"
ADA, EVE = "ada@acme.example", "eve@evil.example"
MAIL = Recognised("mbox", "mbox mail file", "mail")


def mail(
    name: str, at: int, author: str, *to: str, subject: str = "Invoice", answers: str = ""
) -> Entry:
    parties = (
        Party("from", Address("email", author)),
        *(Party("to", Address("email", one)) for one in to or (US,)),
    )
    return Entry(
        external_id=name,
        at=at,
        parties=parties,
        subject=subject,
        text=f"Text of {name}",
        message_id=f"{name}@mail.example",
        in_reply_to=(f"{answers}@mail.example",) if answers else (),
        content_key=name,
    )


@pytest.fixture
def ours(store: Store) -> Store:
    with store.engine.write() as connection:
        add_own(connection, US)
    return store


def take_in(store: Store, *mails: Entry) -> None:
    sink = store.sink(MAIL, "x", Arrival(0))
    for one in mails:
        sink.write(Batch((one,), (), None))


def groups(store: Store) -> set[frozenset[str]]:
    rows = store.engine.connection().all(
        "select e.conversation_id, o.external_id from entries e join origins o on o.entry_id = e.id"
    )
    found: dict[int, set[str]] = {}
    for conversation, name in rows:
        found.setdefault(conversation, set()).add(name)
    return {frozenset(names) for names in found.values()}


def apart(names: str) -> set[frozenset[str]]:
    return {frozenset(name) for name in names.split()}


@pytest.mark.parametrize("hint", ["outlook 0123456789abcdef", "gmail 1712345"])
def test_what_outlook_or_gmail_call_a_conversation_joins_mails_that_lost_their_ids(ours, hint):
    first = replace(mail("a", NOON, ADA), hints=(hint,))
    late = replace(mail("b", NOON + 60 * DAY, ADA, subject="AW: Invoice"), hints=(hint,))
    stranger = replace(mail("c", NOON + 1, EVE), hints=(hint,))
    other = replace(mail("d", NOON + 2, ADA, subject="Something else"), hints=(hint,))
    take_in(ours, first, late, stranger, other)
    assert groups(ours) == apart("ab c d")


def test_a_mail_without_ids_follows_the_subject_for_a_week(ours):
    take_in(
        ours,
        mail("a", NOON, ADA),
        mail("b", NOON + 6 * DAY, US, ADA, subject="Re: Invoice"),
        mail("c", NOON + 60 * DAY, ADA, subject="RE: invoice"),
        mail("d", NOON + DAY, EVE, subject="Re: Invoice"),
    )
    assert groups(ours) == apart("ab c d")


def test_automatic_mail_follows_no_subject(ours):
    news = replace(mail("a", NOON, ADA, subject="News"), automatic="list")
    take_in(ours, news, mail("b", NOON + DAY, ADA, subject="Re: News"))
    assert groups(ours) == apart("a b")


def test_what_a_person_writes_to_a_group_address_of_ours_is_theirs(ours):
    through_us = replace(mail("a", NOON, ADA), automatic="list", group=US)
    elsewhere = replace(mail("b", NOON, EVE), automatic="list", group="users@list.example")
    pretends = replace(mail("c", NOON, EVE, subject="Win"), automatic="list", group=EVE)
    by_its_id = replace(through_us, external_id="d", group="support.us.example")
    take_in(ours, through_us, elsewhere, pretends, by_its_id)
    rows = ours.engine.connection().all(
        "select o.external_id, e.automatic, c.status from entries e"
        " join origins o on o.entry_id = e.id join cases c on c.id = e.case_id"
    )
    told = {name: (automatic, status) for name, automatic, status in rows}
    assert told["a"] == told["d"] == ("", "new")
    assert {told["b"][0], told["c"][0]} == {"list"}
    assert "new" not in (told["b"][1], told["c"][1])


def test_a_reply_to_an_address_of_ours_finds_its_way_from_any_sender(ours):
    take_in(ours, mail("a", NOON, ADA))
    token = token_for(ours.engine, 1)
    address = plus_address(US, token)
    assert address == f"support+{token}@us.example"
    take_in(ours, mail("b", NOON + 90 * DAY, "ada.private@home.example", address, subject="Hm"))
    assert groups(ours) == apart("ab")


def test_a_message_id_of_ours_counts_only_with_a_person_in_common(ours):
    take_in(ours, mail("a", NOON, ADA))
    token = token_for(ours.engine, 1)
    reply = replace(mail("b", NOON + 90 * DAY, ADA), in_reply_to=(f"{token}@us.example",))
    stranger = replace(mail("c", NOON + 91 * DAY, EVE), in_reply_to=(f"{token}@us.example",))
    take_in(ours, reply, stranger)
    assert groups(ours) == apart("ab c")


def test_a_case_without_mail_has_no_token(ours):
    with pytest.raises(NotFound, match="no mail in #1"):
        token_for(ours.engine, 1)


def test_a_guessed_token_is_nothing(ours):
    take_in(ours, mail("a", NOON, ADA))
    token = token_for(ours.engine, 1)
    forged = token[:-3] + ("aaa" if token[-3:] != "aaa" else "bbb")
    assert Tokens(ours.engine.connection()).verified(forged) == ""
    take_in(ours, mail("b", NOON + 90 * DAY, EVE, plus_address(US, forged), subject="Hm"))
    assert groups(ours) == apart("a b")


def test_a_token_of_another_store_is_not_ours(ours, make_store):
    with make_store().engine.write() as connection:
        token = Tokens(connection).issue()
    with ours.engine.write() as connection:
        Tokens(connection).issue()
        assert Tokens(connection).verified(token) == ""
    assert tokens_in([f"<{token.upper()}@us.example>"]) == (token,)


def test_who_only_pretends_to_be_us_speaks_to_nobody(ours):
    take_in(ours, mail("a", NOON, ADA))
    lie = replace(mail("b", NOON + 1, US, ADA, US, answers="a"), forged=True)
    take_in(ours, lie)
    assert groups(ours) == apart("a b")
    connection = ours.engine.connection()
    assert connection.value("select waiting_on from cases where id = 1") == "us"
    assert connection.all(
        "select direction from entries e join origins o on o.entry_id = e.id"
        " where o.external_id = 'b'"
    ) == [("internal",)]


def test_a_delivery_report_lies_beside_the_message_that_bounced(ours):
    sent = mail("sent", NOON, US, ADA)
    daemon = "mailer-daemon@mx.example"
    report = replace(
        mail("report", NOON + 1, daemon, subject="Undelivered", answers="sent"), automatic="bounce"
    )
    report = replace(report, parties=(*report.parties, Party("mentioned", Address("email", ADA))))
    take_in(ours, sent, report)
    assert groups(ours) == {frozenset({"sent", "report"})}


def test_marks_of_other_programs_are_told_from_words():
    assert marks_of("Re: [OPS-42] Pump 7 fails (#4711), INC0012345") == (
        *("OPS-42", "#4711", "INC0012345"),
    )
    assert marks_of("We meet at 5 on 3 May") == ()
    assert {shape_of(mark) for mark in ("OPS-42", "ops-7")} == {"OPS-9"}
