"""Who is erased is nowhere: not in rows, not in bytes, not in new backups, not after an import."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import (
    Address,
    Attachment,
    Batch,
    Entry,
    Fold,
    Outcome,
    Party,
    Quarantined,
    Recognised,
)
from db import clock, journal
from db.agents import agent_for
from db.commands.customers import EditCustomer
from db.commands.erase import MODES, EraseCustomer
from db.commands.fields import SetField
from db.commands.links import MergeCustomers
from db.commands.notes import AddNote
from db.commands.promises import MakePromise
from db.commands.tags import TagCase
from db.doctor import examine
from db.drafts import save_draft
from db.engine.interface import Match, Words
from db.erase.act import finish, preview, receipts
from db.errors import Conflict, NotFound, Refused
from db.identity.own import add_own
from db.ingest import Arrival
from db.keeping.backup import back_up
from db.keeping.restore import restore
from db.queries.sheet import cheat_sheet
from db.queries.timeline import timeline_page
from db.records import AgentRow, DraftRow, TimelineItem
from db.schema.catalogue import tables
from db.store import Store, open_store
from tests.engines import Places

NOON = 1_767_355_200_000
MAIL = Recognised("mbox", "mbox mail file", "mail")
CHAT = Recognised("slack", "Slack export", "slack:T1", network="slack:T1")
US = Party("to", Address("email", "support@us.example"), "Support")
ADA = Address("email", "ada.zebrafon@quartz-lace.example")
# Every one of these must be gone, however it is written or packed.
WORDS = ("zebrafon", "quartz-lace", "adazeb", "5550173", "augustazeb")
HIDDEN = re.compile("|".join((*WORDS, r"555[\s./-]*01[\s./-]*73")), re.IGNORECASE)


def mail(number: int, writer: Party, *others: Party, text: str, **more: Any) -> Entry:
    head = "\n".join(f"{p.role}: {p.name} <{p.address.value}>" for p in (writer, *others))
    body = base64.encodebytes(text.encode()).decode()
    original = f"{head}\nContent-Transfer-Encoding: base64\n\n{body}"
    return Entry(
        **{
            "external_id": f"<{number}@mail.example>",
            "message_id": f"{number}@mail.example",
            "at": NOON + number * 60_000,
            "parties": (writer, *others),
            "subject": f"Order {number}",
            "text": text,
            "original": original.encode(),
            "original_type": "message/rfc822",
            "content_key": f"key {number}",
            **more,
        }
    )


def sender(name: str, address: str) -> Party:
    return Party("from", Address("email", address), name)


ada = Party("from", ADA, "Ada Zebrafon")
bob = sender("Bob Marble", "bob@stone.example")
ours = sender("Kim", "support@us.example")
LONG = "There is more to say about the delivery. " * 40

FIRST = f"My order is late. {LONG}\n-- \nAda Zebrafon\n+1 (212) 555-0173"
SIGNED = Fold(FIRST.index("-- "), len(FIRST), "signature")

ENTRIES = (
    mail(1, ada, US, text=FIRST, folds=(SIGNED,)),
    mail(
        2,
        ours,
        Party("to", ADA, "Ada Zebrafon"),
        text="Dear Ada,\nwe look into it.\n> My order is late\n> Ada",
        folds=(Fold(27, 51),),
        in_reply_to=("1@mail.example",),
        attachments=(Attachment("zebrafon.pdf", "application/pdf", 4, data=b"PDF!"),),
    ),
    mail(3, bob, US, text=f"Ada ZEBRAFON told me that you are slow. Mrs Zebrafon is cross. {LONG}"),
    mail(4, bob, US, Party("cc", ADA, "Ada Z."), text="Copied in is a friend, Adazeb."),
    mail(5, bob, US, text="Ring 212.555.01 73 please, not me."),
    mail(
        6, bob, US, text="Nothing about anybody: the zebra and the quartz are fine. Ada Lovelace."
    ),
    mail(
        7,
        sender("Ada Marble", "am@stone.example"),
        US,
        text="Another Ada writes about a quartz lace.",
        subject="Zebrafon's order",
    ),
)
CHATTER = Entry(
    external_id="c1",
    at=NOON + 10,
    channel="chat",
    thread="general",
    parties=(
        Party("author", Address("handle", "adazeb", "slack:T1"), "Ada Zebrafon", same_as=(ADA,)),
    ),
    text="hello from chat",
    content_key="c1",
)
BROKEN = Quarantined(
    "<broken@x>", "inbox, byte 9", "No header.", b"From: ada.zebrafon@quartz-lace.example"
)


def take_in(store: Store, *entries: Entry, source: Recognised = MAIL, **batch: Any) -> Outcome:
    return store.sink(source, "x", Arrival(0, live=True)).write(Batch(entries, **batch))


def one(store: Store, sql: str, **params: Any) -> Any:
    return store.ask(lambda c: c.value(sql, params))


def number_of(store: Store, name: str) -> int:
    return int(one(store, "select canonical_id from customers where name = :name", name=name))


@pytest.fixture
def full(places: Places) -> Store:
    """Return a store in which Ada Zebrafon is everywhere."""
    return places.copy(places.kept("zebrafon", furnish))


@pytest.fixture
def ana(full: Store) -> AgentRow:
    """Return its lead."""
    return agent_for(full.engine, "ana", "Ana Lima")


@pytest.fixture
def ben(full: Store, ana: AgentRow) -> AgentRow:
    """Return an agent of it."""
    return agent_for(full.engine, "ben", "Ben Okri")


def furnish(store: Store) -> None:
    """Put Ada Zebrafon everywhere."""
    ana = agent_for(store.engine, "ana", "Ana Lima")
    with store.engine.write() as connection:
        add_own(connection, "support@us.example")
    with clock.stopped(NOON + 3_600_000):
        take_in(store, *ENTRIES, quarantined=(BROKEN,))
        take_in(store, CHATTER, source=CHAT)
        take_in(store, replace(ENTRIES[4], text="Ring 2125550173 now.", content_key="new"))
        other = replace(
            bob, address=Address("email", "ada2@quartz-lace.example"), name="A. Zebrafon"
        )
        take_in(store, mail(8, other, US, text="My second address."))
        customer, second = number_of(store, "Ada Zebrafon"), number_of(store, "A. Zebrafon")
        case = one(store, "select min(id) from cases")
        bobs = one(
            store,
            "select c.id from cases c join entries e on e.case_id = c.id"
            " where e.subject = 'Order 6'",
        )
        for command in (
            MergeCustomers(customer, second),
            TagCase(case, "billing"),
            AddNote("Ada rang: " + LONG, case, pinned=True),
            AddNote("Zebrafon, A. is a friend of his", bobs),
            AddNote("Nothing of note", bobs),
            TagCase(bobs, "slow"),
            EditCustomer(customer, "goals", "Ada wants a refund"),
            EditCustomer(customer, "name", "Augustazeb King"),
            EditCustomer(customer, "name", "Ada Zebrafon"),
            SetField(customer, "Favourite", "zebras of Zebrafon"),
            MakePromise(customer, "Ring Ada Zebrafon"),
            MakePromise(second, "Send it to Ada"),
            MakePromise(number_of(store, "Bob Marble"), "Tell Ada Zebrafon"),
            EditCustomer(number_of(store, "Bob Marble"), "risk", "Listens to Ada Zebrafon"),
        ):
            store.do(command, ana)
    save_draft(
        store.engine, DraftRow(bobs, ana.agent_id, "reply", "As Ada Zebrafon said", (0, 0), 1, 0)
    )
    save_draft(
        store.engine, DraftRow(case, ana.agent_id, "reply", "Dear Ada Zebrafon", (0, 0), 1, 0)
    )
    assert set(found_in(store)) >= {
        "entries.subject", "entry_texts.data", "entry_revisions.data", "identities.value",
        "raws.data", "journal.payload", "drafts.text", "customers.risk", "quarantine.raw",
        "attachments.name", "customer_texts.text", "search", "promises.text",
        "customer_fields.value",
    }  # fmt: skip


def texts_of(value: Any) -> Iterator[str]:
    """Yield what a stored value says, unpacked."""
    if isinstance(value, str):
        yield value
        for packed in re.findall(r'"base64":"([^"]+)"', value):
            yield from texts_of(base64.b64decode(packed))
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
        for data in (
            value,
            *map(base64.b64decode, re.findall(rb"(?:[A-Za-z0-9+/]{20,}={0,2}\n?)+", value)),
        ):
            try:
                yield from texts_of(zlib.decompress(data))
            except zlib.error:
                yield data.decode("utf-8", "replace")


def found_in(store: Store) -> dict[str, str]:
    """Return every column in which one of the words stands, with the first text."""
    found: dict[str, str] = {}
    for table in tables().values():
        names = tuple(table.columns)
        sql = f"select {', '.join(names)} from {table.name}"
        for row in store.engine.connection().all(sql):
            for name, value in zip(names, row, strict=True):
                value = bytes(value) if isinstance(value, memoryview) else value
                for text in texts_of(value):
                    if HIDDEN.search(text):
                        found.setdefault(f"{table.name}.{name}", text)
    terms = store.engine.connection().full_text.terms()
    if any(HIDDEN.search(term) for term in terms):
        found["search"] = "terms"
    raws = store.ask(
        lambda c: c.all("select r.data from quarantine q join raws r on r.sha256 = q.original")
    )
    if any(HIDDEN.search(text) for (data,) in raws for text in texts_of(bytes(data))):
        found["quarantine.raw"] = "raw"
    return found


def timeline(store: Store, number: int) -> tuple[TimelineItem, ...]:
    """Return the entries on a customer's own timeline, without those of others they are on."""
    found = store.ask(timeline_page, customer_id=number, events=False).items
    others = {n for (n,) in store.ask(lambda c: c.all("select entry_id from entry_identities"))}
    return tuple(item for item in found if item.entry_id not in others)


