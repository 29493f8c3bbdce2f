"""Timelines: pages that meet, several identities as one stream, events, texts and originals."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Address, Attachment, Batch, Entry, Fold, Party, Recognised
from db.errors import NotFound
from db.ingest import Arrival
from db.journal import append
from db.queries import entry, timeline
from db.records import TimelineItem, TimelineKey, TimelinePage
from db.store import Store

START = 1_760_000_000_000
MAIL = Recognised("mbox", "mbox mail file", "mail")
AddCase = Callable[..., int]


def mail(number: int, at: int, author: str = "ada@customers.example", **more: object) -> Entry:
    fields: dict[str, object] = {
        "external_id": f"m{number}",
        "at": at,
        "parties": (
            Party("from", Address("email", author), "Ada Moreno"),
            Party("to", Address("email", "help@desk.example"), "Desk"),
        ),
        "subject": "Lamp",
        "text": f"Message {number}",
        "message_id": f"m{number}@customers.example",
        "in_reply_to": ("m1@customers.example",) if number > 1 else (),
        "content_key": f"key{number}",
    }
    return Entry(**{**fields, **more})  # type: ignore[arg-type]


def arrive(store: Store, *entries: Entry) -> None:
    with store.engine.write() as connection:
        connection.run(
            "insert into own_addresses values('email', 'help@desk.example') on conflict do nothing"
        )
    sink = store.sink(MAIL, "inbox", Arrival(work_since=0))
    outcome = sink.write(Batch(entries))
    assert outcome.new == len(entries)


def act(store: Store, at: int, sentence: str, *subjects: tuple[str, int]) -> int:
    with store.engine.write() as connection:
        return append(
            connection,
            at=at,
            agent_id=1,
            command="case.tag",
            sentence=sentence,
            arguments={},
            changes=(),
            subjects=subjects,  # type: ignore[arg-type]
        )


def walk(store: Store, limit: int, **of: int) -> list[TimelineItem]:
    """Read page by page, newest page first, and return everything, oldest first."""
    items: list[TimelineItem] = []
    before: TimelineKey | None = None
    for _ in range(1000):
        page: TimelinePage = store.ask(timeline.timeline_page, before=before, limit=limit, **of)
        items = [*page.items, *items]
        before = page.before
        if before is None:
            return items
    raise AssertionError("the pages never end")


def place(item: TimelineItem) -> tuple[int, int, int]:
    return item.at, item.entry_id, item.seq


@pytest.fixture
def moments(store: Store, add_case: AddCase) -> Store:
    """A customer of two linked profiles and three addresses, ready for entries by hand."""
    add_case(customer="Ada")
    add_case(customer_id=1)
    add_case(customer="A. Moreno")
    with store.engine.write() as connection:
        connection.run("update customers set canonical_id = 1 where id = 2")
    return store


def put(store: Store, rows: list[tuple[int, int, int]]) -> None:
    """Insert bare entries: identity, time, id; a negative identity is on another's entry."""
    with store.engine.write() as connection:
        connection.run("delete from entries")
        connection.run("delete from entry_identities")
        for identity, at, number in rows:
            connection.run(
                "insert into entries(identity_id, at, id, kind, direction, channel, case_id,"
                " author, subject, preview, characters, lines)"
                " values(:who, :at, :id, 'message', 'inbound', 'email', :case, 'x', '', '', 0, 1)",
                {"who": abs(identity), "at": at, "id": number, "case": abs(identity)},
            )
            if identity < 0:
                connection.run(
                    "insert into entry_identities values(1, :at, :id) on conflict do nothing",
                    {"at": at, "id": number},
                )


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from([1, 2, 3, -3, -4]), st.sampled_from([-2 * START, *range(13)])),
        max_size=40,
    ),
    events=st.lists(st.integers(0, 12), max_size=12),
    limit=st.integers(1, 9),
)
def test_pages_of_a_customer_meet_whatever_the_times(
    moments: Store, rows: list[tuple[int, int]], events: list[int], limit: int
) -> None:
    with moments.engine.write() as connection:
        connection.run(
            "insert into identities(id, kind, value, raw) values(4, 'email', 'z', 'z')"
            " on conflict do nothing"
        )
        connection.run("delete from journal_subjects")
        connection.run("delete from journal")
    put(moments, [(who, START + at, number) for number, (who, at) in enumerate(rows, 1)])
    for at in sorted(events):
        act(moments, START + at, "Did it", ("customer", 2), ("identity", 3), ("case", 1))
    items = walk(moments, limit, customer_id=2)
    assert [place(item) for item in items] == sorted(place(item) for item in items)
    wanted = set(range(1, len(rows) + 1))
    assert len([item for item in items if item.entry_id]) == len(wanted)
    assert {item.entry_id for item in items if item.entry_id} == wanted
    assert len([item for item in items if item.seq]) == len(events)


