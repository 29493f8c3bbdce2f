"""Notes and replies: told apart, kept as they are typed, reviewed before anything leaves."""

from __future__ import annotations

import asyncio
import email
import os
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.app import CentricApp, opened
from console.editor import NoEditor, edit, editor_words
from console.opener import NoOpener, opener_words
from console.screens.desk import DeskScreen
from console.screens.review import ReviewScreen
from db.drafts import load_draft
from db.queries.timeline import timeline_page
from db.records import DraftRow, TimelineItem
from db.store import open_store

Keys = Callable[..., Awaitable[None]]
Seen = Callable[[CentricApp], str]
Drive = Callable[..., CentricApp]
P = Pilot[None]
INVOICE = "select case_id from entries where preview like '%any news%' or preview like '%Any news%'"


def case_of(app: CentricApp) -> int:
    return int(app.memory.engine.connection().value(INVOICE))


def open_case(app: CentricApp) -> int:
    case_id = case_of(app)
    assert isinstance(app.screen, DeskScreen)
    app.screen.show_case(case_id)
    return case_id


def draft_in(path: Path, case_id: int, kind: str, agent_id: int) -> DraftRow | None:
    store = open_store(str(path))
    try:
        return store.ask(load_draft, case_id, agent_id, kind)
    finally:
        store.close()


def newest(path: Path, case_id: int) -> TimelineItem:
    store = open_store(str(path))
    try:
        return store.ask(timeline_page, case_id=case_id, events=False).items[-1]
    finally:
        store.close()


def said(app: CentricApp) -> str:
    return " / ".join(notice.message for notice in app._notifications)


def test_a_note_is_saved_and_its_draft_is_gone(drive: Drive, keys: Keys, small_store: Path) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        case_id = open_case(app)
        await keys(pilot, "n", "text:Bank says Friday", "ctrl+s")
        note = newest(small_store, case_id)
        assert (note.kind, note.preview) == ("note", "Bank says Friday")
        assert draft_in(small_store, case_id, "note", app.me.agent_id) is None
        assert "Noted on" in said(app)
        await keys(pilot, "u")
        assert newest(small_store, case_id).kind == "message"

    drive(story)


