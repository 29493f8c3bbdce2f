"""From a connector's entries to rows: once, whole, and as somebody's."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from connectors.contract import (
    Address,
    Attachment,
    Batch,
    Entry,
    Outcome,
    Party,
    Quarantined,
    Recognised,
)
from db.engine.interface import Row
from db.identity.own import add_own, list_own
from db.ingest import Arrival
from db.quarantine import PLACE_CHARACTERS
from db.raws import CHUNK_BYTES, has_raw, keep_raw, read_raw
from db.store import Store
from db.texts import unpack

NOON = 1_767_355_200_000
US = "support@us.example"
ADA = "ada@acme.example"
MAIL = Recognised("mbox", "mbox mail file", "mail")
SLACK = Recognised("slack", "Slack export", "slack:T1", network="slack:T1")


def party(role: str, address: str, name: str = "") -> Party:
    return Party(role, Address("email", address), name)  # type: ignore[arg-type]


def mail(
    number: str = "a", author: str = ADA, *others: Party, name: str = "", at: int = NOON
) -> Entry:
    reader = US if author != US else ADA
    return Entry(
        external_id=number,
        at=at,
        parties=(party("from", author, name), party("to", reader), *others),
        subject="Invoice",
        text=f"Text of {number}",
        message_id=number,
        original=b"Raw of " + number.encode(),
        original_type="message/rfc822",
        content_key=number,
    )


def chat(number: str, user: str, name: str, *, email: str = "", thread: str = "c1") -> Entry:
    same = (Address("email", email),) if email else ()
    author = Party("author", Address("handle", user, "slack:T1"), name, same_as=same)
    return Entry(
        external_id=number, at=NOON + len(number), channel="chat", parties=(author,),
        text="Words", thread=thread, content_key=number,
    )  # fmt: skip


@pytest.fixture
def ours(store: Store) -> Store:
    with store.engine.write() as connection:
        add_own(connection, US)
    return store


def take_in(store: Store, *entries: Entry, source: Recognised = MAIL) -> Outcome:
    return store.sink(source, "x", Arrival(0)).write(Batch(entries))


def rows(store: Store, sql: str) -> list[Row]:
    return store.engine.connection().all(sql)


def test_reading_the_same_twice_adds_nothing(ours: Store) -> None:
    entries = [mail(f"m{number}", at=NOON + number) for number in range(250)]
    sink = ours.sink(MAIL, "x", Arrival(0))
    assert sink.write(Batch(tuple(entries), cursor="250")) == Outcome(new=250)
    before = rows(ours, "select * from entries order by id")
    assert sink.write(Batch(tuple(entries), cursor="250")) == Outcome(same=250)
    assert rows(ours, "select * from entries order by id") == before
    assert rows(ours, "select count(*) from origins") == [(250,)]


def test_an_entry_that_stands_twice_in_one_batch_is_stored_once(ours: Store) -> None:
    assert take_in(ours, mail(), mail()) == Outcome(new=1, same=1)
    changed = replace(mail(), text="Else", content_key="else")
    assert take_in(ours, replace(mail("b"), at=NOON + 1), changed, changed) == Outcome(
        new=1, same=1, revised=1
    )


def test_the_cursor_is_kept_for_each_scope(ours: Store) -> None:
    one, other = (ours.sink(MAIL, scope, Arrival(0)) for scope in ("one.mbox", "other.mbox"))
    assert one.cursor() == ""
    one.write(Batch((mail(),), cursor="17"))
    one.write(Batch((mail("b"),), cursor=None))
    assert (one.cursor(), other.cursor()) == ("17", "")


def test_a_changed_entry_keeps_what_it_said_before(ours: Store) -> None:
    take_in(ours, mail())
    changed = replace(mail(), text="New words", subject="Other", content_key="2", original=b"New")
    assert take_in(ours, changed) == Outcome(revised=1)
    assert rows(ours, "select revision, subject, preview from entries") == [
        (2, "Other", "New words")
    ]
    ((codec, data),) = rows(ours, "select codec, data from entry_revisions where revision = 1")
    assert unpack(codec, data) == "Text of a"
    (digest,) = rows(ours, "select original from origins")[0]
    assert read_raw(ours.engine.connection(), digest) == b"New"
    assert take_in(ours, changed) == Outcome(same=1)


def test_what_could_not_be_read_is_set_aside_once_with_its_bytes(ours: Store) -> None:
    sink = ours.sink(MAIL, "x", Arrival(0))
    item = Quarantined("q", "inbox.mbox, byte 7", "It has no header.", b"broken")
    assert sink.write(Batch((mail(),), (item,), "1")) == Outcome(new=1, quarantined=1)
    assert sink.write(Batch((), (item,), "1")) == Outcome(held=1)
    ((place, reason, digest, size, tries),) = rows(
        ours, "select place, reason, original, size, tries from quarantine"
    )
    assert (place, reason, size, tries) == ("inbox.mbox, byte 7", "It has no header.", 6, 2)
    assert read_raw(ours.engine.connection(), digest) == b"broken"


def test_what_was_set_aside_is_released_once_it_can_be_stored(ours: Store) -> None:
    sink = ours.sink(MAIL, "x", Arrival(0))
    sink.write(Batch((), (Quarantined("a", "there", "Unreadable.", b"x"),)))
    assert sink.write(Batch((mail("a"),))) == Outcome(new=1)
    assert rows(ours, "select count(*) from quarantine") == [(0,)]


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "letter"},
        {"channel": "pigeon"},
        {"direction": "sideways"},
        {"at": 10**17},
        {"at_offset": 2**70},
        {"text": None},
        {"zone_source": "guess"},
    ],
)
def test_an_entry_that_the_store_cannot_take_is_set_aside_and_the_rest_goes_on(
    ours: Store, broken: dict[str, object]
) -> None:
    entries = (mail("a"), replace(mail("b"), **broken), mail("c"))  # type: ignore[arg-type]
    assert take_in(ours, *entries) == Outcome(new=2, quarantined=1)
    ((external_id, reason, digest),) = rows(
        ours, "select external_id, reason, original from quarantine"
    )
    assert external_id == "b"
    assert reason.endswith(".")
    assert len(reason) <= PLACE_CHARACTERS
    assert read_raw(ours.engine.connection(), digest) == b"Raw of b"
    assert take_in(ours, *entries) == Outcome(same=2, held=1)


def test_hostile_text_is_stored_as_it_came(ours: Store) -> None:
    hostile = "Re: [/] \x1b]52;c;aGk=\x07 \x9b31m \u202e [@click=app.quit]x[/]"
    take_in(ours, replace(mail(), subject=hostile, text=hostile + "\ud800\0", content_key="h"))
    ((subject, codec, data),) = rows(
        ours,
        "select e.subject, t.codec, t.data from entries e join entry_texts t on t.entry_id = e.id",
    )
    assert unpack(codec, data) == hostile + "\ufffd\0"
    assert subject.startswith("Re: [/] \x1b]52;c;aGk=\x07")


@pytest.mark.parametrize(
    "subject", ['"Free" parts', "Trouble with 'quoted'", 'He said: "no."', "'"]
)
def test_a_subject_keeps_its_quotation_marks(ours: Store, subject: str) -> None:
    take_in(ours, replace(mail(), subject=f" {subject}\n "))
    assert rows(ours, "select subject from entries") == [(subject,)]
    assert rows(ours, "select subject from cases") == [(subject,)]


def test_direction_follows_from_who_we_are(ours: Store) -> None:
    take_in(
        ours,
        mail("in"),
        mail("out", US),
        replace(mail("among us", US), parties=(party("from", US), party("to", US))),
        replace(mail("note", US), kind="note"),
        replace(mail("said"), direction="outbound"),
    )
    found = dict(
        rows(
            ours,
            "select o.external_id, e.direction from entries e join origins o on o.entry_id = e.id",
        )
    )
    assert found == {
        "in": "inbound",
        "out": "outbound",
        "among us": "internal",
        "note": "internal",
        "said": "outbound",
    }


def test_an_entry_is_on_the_timeline_of_the_outsider_and_of_everyone_else_on_it(
    ours: Store,
) -> None:
    take_in(
        ours,
        mail("in", ADA, party("cc", "bob@acme.example")),
        mail("out", US, party("cc", "bob@acme.example"), party("bcc", "cy@else.example")),
    )
    homes = rows(
        ours,
        "select i.value from entries e join identities i on i.id = e.identity_id order by e.id",
    )
    assert homes == [(ADA,), (ADA,)]
    others = rows(
        ours,
        "select i.value from entry_identities t join identities i on i.id = t.identity_id"
        " order by t.entry_id, i.value",
    )
    assert others == [("bob@acme.example",), ("bob@acme.example",), ("cy@else.example",)]


def test_only_who_writes_or_is_written_to_becomes_a_customer(ours: Store) -> None:
    take_in(ours, mail("in", ADA, party("cc", "bob@acme.example", "Bob Stone"), name="Ada Byron"))
    assert rows(ours, "select name from customers") == [("Ada Byron",)]
    bob = "select customer_id from identities where value = 'bob@acme.example'"
    assert rows(ours, bob) == [(None,)]
    take_in(ours, mail("later", "bob@acme.example", at=NOON + 1))
    assert rows(ours, "select name, entries from customers order by id") == [
        ("Ada Byron", 1),
        ("Bob Stone", 2),
    ]


def test_a_customer_is_called_by_the_best_name_met(ours: Store) -> None:
    take_in(ours, mail("a"))
    assert rows(ours, "select name from customers") == [("ada",)]
    take_in(ours, mail("b", name="ada@acme.example"), mail("c", name="Ada Byron"))
    assert rows(ours, "select name from customers") == [("Ada Byron",)]
    with ours.engine.write() as connection:
        connection.run("update customers set name = 'Countess', named = 1")
    take_in(ours, *(mail(f"d{number}", name="Ada King") for number in range(5)))
    assert rows(ours, "select name from customers") == [("Countess",)]


def test_a_domain_is_an_organization_unless_it_is_everyones_or_ours(ours: Store) -> None:
    with ours.engine.write() as connection:
        add_own(connection, "@us.example")
    take_in(
        ours,
        mail("a"),
        mail("b", "bob@acme.example"),
        mail("c", "cy@gmail.com"),
        mail("d", US, party("to", "someone@us.example")),
    )
    assert rows(ours, "select name, domain from organizations") == [
        ("acme.example", "acme.example")
    ]
    assert rows(ours, "select organization_id from customers order by id") == [(1,), (1,), (None,)]


@pytest.mark.parametrize("mail_first", [True, False])
def test_the_same_person_in_mail_and_chat_is_one_customer(ours: Store, mail_first: bool) -> None:
    letter = (mail("a", name="Ada Byron"),)
    talk = (chat("1", "U7", "ada", email="Ada@ACME.example"),)
    steps = [(letter, MAIL), (talk, SLACK)]
    for entries, source in steps if mail_first else reversed(steps):
        take_in(ours, *entries, source=source)
    assert rows(ours, "select name, entries from customers") == [("Ada Byron", 2)]
    assert rows(
        ours, "select count(distinct customer_id), count(*) from identities where own = 0"
    ) == [(1, 2)]


def test_an_account_that_first_only_stood_by_joins_the_customer_it_turns_out_to_be(
    ours: Store,
) -> None:
    bystander = Party(
        "participant", Address("handle", "U7", "slack:T1"), "ada", (Address("email", ADA),)
    )
    talk = chat("1", "U8", "Bob")
    take_in(ours, replace(talk, parties=(*talk.parties, bystander)), source=SLACK)
    take_in(ours, mail("a"))
    owners = rows(
        ours, "select customer_id from identities where value in ('u7', 'ada@acme.example')"
    )
    assert owners[0] == owners[1]
    assert owners[0][0] is not None


def test_two_customers_who_turn_out_to_be_one_are_linked_and_not_moved(ours: Store) -> None:
    take_in(ours, mail("a", name="Ada Byron"))
    take_in(ours, chat("1", "U7", "Ada"), source=SLACK)
    assert rows(ours, "select count(distinct canonical_id) from customers") == [(2,)]
    take_in(ours, chat("12", "U7", "Ada", email=ADA), source=SLACK)
    assert rows(ours, "select id, canonical_id from customers") == [(1, 1), (2, 1)]
    ((made_by, evidence),) = rows(ours, "select made_by, evidence from customer_links")
    assert made_by == 1
    assert ADA in evidence
    take_in(ours, chat("123", "U7", "Ada", email=ADA), source=SLACK)
    assert rows(ours, "select count(*) from customer_links") == [(1,)]


def test_a_link_that_an_agent_undid_is_not_made_again(ours: Store) -> None:
    take_in(ours, mail("a"))
    take_in(ours, chat("1", "U7", "Ada"), source=SLACK)
    take_in(ours, chat("12", "U7", "Ada", email=ADA), source=SLACK)
    with ours.engine.write() as connection:
        connection.run("update customer_links set undone_at = 1")
        connection.run("update customers set canonical_id = id")
    take_in(ours, chat("123", "U7", "Ada", email=ADA), source=SLACK)
    assert rows(ours, "select count(distinct canonical_id) from customers") == [(2,)]


def test_a_display_name_alone_links_nobody(ours: Store) -> None:
    take_in(ours, mail("a", name="Ada Byron"), mail("b", "eve@evil.example", name="Ada Byron"))
    assert rows(ours, "select count(distinct canonical_id) from customers") == [(2,)]


def test_our_answer_in_a_chat_goes_to_the_customer_of_the_thread(ours: Store) -> None:
    with ours.engine.write() as connection:
        add_own(connection, "Team Lead")
    take_in(ours, chat("1", "U7", "Ada"), source=SLACK)
    take_in(ours, chat("12", "U1", "Team Lead"), source=SLACK)
    assert rows(ours, "select direction, identity_id from entries order by at") == [
        ("inbound", 1),
        ("outbound", 1),
    ]
    assert rows(ours, "select history from cases") == [(1,)]


def test_a_contact_form_is_the_words_of_whom_it_asks_to_answer(ours: Store) -> None:
    form = replace(
        mail("form", US),
        parties=(party("from", US), party("reply_to", ADA, "Ada Byron"), party("to", US)),
    )
    take_in(ours, form)
    assert rows(ours, "select direction, author from entries") == [("inbound", "Ada Byron")]
    assert rows(ours, "select name, cases from customers") == [("Ada Byron", 1)]


def test_a_mail_from_nobody_is_seen_and_not_lost(ours: Store) -> None:
    take_in(ours, replace(mail("a"), parties=()), replace(mail("b"), parties=()))
    assert rows(ours, "select direction from entries") == [("inbound",), ("inbound",)]
    assert rows(ours, "select count(*) from cases where unresolved = 1") == [(2,)]
    assert rows(ours, "select name from customers") == [("unknown sender",)]


def test_an_event_that_names_nobody_is_on_the_timeline_of_the_threads_customer(ours: Store) -> None:
    event = replace(chat("12", "x", ""), kind="event", parties=())
    take_in(ours, chat("1", "U7", "Ada"), event, replace(event, external_id="e", thread="c2"),
            source=SLACK)  # fmt: skip
    found = rows(
        ours,
        "select i.value from entries e join identities i on i.id = e.identity_id order by e.id",
    )
    assert found == [("u7",), ("u7",), ("unknown sender",)]
    assert rows(ours, "select name from customers") == [("Ada",)]


def test_a_spammers_thousand_readers_do_not_fill_the_store(ours: Store) -> None:
    readers = tuple(party("cc", f"r{number}@list.example") for number in range(1000))
    take_in(ours, mail("a", ADA, *readers))
    assert rows(ours, "select count(*) from customers") == [(1,)]
    assert rows(ours, "select count(*) from entry_parties") == [(100,)]
    assert rows(ours, "select count(*) from entry_identities") == [(0,)]
    ((defects,),) = rows(ours, "select defects from entry_texts")
    assert "902 further addresses" in defects


def test_an_address_that_turns_out_to_be_ours_stops_being_a_customer(ours: Store) -> None:
    take_in(ours, mail("a"), mail("b", "max@team.example"))
    with ours.engine.write() as connection:
        add_own(connection, "@team.example")
    assert rows(ours, "select name from customers") == [("ada",)]
    assert rows(ours, "select own from identities where value = 'max@team.example'") == [(1,)]
    assert ("domain", "team.example") in list_own(ours.engine.connection())
    take_in(ours, mail("c", "max@team.example", party("to", ADA), at=NOON + 9))
    assert rows(ours, "select direction from entries where at > 1767355200000") == [("outbound",)]


def test_attachments_are_listed_and_their_bytes_kept_once(ours: Store) -> None:
    picture = Attachment("a.png", "image/PNG", data=b"\x89PNG" + b"x" * 50)
    inside = Attachment("b.pdf", "application/pdf", 17, "ab" * 32, part="1.2")
    take_in(ours, *(replace(mail(n), attachments=(picture, inside)) for n in ("a", "b")))
    assert rows(ours, "select attachments from entries") == [(2,), (2,)]
    listed = rows(ours, "select name, media_type, size, sha256, part from attachments limit 2")
    assert listed[1] == ("b.pdf", "application/pdf", 17, "ab" * 32, "1.2")
    connection = ours.engine.connection()
    assert read_raw(connection, bytes.fromhex(listed[0][3])) == picture.data
    kept = connection.value(
        "select count(*) from raws where sha256 = :s", {"s": bytes.fromhex(listed[0][3])}
    )
    assert kept == 1


def test_bytes_of_several_chunks_are_read_back_whole(ours: Store) -> None:
    data = bytes(range(256)) * (CHUNK_BYTES // 200)
    with ours.engine.write() as connection:
        digest = keep_raw(connection, data)
        assert keep_raw(connection, data) == digest
    connection = ours.engine.connection()
    assert read_raw(connection, digest) == data
    assert has_raw(connection, digest)
    assert not has_raw(connection, b"0" * 32)
    assert connection.value("select count(*) from raws") == 2


@pytest.mark.engine("sqlite")
def test_other_programs_read_the_views_while_a_writer_is_at_work(ours: Store) -> None:
    take_in(ours, mail("a", name="Ada Byron"), replace(mail("b", US), subject="Other"))
    with ours.engine.write() as connection:
        connection.run("update cases set subject = 'not yet'")
        other = sqlite3.connect(f"file:{ours.url}?mode=ro", uri=True)
        views = [
            name for (name,) in other.execute("select name from sqlite_master where type = 'view'")
        ]
        assert len(views) >= 4
        for view in views:
            other.execute(f"select * from {view} limit 5").fetchall()
        seen = other.execute(
            "select case_number, customer, organization, status from v_case order by case_number"
        )
        assert seen.fetchall() == [
            (1, "Ada Byron", "acme.example", "new"),
            (2, "Ada Byron", "acme.example", "closed"),
        ]
        entries = other.execute("select direction, author, customer_id from v_entry order by at")
        assert len(entries.fetchall()) == 2
        other.close()


def test_an_interrupted_batch_leaves_nothing_of_its_slice(
    ours: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = ours.sink(MAIL, "x", Arrival(0))

    def stop(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("db.ingest.StoreSink._finish", stop)
    with pytest.raises(KeyboardInterrupt):
        sink.write(Batch((mail("a"),), cursor="1"))
    monkeypatch.undo()
    assert rows(ours, "select count(*) from entries") == [(0,)]
    assert sink.cursor() == ""
    assert sink.write(Batch((mail("a"),), cursor="1")) == Outcome(new=1)