def test_a_page_is_oldest_first_and_the_newest_page_comes_first(store: Store) -> None:
    arrive(store, *(mail(number, START + number * 1000) for number in range(1, 8)))
    page = store.ask(timeline.timeline_page, customer_id=1, limit=3)
    assert [item.preview for item in page.items] == ["Message 5", "Message 6", "Message 7"]
    assert page.before is not None
    assert page.subjects == {page.items[0].case_id: "Lamp"}
    earlier = store.ask(timeline.timeline_page, customer_id=1, limit=9, before=page.before)
    assert [item.preview for item in earlier.items] == [f"Message {n}" for n in range(1, 5)]
    assert earlier.before is None


def test_a_case_shows_its_entries_and_what_was_done(store: Store) -> None:
    arrive(store, mail(1, START), mail(2, START + 2000))
    case_id = store.ask(timeline.timeline_page, customer_id=1).items[0].case_id
    act(store, START + 1000, "Tagged lamp", ("case", case_id), ("case", 99))
    act(store, START + 3000, "Elsewhere", ("case", 99))
    items = walk(store, 1, case_id=case_id)
    assert [(item.kind, item.preview) for item in items] == [
        ("message", "Message 1"),
        ("event", "Tagged lamp"),
        ("message", "Message 2"),
    ]
    assert items[1].case_id == case_id
    without = store.ask(timeline.timeline_page, case_id=case_id, events=False)
    assert len(without.items) == 2


def test_events_of_one_millisecond_stay_on_one_page(store: Store) -> None:
    arrive(store, mail(1, START))
    for number in range(5):
        act(store, START + 10, f"Act {number}", ("customer", 1))
    page = store.ask(timeline.timeline_page, customer_id=1, limit=2)
    assert [item.preview for item in page.items] == [f"Act {number}" for number in range(5)]
    assert walk(store, 2, customer_id=1)[0].preview == "Message 1"


def test_a_note_is_shown_once(store: Store) -> None:
    from db.commands.notes import AddNote
    from db.records import AgentRow

    arrive(store, mail(1, START))
    case_id = store.ask(timeline.timeline_page, customer_id=1).items[0].case_id
    with store.engine.write() as connection:
        connection.run("insert into agents(id, login, name) values(2, 'ana', 'Ana')")
    store.do(AddNote("Called back", case_id), AgentRow(2, "ana", "Ana"))
    for of in ({"case_id": case_id}, {"customer_id": 1}):
        items = store.ask(timeline.timeline_page, **of).items
        assert [item.kind for item in items] == ["message", "note"]


def test_an_erased_event_is_not_shown(store: Store) -> None:
    arrive(store, mail(1, START))
    seq = act(store, START, "Said too much", ("customer", 1))
    with store.engine.write() as connection:
        connection.run("update journal set sentence = '' where seq = :seq", {"seq": seq})
    assert [item.seq for item in store.ask(timeline.timeline_page, customer_id=1).items] == [0]


def test_a_removed_entry_leaves_no_trace_on_a_page(moments: Store) -> None:
    put(moments, [(1, START, 1), (2, START + 1, 2), (-3, START + 2, 3)])
    with moments.engine.write() as connection:
        connection.run("update entries set removed = 1 where id in (2, 3)")
    assert [item.entry_id for item in walk(moments, 1, customer_id=1)] == [1]


def test_a_timeline_of_nobody_in_particular_is_a_mistake(store: Store) -> None:
    with pytest.raises(ValueError, match="one case or of one customer"):
        store.ask(timeline.timeline_page)
    with pytest.raises(ValueError, match="one case or of one customer"):
        store.ask(timeline.timeline_page, case_id=1, customer_id=1)
    assert store.ask(timeline.timeline_page, customer_id=12345).items == ()


