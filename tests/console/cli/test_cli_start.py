from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from console.__main__ import foreign_package
from console.cli import exits
from console.cli.root import SUBCOMMANDS
from console.splash import Splash, skeleton, wants_desk

ROOT = Path(__file__).parents[3]
HEAVY = {"textual", "rich", "sqlite_utils", "rapidfuzz", "fast_mail_parser", "selectolax"}


@pytest.mark.parametrize(
    "arguments",
    [["cases", "-o", "json"], ["show", "1"], ["queues"], ["find", "order"], ["log"], ["info"]],
)
def test_a_headless_command_loads_neither_the_screen_nor_any_parser(store, arguments):
    code = (
        "import sys, json; from console.__main__ import run; run(json.loads(sys.argv[1]));"
        "sys.stderr.write('LOADED ' + ' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = done.stderr.partition("LOADED ")[2].split()
    assert "db.store" in loaded
    assert not {name.partition(".")[0] for name in loaded} & HEAVY


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_command_explains_itself_and_takes_the_global_options_after_its_name(centric, name):
    said = centric(name, "--help")
    assert said.code == 0
    assert said.out.startswith(f"Usage: centric {name}")
    assert "--store PATH" in said.out
    assert "--agent LOGIN" in said.out


def test_global_options_may_stand_before_or_after_the_command(store, centric, monkeypatch):
    monkeypatch.delenv("CENTRIC_STORE")
    before = centric("--store", str(store), "cases", "-o", "ids")
    after = centric("cases", "--store", str(store), "-o", "ids")
    assert before.out == after.out != ""
    assert centric("cases").code == 66


def test_the_version_is_told(real):
    said = real("--version")
    assert said.code == 0
    assert said.out.startswith("centric 0.")


def test_no_store_is_a_sentence_with_the_next_step(centric):
    said = centric("cases")
    assert said.code == 66
    assert "centric import" in said.err


def test_another_database_is_refused(tmp_path, centric):
    import sqlite3

    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table t(x)")
    said = centric("cases", "--store", str(path))
    assert said.code == 69
    assert "not a Centric store" in said.err
    path.write_bytes(b"no database at all" * 100)
    assert centric("cases", "--store", str(path)).code == 69


@pytest.mark.parametrize("arguments", [["frobnicate"], ["cases", "--nope"], ["show"], ["--nope"]])
def test_a_command_line_that_is_not_understood_says_where_help_is(centric, arguments):
    said = centric(*arguments)
    assert said.code == 2
    assert "--help" in said.err
    assert said.err.count("\n") == 1


def test_a_mistyped_command_brings_the_near_ones(centric):
    assert "Did you mean customer" in centric("custmer", "x").err


@pytest.mark.parametrize("env", [{"TERM": "xterm"}, {"TERM": "dumb"}, {"TERM": ""}])
def test_without_a_terminal_the_desk_points_at_the_other_commands(real, env):
    said = real(**env)
    assert said.code == 2
    assert "centric cases" in said.err


def test_a_dumb_terminal_is_told_so_too(terminal):
    shown = terminal([], TERM="dumb")
    assert shown.code == 2
    assert "centric cases" in shown.screen
    assert "\x1b" not in shown.screen


def test_a_reader_that_leaves_is_no_error(store):
    listing = f"{sys.executable} -m console find order -n 0 -o json"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{listing} | head -c 1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    gone = subprocess.Popen(
        [sys.executable, "-m", "console", "cases"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    gone.stdout.close()
    assert gone.wait(timeout=30) == 0
    assert gone.stderr.read() == b""
    gone.stderr.close()


def test_a_terminal_that_is_not_utf_8_gets_question_marks_not_a_crash(store, real):
    env = {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    assert real("cases", **env).code == 0
    said = real("cases", "-o", "json", **env)
    assert said.code == 0
    assert said.out.isascii()


def test_a_package_of_that_name_that_is_not_ours_is_named_with_the_remedy(tmp_path, real):
    for name, source in (("db", ""), ("connectors", "raise RuntimeError")):
        folder = tmp_path / name / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(source)
        code = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); import console.__main__ as main;"
            f"sys.path.insert(0, {str(tmp_path / name)!r}); sys.exit(main.run(['cases']))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
        )
        assert done.returncode == exits.UNAVAILABLE
        assert f"“{name}”" in done.stderr
        assert "uv tool install" in done.stderr
        assert done.stderr.count("\n") == 1
    assert foreign_package() == ""


def test_what_goes_wrong_is_reported_without_what_it_choked_on(store, centric, monkeypatch, alone):
    def choke(*_args):
        raise KeyError("the customer's own words")

    monkeypatch.setattr("db.queries.desk.queues", choke)
    said = centric("queues")
    assert said.code == 70
    assert "customer's own words" not in said.err
    report = next((alone / "state" / "centric").glob("crash-*.txt"))
    assert "KeyError" in report.read_text()
    assert "choke" in report.read_text()
    assert "customer's own words" not in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600


def test_a_state_folder_that_cannot_be_written_hides_nothing(store, centric, monkeypatch, alone):
    monkeypatch.setattr("db.queries.desk.queues", lambda *_args: 1 / 0)
    (alone / "state").write_text("a file, not a folder")
    said = centric("queues")
    assert said.code == 70
    assert "ZeroDivisionError" in said.err


def test_only_the_options_of_the_desk_open_it():
    assert wants_desk([])
    assert wants_desk(["--store", "x.db", "--no-mouse", "--theme=light"])
    assert wants_desk(["--agent=cases"])
    assert not wants_desk(["cases"])
    assert not wants_desk(["--store", "x.db", "cases"])
    assert not wants_desk(["--version"])
    assert not wants_desk(["--help"])
    assert not wants_desk(["--store"])


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (150, 40), (200, 50), (60, 15), (20, 5)])
def test_the_skeleton_fits_the_terminal(size):
    import pyte

    screen = pyte.Screen(*size)
    pyte.Stream(screen).feed(skeleton(*size))
    assert screen.display[0].strip().startswith("Centric")
    assert all(len(line) == size[0] for line in screen.display)
    bars = screen.display[2].count("│") if size[1] > 3 else 0
    assert bars == {80: 0, 120: 1, 150: 2, 200: 3}.get(size[0], 0)


