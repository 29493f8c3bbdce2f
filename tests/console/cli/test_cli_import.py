from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from datetime import UTC, datetime

import pytest

from connectors.contract import Outcome, Progress
from console import jobs
from console.cli.progress import Bar
from console.cli.when import parse_work_since

US = ("--us", "@ours.example", "-y")
FIGURES = ("new", "same", "revised", "quarantined", "held")
MANY = 3_000  # a second or two of importing
HOUR = 3_600_000
NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() * 1000)


def entries(path) -> int:
    with sqlite3.connect(path) as connection:
        return connection.execute("select count(*) from entries").fetchone()[0]


def outcome(said) -> dict:
    return next(line["outcome"] for line in said.lines() if "outcome" in line)


def test_a_mailbox_becomes_cases_and_a_second_import_adds_nothing(tmp_path, centric, mailbox):
    file = mailbox(tmp_path / "all.mbox", 30, first=1970)
    first = centric("import", str(file), *US)
    assert first.code == 0
    assert outcome(first)["new"] == 30
    again = centric("import", str(file), *US)
    assert (outcome(again)["new"], outcome(again)["same"]) == (0, 30)
    assert centric("info", "-o", "json").json()["entries"] == 30


def test_every_item_read_is_counted_once(tmp_path, centric, mailbox):
    file = mailbox(tmp_path / "all.mbox", 25)
    found = outcome(centric("import", str(file), *US))
    assert found["read"] == 25 == sum(found[name] for name in FIGURES)


def test_what_is_said_on_a_pipe_is_json_lines_and_in_text_a_sentence(tmp_path, centric, mailbox):
    file = mailbox(tmp_path / "all.mbox", 5)
    lines = centric("import", str(file), *US).lines()
    assert [next(iter(line)) for line in lines][-2:] == ["outcome", "total"]
    text = centric("import", str(file), *US, "-o", "text")
    assert text.out == f"{file}: 0 new, 5 already there; 5 read\n"


def test_a_mailbox_that_has_grown_is_read_on_from_where_it_was_left(tmp_path, centric, mailbox):
    file = mailbox(tmp_path / "all.mbox", 20)
    centric("import", str(file), *US)
    mailbox(file, 7, first=20)
    found = outcome(centric("import", str(file), *US))
    assert (found["new"], found["read"], found["went_on"]) == (7, 7, True)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    file = file.rename(moved / file.name)
    mailbox(file, 1, first=27)
    assert outcome(centric("import", str(file), *US))["read"] == 1


def test_what_was_killed_in_the_middle_is_finished_by_the_same_command(
    tmp_path, centric, mailbox, start
):
    file = mailbox(tmp_path / "all.mbox", MANY)
    child = start("import", str(file), *US)
    wait_for_entries(tmp_path / "centric.db", child)
    child.send_signal(signal.SIGKILL)
    child.wait()
    before = entries(tmp_path / "centric.db")
    assert 0 < before < MANY
    found = outcome(centric("import", str(file), *US))
    assert found["new"] == MANY - before
    assert entries(tmp_path / "centric.db") == MANY
    again = outcome(centric("import", str(file), *US))
    assert (again["new"], again["same"]) == (0, MANY)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_import_stops_between_batches_and_says_how_to_go_on(
    tmp_path, centric, mailbox, start, number, code
):
    file = mailbox(tmp_path / "all.mbox", MANY)
    child = start("import", str(file), *US)
    wait_for_entries(tmp_path / "centric.db", child)
    child.send_signal(number)
    out, err = child.communicate(timeout=30)
    assert child.returncode == code
    assert "run the same command again" in err
    assert '"total"' in out
    before = entries(tmp_path / "centric.db")
    assert 0 < before < MANY
    assert outcome(centric("import", str(file), *US))["new"] == MANY - before


def wait_for_entries(path, child) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and child.poll() is None:
        if path.exists() and path.stat().st_size:
            try:
                if entries(path):
                    return
            except sqlite3.Error:
                pass  # the tables are not there yet
        time.sleep(0.01)
    raise AssertionError(f"It ended with {child.poll()} before anything was stored.")


def test_a_file_of_no_kind_is_one_sentence_and_the_others_go_on(tmp_path, centric, mailbox):
    junk = tmp_path / "junk.bin"
    junk.write_bytes(b"\x00\x01\x02\x03")
    file = mailbox(tmp_path / "all.mbox", 3)
    said = centric("import", str(junk), str(file), *US)
    assert said.code == 65
    assert said.err.count("\n") == 1
    assert said.err.startswith("centric: junk.bin looks like")
    assert outcome(said)["new"] == 3