def erase(store: Store, agent: AgentRow, mode: str, **more: Any) -> str:
    number = number_of(store, "Ada Zebrafon")
    return store.do(EraseCustomer(number, mode, "ada zebrafon", **more), agent).sentence


@pytest.mark.parametrize("mode", MODES)
def test_who_is_erased_stands_in_no_row_of_any_table(full: Store, ana: AgentRow, mode: str) -> None:
    erase(full, ana, mode)
    assert found_in(full) == {}
    checked = examine(full.engine)
    assert checked.sound, checked


def held_by(data: bytes) -> Iterator[str]:
    """Yield what the bytes of a file say, plain and where a compressed text may begin."""
    yield data.decode("latin-1")
    for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", data):
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj().decompress(data[match.start() :], 1 << 20).decode("latin-1")


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("mode", MODES)
def test_no_byte_of_file_log_or_new_backup_holds_the_words(
    full: Store, ana: AgentRow, mode: str, tmp_path: Path
) -> None:
    path = Path(full.url)
    assert HIDDEN.search(path.read_bytes().decode("latin-1")) or HIDDEN.search(
        Path(f"{path}-wal").read_bytes().decode("latin-1")
    )
    erase(full, ana, mode)
    made = back_up(full.engine, tmp_path / "safe")
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm"), Path(made.path)):
        assert not [text for text in held_by(name.read_bytes()) if HIDDEN.search(text)], name
    assert Path(f"{path}-wal").stat().st_size < 100_000
    assert full.ask(receipts)[0].scrubbed_at > 0


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("mode", MODES)
def test_what_others_said_stays_but_for_the_words(full: Store, ana: AgentRow, mode: str) -> None:
    before = one(full, "select count(*) from entries")
    own = len(timeline(full, number_of(full, "Ada Zebrafon")))
    erase(full, ana, mode)
    bobs = timeline(full, number_of(full, "Bob Marble"))
    said = [item.preview for item in bobs]
    assert "Nothing about anybody: the zebra and the quartz are fine. Ada Lovelace." in said
    assert any(
        text.startswith("[erased] told me that you are slow. Mrs [erased] is") for text in said
    )
    assert any(text.startswith("Ring [erased] now") for text in said)
    assert any("is a friend of his" in text and "[erased]" in text for text in said)
    assert (
        one(full, "select risk from customers where name = 'Bob Marble'") == "Listens to [erased]"
    )
    texts = one(full, "select text from drafts order by text limit 1")
    assert texts == "As [erased] said"
    left = one(full, "select count(*) from entries")
    assert left == (before - own if mode == "remove" else before)
    assert one(full, "select preview from entries where author = 'Ada Marble'") == (
        "Another Ada writes about a quartz lace."
    )