# A desk that takes its time to import, and then fails; or reads what was typed meanwhile.
FAILING = "import time; time.sleep(0.5); raise ImportError"
SLOW = "import time; time.sleep(20)"
READING = """
import os, sys, termios, time
time.sleep(0.5)
def run_desk(url, login, **options):
    os.set_blocking(0, False)
    raw = termios.tcgetattr(0)
    typed = os.read(0, 100)
    os.set_blocking(0, True)
    os.write(2, b"\\x1b[?1049l\\x1b[?25hTYPED " + typed + b"\\r\\n")
    return 5
"""


def open_slow_desk(terminal, tmp_path, source, answers=()):
    """Open the desk with another ``console.app`` in the place of ours."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, types\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'console.app':\n"
        "            from importlib.util import spec_from_file_location as spec\n"
        f"            return spec(name, {str(tmp_path / 'desk.py')!r})\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    (tmp_path / "desk.py").write_text(source)
    return terminal([], answers=answers, PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]))


def test_keys_that_are_typed_while_the_desk_loads_are_kept_and_not_echoed(terminal, tmp_path):
    shown = open_slow_desk(terminal, tmp_path, READING, [("opening the store", "jjc")])
    assert shown.code == 5
    assert "TYPED jjc" in shown.screen
    assert "jjc" not in shown.screen.replace("TYPED jjc", "")
    assert shown.after == shown.before


def test_a_desk_that_cannot_be_loaded_gives_the_terminal_back(terminal, tmp_path):
    shown = open_slow_desk(terminal, tmp_path, FAILING)
    assert shown.code == 70
    assert shown.after == shown.before
    left, said = shown.screen.rindex("\x1b[?1049l"), shown.screen.rindex("Something went wrong")
    assert left < said
    assert "\x1b[?25h" in shown.screen


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_while_the_desk_loads_gives_the_terminal_back(terminal, tmp_path, number, code):
    shown = open_slow_desk(terminal, tmp_path, SLOW, [("opening the store", number)])
    assert shown.code == code
    assert shown.after == shown.before
    assert "\x1b[?1049l\x1b[?25h" in shown.screen


def test_a_splash_that_is_not_shown_does_nothing(capfd):
    with Splash(shown=False) as splash:
        splash.leave()
        splash.hand_over()
    assert capfd.readouterr() == ("", "")
