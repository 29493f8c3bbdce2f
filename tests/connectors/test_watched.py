"""What came to a file or folder is seen by its times."""

from __future__ import annotations

import os
from pathlib import Path

from connectors.watched import is_fresh, mark_of


def test_a_mail_that_comes_into_a_maildir_changes_its_mark(tmp_path: Path) -> None:
    for part in ("cur", "new", "tmp", ".Sent/new", ".Sent/cur"):
        (tmp_path / part).mkdir(parents=True)
    before = mark_of([str(tmp_path)])
    assert mark_of([str(tmp_path)]) == before
    os.utime(tmp_path / "new", (1, 1))
    assert (after := mark_of([str(tmp_path)])) != before
    os.utime(tmp_path / ".Sent" / "new", (2, 2))
    assert mark_of([str(tmp_path)]) != after


def test_a_mailbox_that_grows_and_a_file_that_goes_change_the_mark(tmp_path: Path) -> None:
    (tmp_path / "in.mbox").write_bytes(b"From ")
    before = mark_of([str(tmp_path)])
    (tmp_path / "in.mbox").write_bytes(b"From more")
    grown = mark_of([str(tmp_path)])
    assert grown != before
    (tmp_path / "in.mbox").unlink()
    assert mark_of([str(tmp_path / "in.mbox")]) == ((str(tmp_path / "in.mbox"), 0, 0),)


def test_what_changed_just_now_is_looked_at_once_more(tmp_path: Path) -> None:
    assert is_fresh(mark_of([str(tmp_path)]))
    os.utime(tmp_path, (1_000_000_000, 1_000_000_000))
    assert not is_fresh(mark_of([str(tmp_path)]))