def test_anonymised_words_stay_and_the_person_has_no_name(full: Store, ana: AgentRow) -> None:
    number = number_of(full, "Ada Zebrafon")
    erase(full, ana, "anonymise")
    sheet = full.ask(cheat_sheet, number)
    assert sheet.name == f"Erased customer {number}"
    assert (sheet.organization, sheet.goals) == ("", "")
    said = [item.preview for item in timeline(full, number)]
    assert any(text.startswith("My order is late.") for text in said)
    assert any(text.startswith("Dear [erased], we look into it.") for text in said)
    assert any(text.startswith("[erased] rang: There is") for text in said)
    assert "hello from chat" in said
    assert len({item.author for item in timeline(full, number)}) <= 4
    folds = one(
        full, "select t.folds from entry_texts t join entries e on e.id = t.entry_id"
        " where e.subject = 'Order 2'",
    )  # fmt: skip
    assert folds == "32-61-quote"


@pytest.mark.engine("sqlite")
def test_replaced_entries_keep_their_time_and_say_nothing(full: Store, ana: AgentRow) -> None:
    number = number_of(full, "Ada Zebrafon")
    times = [item.at for item in timeline(full, number)]
    erase(full, ana, "replace")
    items = timeline(full, number)
    assert [item.at for item in items] == times
    assert {item.preview for item in items} == {"[erased]"}