def test_a_file_that_is_missing_has_its_own_exit_code_and_makes_no_store(tmp_path, centric):
    said = centric("import", str(tmp_path / "nothing.mbox"), *US)
    assert said.code == 66
    assert not (tmp_path / "centric.db").exists()


def test_a_dry_run_says_what_would_come_and_makes_no_store(tmp_path, centric, mailbox):
    file = mailbox(tmp_path / "all.mbox", 12, first=1988)
    said = centric("import", str(file), "--us", "@ours.example", "--dry-run", "-o", "text")
    assert said.code == 0
    assert "9 open" in said.out
    assert "3 history" in said.out
    assert not (tmp_path / "centric.db").exists()
    lines = centric("import", str(file), "--us", "@ours.example", "--dry-run").lines()
    preview = next(line["preview"] for line in lines if "preview" in line)
    assert (preview["open"], preview["history"]) == (9, 3)
    centric("import", str(file), *US)
    assert len(centric("cases", "-o", "ids").out.split()) == 9


def test_a_chat_without_a_zone_needs_one_where_nobody_can_be_asked(tmp_path, centric):
    chat = tmp_path / "WhatsApp Chat with Ada.txt"
    chat.write_text(
        "20/11/2026, 10:15 - Ada Moreno: The lift is stuck\n"
        "20/11/2026, 10:16 - Desk: We are on it\n"
        "21/11/2026, 09:00 - Ada Moreno: Still stuck\n"
    )
    said = centric("import", str(chat), "--us", "Desk", "-y")
    assert said.code == 2
    assert "--tz" in said.err
    assert not (tmp_path / "centric.db").exists()
    assert centric("import", str(chat), "--us", "Desk", "-y", "--tz", "Mars/Olympus").code == 2
    told = centric("import", str(chat), "--us", "Desk", "-y", "--tz", "Europe/Lisbon")
    assert told.code == 0
    assert outcome(told)["new"] == 3


def test_who_we_are_is_remembered_and_said_when_nobody_knows(tmp_path, centric, mailbox):
    file = mailbox(tmp_path / "all.mbox", 4)
    assert "--us" in centric("import", str(file), "-y").err
    centric("own", "add", "@ours.example", "+44 7700 900123")
    assert "--us" not in centric("import", str(file), "-y").err
    kinds = {row["kind"] for row in centric("own", "list", "-o", "json").json()}
    assert kinds == {"domain", "phone"}
    assert centric("import", str(file), "--us", "@", "-y").code == 2


def test_old_letters_are_history_unless_asked_for(tmp_path, centric, mailbox):
    file = mailbox(tmp_path / "all.mbox", 8, first=100)
    centric("import", str(file), *US)
    assert centric("cases", "-o", "ids").out == ""
    other = tmp_path / "other.db"
    centric("import", str(file), *US, "--work-since", "all", "--store", str(other))
    assert len(centric("cases", "-o", "ids", "--store", str(other)).out.split()) == 6
    assert centric("import", str(file), *US, "--work-since", "soon").code == 2


def test_what_cannot_be_read_is_listed_and_shown_as_it_was(tmp_path, centric, mailbox):
    file = mailbox(tmp_path / "all.mbox", 2)
    with file.open("ab") as out:
        out.write(b"From x@y.example Sun Nov 22 10:00:00 2026\n" + b"A" * 300_000 + b": x\n\nhi\n")
    said = centric("import", str(file), *US, "-o", "text")
    listed = centric("quarantine", "list", "-o", "json").json()
    if listed:
        assert "set aside" in said.out
        number = str(listed[0]["quarantine_id"])
        assert centric("quarantine", "show", number).out.startswith("A")
    assert centric("quarantine", "show", "999").code == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14d", NOW - 14 * 24 * HOUR),
        ("36h", NOW - 36 * HOUR),
        (" 2W ", NOW - 14 * 24 * HOUR),
        ("all", 0),
        ("none", NOW),
        ("2026-11-01", int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1000)),
    ],
)
def test_since_when_a_message_is_work_can_be_said_in_many_ways(text, expected):
    assert parse_work_since(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "14", "d", "-3d", "2026-13-40", "9" * 30 + "d"])
def test_what_is_no_time_is_said_in_a_sentence(text):
    with pytest.raises(ValueError, match="neither a duration"):
        parse_work_since(text, NOW)