def test_what_is_new_begins_after_what_was_seen(store: Store) -> None:
    arrive(store, *(mail(number, START + number) for number in (1, 2, 3)))
    items = store.ask(timeline.timeline_page, customer_id=1).items
    case_id = items[0].case_id
    assert store.ask(timeline.first_unseen, case_id, 2) == TimelineKey(
        items[0].at, items[0].entry_id
    )
    with store.engine.write() as connection:
        connection.run("insert into seen values(2, :case, :at)", {"case": case_id, "at": START + 1})
    assert store.ask(timeline.first_unseen, case_id, 2) == TimelineKey(
        items[1].at, items[1].entry_id
    )
    assert store.ask(timeline.newest_unseen, case_id, 2) == TimelineKey(
        items[2].at, items[2].entry_id
    )
    with store.engine.write() as connection:
        connection.run("update seen set entry_at = :at", {"at": START + 3})
    assert store.ask(timeline.newest_unseen, case_id, 2) is None


def test_a_text_comes_back_whole_with_folds_and_attachments(store: Store) -> None:
    said = "Long words, naïve and 東京. " * 60
    text = said + "\n> quoted"
    arrive(
        store,
        mail(
            1,
            START,
            text=text,
            folds=(Fold(len(said) + 1, len(text)),),
            defects=("A part was cut short.",),
            attachments=(Attachment("a.png", "image/png", 3, "", "1.2"),),
        ),
        mail(2, START + 1),
    )
    items = store.ask(timeline.timeline_page, customer_id=1).items
    texts = store.ask(entry.entry_texts, [item.entry_id for item in items])
    first = texts[items[0].entry_id]
    assert first.text == text
    assert first.folds == ((len(said) + 1, len(text), "quote"),)
    assert first.defects == ("A part was cut short.",)
    assert [(one.name, one.part) for one in first.attachments] == [("a.png", "1.2")]
    assert texts[items[1].entry_id].attachments == ()
    assert store.ask(entry.entry_texts, [12345]) == {}


def test_an_entry_names_its_parties_and_its_source(store: Store) -> None:
    original = b"From: ada@customers.example\r\n\r\n" + b"x" * 3_000_000
    arrive(store, mail(1, START, original=original, original_type="message/rfc822"))
    entry_id = store.ask(timeline.timeline_page, customer_id=1).items[0].entry_id
    detail = store.ask(entry.entry_detail, entry_id)
    assert [(one.role, one.value, one.own) for one in detail.parties] == [
        ("from", "ada@customers.example", False),
        ("to", "help@desk.example", True),
    ]
    assert (detail.source, detail.external_id, detail.has_original) == ("mail", "m1", True)
    assert detail.message_id == "m1@customers.example"
    assert store.ask(entry.original, entry_id) == original


def test_what_has_no_original_says_so(store: Store) -> None:
    arrive(store, mail(1, START))
    entry_id = store.ask(timeline.timeline_page, customer_id=1).items[0].entry_id
    assert not store.ask(entry.entry_detail, entry_id).has_original
    with pytest.raises(NotFound, match="original"):
        store.ask(entry.original, entry_id)
    with pytest.raises(NotFound):
        store.ask(entry.entry_detail, 12345)


def test_an_attachment_that_stands_apart_is_read_by_itself(store: Store) -> None:
    data = b"%PDF-1.7 numbers"
    apart = Attachment("a.pdf", "application/pdf", len(data), data=data)
    inside = Attachment("b.png", "image/png", 3, "", "1.2")
    missing = Attachment("c.zip", url="https://files.example/c.zip")
    arrive(store, mail(1, START, attachments=(apart, inside, missing)))
    entry_id = store.ask(timeline.timeline_page, customer_id=1).items[0].entry_id
    rows = store.ask(entry.entry_texts, [entry_id])[entry_id].attachments
    assert rows[0].sha256 == hashlib.sha256(data).hexdigest()
    assert store.ask(entry.attachment_bytes, entry_id, rows[0].position) == data
    with pytest.raises(NotFound, match=r"part 1\.2"):
        store.ask(entry.attachment_bytes, entry_id, rows[1].position)
    with pytest.raises(NotFound, match="deliver"):
        store.ask(entry.attachment_bytes, entry_id, rows[2].position)
    with pytest.raises(NotFound, match="no such"):
        store.ask(entry.attachment_bytes, entry_id, 77)
