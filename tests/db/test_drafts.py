"""What was typed survives the death of the program; what was seen never goes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from db.drafts import drop_draft, list_drafts, load_draft, mark_seen, save_draft
from db.errors import Refused
from db.records import DraftRow
from db.store import Store

ROOT = Path(__file__).parents[2]
DRAFT = DraftRow(42, 2, "note", "Dear Ada,\nyour invoice", (1, 12), 7, 1_760_000_000_000)


def test_a_draft_comes_back_as_it_was(store: Store) -> None:
    save_draft(store.engine, DRAFT)
    assert store.ask(load_draft, 42, 2, "note") == DRAFT
    assert store.ask(load_draft, 42, 2, "reply") is None
    assert store.ask(load_draft, 42, 3, "note") is None


def test_typing_on_replaces_the_draft(store: Store) -> None:
    save_draft(store.engine, DRAFT)
    longer = DraftRow(42, 2, "note", DRAFT.text + "!", (1, 13), 8, DRAFT.updated_at + 1)
    save_draft(store.engine, longer)
    assert store.ask(list_drafts, 2) == [longer]


def test_drafts_are_listed_newest_first_and_only_ones_own(store: Store) -> None:
    rows = [DraftRow(case, 2, "note", "x", (0, 1), 1, 1000 + case) for case in (1, 2, 3)]
    for row in (*rows, DraftRow(9, 3, "reply", "y", (0, 0), 1, 5000)):
        save_draft(store.engine, row)
    assert store.ask(list_drafts, 2) == rows[::-1]


def test_a_dropped_draft_is_gone(store: Store) -> None:
    save_draft(store.engine, DRAFT)
    assert drop_draft(store.engine, 42, 2, "note")
    assert not drop_draft(store.engine, 42, 2, "note")
    assert store.ask(list_drafts, 2) == []


def test_a_pasted_file_is_refused_and_the_draft_before_it_kept(store: Store) -> None:
    save_draft(store.engine, DRAFT)
    with pytest.raises(Refused, match="1,000,000"):
        save_draft(store.engine, DraftRow(42, 2, "note", "x" * 1_000_001, (0, 0), 7, 0))
    assert store.ask(load_draft, 42, 2, "note") == DRAFT


def test_a_draft_survives_kill_9_of_the_program_that_saved_it(store: Store) -> None:
    code = (
        "import sys, time\n"
        "from db.store import open_store\n"
        "from db.drafts import save_draft\n"
        "from db.records import DraftRow\n"
        "store = open_store(sys.argv[1])\n"
        "save_draft(store.engine, DraftRow(1, 2, 'reply', 'half a sent', (0, 11), 3, 0))\n"
        "print('saved', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, store.url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "saved\n"
        os.kill(child.pid, signal.SIGKILL)
    draft = store.ask(load_draft, 1, 2, "reply")
    assert draft is not None
    assert draft.text == "half a sent"
    assert draft.updated_at > 0


def test_what_was_seen_never_goes_back(store: Store) -> None:
    for at in (1000, 3000, 2000):
        mark_seen(store.engine, 2, 42, at)
    assert store.ask(lambda c: c.all("select * from seen")) == [(2, 42, 3000)]


@pytest.mark.engine("sqlite")
def test_marking_what_was_seen_already_writes_nothing(store: Store) -> None:
    mark_seen(store.engine, 2, 42, 3000)
    store.changed()
    wal = Path(store.url + "-wal")
    size = wal.stat().st_size
    mark_seen(store.engine, 2, 42, 3000)
    assert wal.stat().st_size == size