@pytest.mark.engine("sqlite")
def test_removed_customers_leave_their_number_alone(full: Store, ana: AgentRow) -> None:
    number = number_of(full, "Ada Zebrafon")
    tags = one(full, "select cases from tags where name = 'billing'")
    erase(full, ana, "remove")
    with pytest.raises(NotFound):
        full.ask(cheat_sheet, number)
    assert one(full, "select cases from tags where name = 'billing'") == tags - 1
    take_in(full, mail(50, sender("New", "new@x.example"), US, text="Hello"))
    assert number_of(full, "New") > number


@pytest.mark.parametrize("mode", MODES)
def test_the_journal_still_verifies_and_undo_says_erased(
    full: Store, ana: AgentRow, mode: str
) -> None:
    acts = {row.sentence: row.seq for row in full.ask(journal.recent)}
    renamed = next(seq for said, seq in acts.items() if said.startswith("Renamed"))
    erase(full, ana, mode)
    assert full.ask(journal.verify) == 0
    act = full.ask(journal.act, renamed)
    assert act is not None
    assert act.erased
    with pytest.raises(Refused, match="was erased"):
        full.undo(ana, renamed)
    final = full.ask(journal.recent)[0]
    assert final.command == "customer.erase"
    with pytest.raises(Refused, match="cannot be taken back"):
        full.undo(ana, final.seq)
    assert full.undo(ana).sentence.startswith("Undid: Tagged")
    assert full.ask(journal.verify) == 0
    assert examine(full.engine).sound


@pytest.mark.parametrize("mode", MODES)
def test_the_next_import_does_not_bring_the_person_back(
    full: Store, ana: AgentRow, mode: str
) -> None:
    erase(full, ana, mode)
    customers = one(full, "select count(*) from customers")
    entries = one(full, "select count(*) from entries")
    changed = [replace(entry, content_key=entry.content_key + "!") for entry in ENTRIES]
    again = take_in(full, *ENTRIES, *changed, quarantined=(BROKEN,))
    assert again.new == again.quarantined == 0
    assert take_in(full, CHATTER, source=CHAT) == Outcome(erased=1)
    elsewhere = Recognised("maildir", "Maildir", "archive")
    found = take_in(full, ENTRIES[0], ENTRIES[1], ENTRIES[3], source=elsewhere)
    assert (found.new, found.erased) == (1, 2)  # where they were only copied they are taken off
    assert set(found_in(full)) <= {"entry_texts.data", "entries.preview", "search", "terms.term"}
    assert one(full, "select count(*) from customers") == customers
    assert one(full, "select count(*) from entries") == entries + 1


@pytest.mark.engine("sqlite")
def test_who_writes_again_is_a_new_customer(full: Store, ana: AgentRow) -> None:
    with clock.stopped(NOON + 7_200_000):
        erase(full, ana, "anonymise")
    late = mail(
        90, ada, US, text="I am back.", at=NOON + 9_000_000, in_reply_to=("1@mail.example",)
    )
    assert take_in(full, late) == Outcome(new=1)
    assert full.ask(cheat_sheet, number_of(full, "Ada Zebrafon")).entries == 1