def test_the_bar_tells_count_rate_and_remaining_time_within_the_width():
    bar = Bar()
    bar.begin("mail.mbox")
    bar.update(Progress(0, 1000), Outcome())
    for cells in (40, 60, 79, 120):
        line = bar.line(Progress(250, 1000), Outcome(new=500), 10.0, cells)
        assert len(line) <= cells
    assert "25%" in line
    assert "500 read" in line
    assert "50/s" in line
    assert "30 s left" in line
    bar.end()


def test_the_addresses_that_most_messages_are_on_are_offered_as_ours(tmp_path, mailbox):
    file = mailbox(tmp_path / "all.mbox", 40)
    plans, failures = jobs.plan_imports([str(file)])
    assert failures == []
    offered = jobs.suggest_own(plans, jobs.Reading())
    assert [one.address for one in offered] == ["desk@ours.example"]
    assert (offered[0].entries, offered[0].of) == (40, 40)


def test_a_terminal_is_asked_and_shown_a_preview_and_a_bar(tmp_path, mailbox, terminal):
    file = mailbox(tmp_path / "all.mbox", 40, first=1960)
    shown = terminal(
        ["import", str(file)],
        answers=[("Ours [desk@ours.example]", ""), ("work", ""), ("Import?", "y")],
    )
    assert shown.code == 0
    assert "30 open" in shown.screen
    assert "40 new" in shown.screen
    assert entries(os.environ["CENTRIC_STORE"]) == 40


def test_no_at_the_preview_imports_nothing(tmp_path, mailbox, terminal, centric):
    file = mailbox(tmp_path / "all.mbox", 10, first=1990)
    shown = terminal(
        ["import", str(file)],
        answers=[("Ours", "@ours.example"), ("work", "all"), ("Import?", "n")],
    )
    assert shown.code == 0
    assert "Nothing was imported" in shown.screen
    assert centric("info", "-o", "json").json()["entries"] == 0
    assert centric("own", "list", "-o", "json").json() == []


def test_a_reader_that_leaves_stops_the_import_quietly(tmp_path, mailbox, start, centric):
    file = mailbox(tmp_path / "all.mbox", MANY)
    child = start("import", str(file), *US)
    child.stdout.readline()
    child.stdout.close()
    assert child.wait(timeout=30) == 0
    assert child.stderr.read() == ""
    assert outcome(centric("import", str(file), *US))["read"] > 0
    assert entries(tmp_path / "centric.db") == MANY


def test_the_name_of_a_file_cannot_act_on_the_terminal(tmp_path, centric, mailbox):
    name = "\x1b[31mred\u202e.mbox"
    file = mailbox(tmp_path / name, 1)
    said = centric("import", str(file), *US, "-o", "text")
    assert said.code == 0
    assert "\x1b" not in said.out + said.err
    assert "\u202e" not in said.out + said.err


def test_bytes_that_are_no_utf_8_in_names_and_words_are_no_crash(tmp_path, centric, mailbox):
    file = mailbox(tmp_path / "caf\udce9.mbox", 2, first=1990)
    said = centric("import", str(file), *US)
    assert said.code == 65
    assert "rename it" in said.err
    assert said.lines()[0]["failed"]["path"] == str(file)
    assert centric("import", str(tmp_path / "\udcff"), *US).code == 66
    file = file.rename(tmp_path / "café.mbox")
    assert outcome(centric("import", str(file), *US))["new"] == 2
    for arguments in (["find", "\udcff"], ["customer", "\udcff"], ["cases", "\udcff"]):
        assert centric(*arguments).code in (0, 1)
    number = centric("cases", "-n", "1", "-o", "ids").out.strip()
    assert centric("do", "note.add", "caf\udce9", number).code == 0


def test_mail_that_comes_to_a_watched_maildir_is_brought_in(start, tmp_path):
    box = tmp_path / "Maildir"
    for part in ("cur", "new", "tmp"):
        (box / part).mkdir(parents=True)
    raw = b"From: a@x.example\nTo: help@ours.example\nSubject: %s\nMessage-ID: <%s@x>\n\nHi\n"
    (box / "new" / "1.x").write_bytes(raw % (b"one", b"1"))
    arguments = ["import", str(box), "--watch", "-y", "--us", "@ours.example"]
    child = start(*arguments, "--work-since", "all", "-o", "ndjson")

    def line_with(name):
        while name not in (line := json.loads(child.stdout.readline())):
            pass
        return line[name]

    assert line_with("total")["new"] == 1
    (box / "tmp" / "2.x").write_bytes(raw % (b"two", b"2"))
    (box / "tmp" / "2.x").rename(box / "new" / "2.x")
    assert line_with("outcome")["new"] == 1
    child.terminate()
    assert child.wait(timeout=20) == 143
