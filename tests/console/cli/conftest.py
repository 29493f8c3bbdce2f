"""Runs the command line, within the test's process or as the real program, on stores of its own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from console.cli.door import guarded
from console.splash import Splash

ROOT = Path(__file__).parents[3]
# Acts on a terminal in every way that is known, is markup, and would be a formula.
HOSTILE = "=1+2 \x1b]52;c;cHduZWQ=\x07 \x9b31m [/] [@click=app.quit]x[/] \u202eevil\u200b \x00\r"


@dataclass(frozen=True)
class Said:
    """What a run of the command said."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return standard output as JSON."""
        return json.loads(self.out)

    def lines(self) -> list[dict[str, Any]]:
        """Return standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Said]


def mail(number: int, sender: str, to: str, subject: str, text: str, at: datetime) -> str:
    """Return a mail as it stands in an mbox file."""
    return (
        f"From x@mail.example {at.strftime('%a %b %d %H:%M:%S %Y')}\n"
        f"From: {sender}\nTo: {to}\nSubject: {subject}\nDate: {format_datetime(at)}\n"
        f"Message-ID: <{number}@mail.example>\n\n{text}\n\n"
    )


def mailbox(path: Path, count: int, first: int = 0) -> Path:
    """Write mails to an mbox file: customers write, and every fourth time we do."""
    now = datetime.now(UTC).replace(microsecond=0)
    with path.open("a") as file:
        for number in range(first, first + count):
            person = f"Person {number % 7} <p{number % 7}@client{number % 3}.example>"
            ours = "Desk <desk@ours.example>"
            sender, to = (ours, person) if number % 4 == 0 else (person, ours)
            at = now - timedelta(hours=2000 - number)
            file.write(
                mail(number, sender, to, f"Order {number}", f"About order {number}.\n> old", at)
            )
    return path


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a home, a store and a configuration of its own."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.setenv("CENTRIC_STORE", str(tmp_path / "centric.db"))
    for name in ("CENTRIC_CONFIG", "COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setenv("PYTHONUTF8", "1")
    return home


@pytest.fixture
def centric(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line within this process."""

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = guarded(arguments, Splash(shown=False))
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return run


def program(arguments: Sequence[str]) -> list[str]:
    """Return the real program's argument list."""
    return [sys.executable, "-m", "console", *arguments]


@pytest.fixture
def real(tmp_path: Path) -> Run:
    """Run the real program in a process of its own."""

    def run(*arguments: str, cwd: Path | None = None, **env: str) -> Said:
        done = subprocess.run(
            program(arguments),
            cwd=cwd or ROOT,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the real program; what is still running at the end is ended."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            program(arguments),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(child)
        return child

    yield begin
    for child in started:
        if child.poll() is None:
            child.kill()
        child.wait()
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()


@dataclass(frozen=True)
class Shown:
    """What a run on a terminal came to.

    Attributes:
        screen: All that was sent to the terminal.
        before: The terminal's settings when it began.
        after: And when it ended.
    """

    code: int
    screen: str
    before: list[Any]
    after: list[Any]


@pytest.fixture
def terminal() -> Callable[..., Shown]:
    """Run the real program on a terminal, answering what it asks with a line or a signal."""

    def run(
        arguments: Sequence[str], answers: Sequence[tuple[str, str | int]] = (), **env: str
    ) -> Shown:
        main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        before = termios.tcgetattr(other)
        child = subprocess.Popen(
            program(arguments),
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm-256color", **env},
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        seen = bytearray()
        waiting = list(answers)
        until = time.monotonic() + 60
        place = 0
        while time.monotonic() < until:
            if select.select([main], [], [], 0.05)[0]:
                seen += os.read(main, 65536)
            elif child.poll() is not None:
                break
            if waiting and waiting[0][0].encode() in seen[place:]:
                place = len(seen)
                answer = waiting.pop(0)[1]
                if isinstance(answer, int):
                    child.send_signal(answer)
                else:
                    os.write(main, answer.encode() + b"\n")
        child.kill()
        after = termios.tcgetattr(other)
        os.close(main)
        os.close(other)
        return Shown(child.wait(), seen.decode("utf-8", "replace"), before, after)

    return run


@pytest.fixture(name="mailbox")
def _mailbox() -> Callable[..., Path]:
    """Write mails to an mbox file."""
    return mailbox


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build one store for all tests: forty ordinary mails and a hostile one."""
    folder = tmp_path_factory.mktemp("shelf")
    file = mailbox(folder / "all.mbox", 40, first=1960)
    now = datetime.now(UTC).replace(microsecond=0)
    with file.open("a") as out:
        quoted = HOSTILE.replace("\r", "").replace("\x00", "")
        out.write(
            mail(
                9_999,
                f'"{quoted}" <mallory@evil.example>',
                "desk@ours.example",
                quoted,
                HOSTILE,
                now,
            )
        )
    path = folder / "centric.db"
    arguments = ["import", str(file), "--store", str(path), "--us", "@ours.example", "-y"]
    done = subprocess.run(program(arguments), cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture
def store(shelf: Path, tmp_path: Path) -> Path:
    """Return a copy of the store, where ``CENTRIC_STORE`` says it is."""
    path = tmp_path / "centric.db"
    shutil.copy(shelf, path)
    return path