def test_letters_typed_into_a_note_are_not_commands(
    drive: Drive, keys: Keys, small_store: Path, seen: Seen
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        open_case(app)
        await keys(pilot, "n", "text:take me q c / ? 1")
        assert "take me q c / ? 1" in seen(app)
        assert isinstance(app.screen, DeskScreen)

    drive(story)


def test_a_pause_puts_the_draft_on_disk_and_n_goes_on_with_it(
    drive: Drive, keys: Keys, small_store: Path, seen: Seen
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        case_id = open_case(app)
        await keys(pilot, "n", "text:half a tho", "left", "left")
        await pilot.pause(0.35)
        await keys(pilot)
        draft = draft_in(small_store, case_id, "note", app.me.agent_id)
        assert draft is not None
        assert (draft.text, draft.cursor) == ("half a tho", (0, 8))
        await keys(pilot, "escape")
        assert "1 draft" in seen(app)
        await keys(pilot, "n", "text:X")
        assert "half a tXho" in seen(app)

    drive(story)


def test_leaving_an_empty_note_leaves_no_draft(drive: Drive, keys: Keys, small_store: Path) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        case_id = open_case(app)
        await keys(pilot, "n", "text:oops", *["backspace"] * 4, "escape")
        assert draft_in(small_store, case_id, "note", app.me.agent_id) is None

    drive(story)


def test_quitting_while_typing_keeps_the_draft(drive: Drive, keys: Keys, small_store: Path) -> None:
    found = []

    async def story(pilot: P, app: CentricApp) -> None:
        found.append((open_case(app), app.me.agent_id))
        await keys(pilot, "n", "text:not yet saved", "ctrl+q")

    drive(story)
    draft = draft_in(small_store, found[0][0], "note", found[0][1])
    assert draft is not None
    assert draft.text == "not yet saved"


def test_note_and_reply_do_not_look_alike(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        open_case(app)
        await keys(pilot, "n")
        assert "colleagues only" in seen(app)
        await keys(pilot, "escape", "r")
        assert "to Ada Moreno" in seen(app)
        assert "reviews before anything leaves" in seen(app)

    drive(story)


def test_a_reply_is_reviewed_and_nothing_is_sent(
    drive: Drive, keys: Keys, small_store: Path, seen: Seen
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        case_id = open_case(app)
        before = newest(small_store, case_id)
        await keys(pilot, "r", "text:The money is back.", "ctrl+s")
        assert isinstance(app.screen, ReviewScreen)
        text = seen(app)
        assert "ada@moreno.example" in text
        assert "Re: Invoice paid twice" in text
        assert "The money is back." in text
        await keys(pilot, "p")
        assert newest(small_store, case_id) == before
        draft = draft_in(small_store, case_id, "reply", app.me.agent_id)
        assert draft is not None

    drive(story, size=(100, 36))


def test_the_review_writes_a_message_that_belongs_to_the_thread(
    drive: Drive, keys: Keys, tmp_path: Path
) -> None:
    path = tmp_path / "answer.eml"

    async def story(pilot: P, app: CentricApp) -> None:
        open_case(app)
        await keys(pilot, "r", "text:Done.", "ctrl+s", "f")
        await keys(pilot, "ctrl+u", "text:" + str(path), "enter")
        assert f"Wrote {path}" in said(app)

    drive(story, size=(100, 36))
    message = email.message_from_bytes(path.read_bytes())
    assert message["To"] == "ada@moreno.example"
    assert message["From"] == "support@us.example"
    assert message["In-Reply-To"] == "<m3@mail.example>"
    assert message["Subject"] == "Re: Invoice paid twice"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_review_copies_the_text(drive: Drive, keys: Keys) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        open_case(app)
        await keys(pilot, "r", "text:Copy me.", "ctrl+s", "c")
        assert app.clipboard == "Copy me."

    drive(story, size=(100, 36))


def test_a_reply_to_a_hostile_subject_has_a_clean_one(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        vex = app.memory.engine.connection().value(
            "select id from cases where subject like '%[/]%'"
        )
        assert isinstance(app.screen, DeskScreen)
        app.screen.show_case(vex)
        await keys(pilot, "r", "text:no", "ctrl+s")
        assert isinstance(app.screen, ReviewScreen)
        assert "Re: [/] invoice" in seen(app)
        assert not set(seen(app)) & set("\x1b\x9b\x00\x07\u202e")

    drive(story, size=(100, 36))


def test_the_editor_gets_a_private_file_and_brings_the_text_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "editor"
    script.write_text(
        '#!/bin/sh\nstat -c %a "$1" > "$0.mode"\ncat "$1" > "$0.was"\n'
        'printf "from the editor\\n" > "$1"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", f"{script}")
    assert edit("before \x1b[31m") == "from the editor"
    assert (tmp_path / "editor.mode").read_text().strip() == "600"
    assert "\x1b" not in (tmp_path / "editor.was").read_text()


def test_a_missing_editor_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "no-such-editor-anywhere")
    with pytest.raises(NoEditor, match="Set EDITOR"):
        editor_words()


def test_only_links_of_known_kinds_are_opened() -> None:
    for link in ("file:///etc/passwd", "javascript:alert(1)", "http://x.example/\x1b]52"):
        with pytest.raises(NoOpener):
            opener_words(link)


def test_a_link_stays_one_word_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener = tmp_path / "xdg-open"
    opener.write_text("#!/bin/sh\n")
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("sys.platform", "linux")
    link = "https://x.example/?a=1&b=$(touch%20/tmp/x);c"
    assert opener_words(link) == [str(opener), link]


def test_a_draft_of_another_agent_is_not_shown(
    drive: Drive, keys: Keys, small_store: Path, still: None
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        open_case(app)
        await keys(pilot, "n", "text:mine alone", "escape")

    drive(story)
    store, agent = opened(str(small_store), "ben", "ben")
    app = CentricApp(str(small_store), "ben", store=store, agent=agent)

    async def look() -> str:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause(0.2)
            open_case(app)
            await keys(pilot, "n")
            assert isinstance(app.screen, DeskScreen)
            return app.screen.composer.area.text

    assert asyncio.run(look()) == ""
    store.close()