@pytest.mark.engine("sqlite")
def test_a_preview_counts_and_changes_nothing(full: Store, ana: AgentRow) -> None:
    before = found_in(full)
    number = number_of(full, "Ada Zebrafon")
    seen = preview(full.engine, number)
    assert seen.name == "Ada Zebrafon"
    assert {"ada.zebrafon@quartz-lace.example", "adazeb"} <= set(seen.addresses)
    lone = {word: (count, masked) for word, count, masked in seen.lone}
    assert lone["zebrafon"][1]
    assert not lone["ada"][1]
    assert (seen.entries, seen.others, seen.broken) == (5, 5, 1)
    assert seen.told == ()
    assert found_in(full) == before
    assert one(full, "select count(*) from erasures") == 0


@pytest.mark.engine("sqlite")
def test_words_are_added_and_left_as_the_person_says(full: Store, ana: AgentRow) -> None:
    seen = preview(full.engine, number_of(full, "Ada Zebrafon"), ["Lovelace"], ["ada"])
    assert "ada" not in dict((word, count) for word, count, _ in seen.lone)
    erase(full, ana, "anonymise", also="Lovelace", leave="ada")
    said = [i.preview for i in timeline(full, number_of(full, "Bob Marble"))]
    assert any(text.endswith("fine. Ada [erased].") for text in said)


@pytest.mark.engine("sqlite")
def test_an_erase_is_a_leads_and_wants_the_name(full: Store, ben: AgentRow, ana: AgentRow) -> None:
    number = number_of(full, "Ada Zebrafon")
    with pytest.raises(Refused, match="Only a lead"):
        full.do(EraseCustomer(number, "remove", "Ada Zebrafon"), ben)
    with pytest.raises(Conflict, match="is called “Ada Zebrafon”"):
        full.do(EraseCustomer(number, "remove", "Bob Marble"), ana)
    with pytest.raises(Refused, match="is one of anonymise, replace or remove"):
        full.do(EraseCustomer(number, "shred", "Ada Zebrafon"), ana)
    with pytest.raises(NotFound):
        full.do(EraseCustomer(9999, "remove", "Ada Zebrafon"), ana)
    assert one(full, "select count(*) from erasures") == 0


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("mode", MODES)
def test_an_erase_that_was_stopped_is_taken_up_again(
    full: Store, ana: AgentRow, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = number_of(full, "Ada Zebrafon")
    command = EraseCustomer(number, mode, "Ada Zebrafon")

    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("db.erase.act.complete", killed)
        with pytest.raises(Killed):
            full.do(command, ana)
    left = full.ask(receipts)
    assert [receipt.done_at for receipt in left] == [0]
    assert take_in(full, ENTRIES[0]) == Outcome(erased=1)
    full.do(command, ana)
    assert len(full.ask(receipts)) == 1
    assert full.ask(receipts)[0].done_at > 0
    assert found_in(full) == {}
    assert examine(full.engine).sound


def test_an_erased_customer_can_be_removed_later(full: Store, ana: AgentRow) -> None:
    number = number_of(full, "Ada Zebrafon")
    erase(full, ana, "anonymise")
    full.do(EraseCustomer(number, "replace", f"Erased customer {number}"), ana)
    assert {i.preview for i in timeline(full, number)} == {"[erased]"}
    full.do(EraseCustomer(number, "remove", f"Erased customer {number}"), ana)
    assert one(full, "select count(*) from identities where network = 'erased'") == 0
    assert found_in(full) == {}
    assert examine(full.engine).sound


@pytest.mark.engine("sqlite")
def test_the_receipt_names_nobody(full: Store, ana: AgentRow) -> None:
    number = number_of(full, "Ada Zebrafon")
    said = erase(full, ana, "replace")
    assert said == f"Erased customer {number}: emptied 5 entries, masked 5 entries of others"
    receipt = full.ask(receipts)[0]
    assert (receipt.customer_id, receipt.agent, receipt.mode) == (number, "ana", "replace")
    assert (receipt.entries, receipt.others, receipt.broken) == (5, 5, 1)
    assert receipt.done_at


@pytest.mark.engine("sqlite")
def test_a_mask_is_found_where_the_name_was(full: Store, ana: AgentRow) -> None:
    erase(full, ana, "anonymise")
    hits = full.ask(lambda c: c.full_text.newest(Match((Words(("erased",)),)), 1 << 62, 50))
    assert len(hits) >= 6


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("mode", MODES)
def test_what_others_received_from_them_is_counted_right(
    full: Store, ana: AgentRow, mode: str
) -> None:
    take_in(full, mail(60, ada, US, replace(bob, role="cc"), text="Bob shall see this, says Ada."))
    bobs = number_of(full, "Bob Marble")
    before = full.ask(cheat_sheet, bobs).entries
    erase(full, ana, mode)
    assert full.ask(cheat_sheet, bobs).entries == before - (mode == "remove")
    assert found_in(full) == {}
    assert examine(full.engine, deep=True).sound


@pytest.mark.engine("sqlite")
def test_a_desk_that_reads_delays_the_bytes_and_the_doctor_says_so(
    full: Store, ana: AgentRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.engine.sqlite_scrub.LOG_SECONDS", 0.1)
    full.do(TagCase(1, "seen"), ana)
    desk = open_store(full.url)
    with desk.engine.read() as reading:
        reading.all("select count(*) from entries")
        erase(full, ana, "remove")
        assert full.ask(receipts)[0].scrubbed_at == 0
        found = examine(full.engine)
        assert [f.told for f in found.findings if f.check == "erasures"] == [
            "The bytes of an erase are not rewritten yet: centric erase finish"
        ]
    desk.close()
    assert finish(full.engine)
    assert full.ask(receipts)[0].scrubbed_at > 0
    for name in (full.url, f"{full.url}-wal"):
        held = held_by(Path(name).read_bytes())
        assert not [text for text in held if HIDDEN.search(text)]
    assert examine(full.engine).sound


KILLED = """
import os, sys
from db import clock
from db.agents import agent_for
from db.commands.erase import EraseCustomer
from db.engine import sqlite_connection
from db.store import open_store
left = int(sys.argv[3])
run = sqlite_connection.Connection.run
def counted(self, sql, params=None):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)
    return run(self, sql, params)
sqlite_connection.Connection.run = counted
store = open_store(sys.argv[1])
store.do(EraseCustomer(1, sys.argv[2], "Ada Zebrafon"), agent_for(store.engine, "ana"))
print("done")
"""


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(("mode", "after"), [("anonymise", 12), ("replace", 61), ("remove", 95)])
def test_an_erase_that_is_killed_anywhere_goes_on(full: Store, mode: str, after: int) -> None:
    full.close()
    assert number_of(full, "Ada Zebrafon") == 1
    full.close()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    def run(writes: int) -> int:
        command = [sys.executable, "-c", KILLED, full.url, mode, str(writes)]
        return subprocess.run(command, env=environment, capture_output=True, check=False).returncode

    assert run(after) == -9
    store = open_store(full.url)
    assert store.ask(journal.verify) == 0
    assert store.engine.check() == ()
    store.close()
    assert run(1_000_000) == 0
    store = open_store(full.url)
    assert found_in(store) == {}
    assert examine(store.engine, deep=True).sound
    store.close()


@pytest.mark.engine("sqlite")
def test_a_backup_from_before_opens_the_erase_again(
    full: Store, ana: AgentRow, tmp_path: Path
) -> None:
    number = number_of(full, "Ada Zebrafon")
    before = back_up(full.engine, tmp_path)
    erase(full, ana, "anonymise")
    after = back_up(full.engine, tmp_path)
    full.close()
    assert restore(Path(after.path), Path(full.url)).back_again == ()
    done = restore(Path(before.path), Path(full.url))
    assert done.back_again == (number,)
    store = open_store(full.url)
    assert take_in(store, replace(ENTRIES[0], external_id="<new>")) == Outcome(erased=1)
    found = examine(store.engine)
    assert any(f"erase of customer {number} was stopped" in f.told for f in found.findings)
    store.do(EraseCustomer(number, "remove", "Ada Zebrafon"), agent_for(store.engine, "ana"))
    assert found_in(store) == {}
    assert examine(store.engine, deep=True).sound
    store.close()


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(
    ("mode", "promises"),
    [
        ("anonymise", ["Ring [erased]", "Send it to [erased]", "Tell [erased]"]),
        ("replace", ["Tell [erased]", "[erased]", "[erased]"]),
        ("remove", ["Tell [erased]"]),
    ],
)
def test_what_was_agreed_stays_without_its_words_and_what_describes_them_goes(
    full: Store, ana: AgentRow, mode: str, promises: list[str]
) -> None:
    number = number_of(full, "Ada Zebrafon")
    erase(full, ana, mode)
    rows = full.ask(lambda c: c.all("select text, customer_id from promises"))
    assert sorted(text for text, _ in rows) == sorted(promises)
    assert {customer for text, customer in rows if not text.startswith("Tell")} <= {number}
    assert one(full, "select count(*) from customer_fields") == 0
