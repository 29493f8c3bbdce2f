"""``--store ssh://HOST/PATH``: run this command on the machine that has the file, through OpenSSH.

A store file is safe with programs of one machine alone; so the program goes to the file, and only
what it draws comes back. Nothing listens anywhere that did not listen before.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence

from console.cli import exits
from console.cli.session import Session, say
from console.config import ConfigError
from db.frozen import dataclass

_URL = re.compile(
    r"ssh://(?:(?P<user>[\w][\w.-]*)@)?(?P<host>\[[0-9a-fA-F:.]+\]|[\w][\w.-]*)"
    r"(?::(?P<port>\d{1,5}))?/(?P<path>[^\0-\x1f\x7f]+)"
)
_TOLD = ("COLORTERM", "NO_COLOR", "TZ")  # what OpenSSH does not tell by itself
_SSH_FAILED = 255
_NOT_FOUND = 127


@dataclass(frozen=True, slots=True)
class Place:
    """A file on another machine.

    Attributes:
        user: Login there; empty for what OpenSSH's own configuration says.
        port: 0 for what it says.
        path: Absolute, or in the login's home folder where it begins with ``~/``.
    """

    user: str
    host: str
    port: int
    path: str


def parse_place(url: str) -> Place:
    """Read ``ssh://[LOGIN@]HOST[:PORT]/PATH``; ``/~/`` is the home folder there.

    Raises:
        ConfigError: It is something else.
    """
    found = _URL.fullmatch(url)
    if found is None or int(found["port"] or 0) > 65_535:
        raise ConfigError(
            f"“{url}” names no file on another machine. Write ssh://HOST/PATH, for example "
            "ssh://desk.shop.example/srv/centric/team.db"
        )
    path = found["path"]
    return Place(
        found["user"] or "",
        found["host"].strip("[]"),
        int(found["port"] or 0),
        path if path.startswith("~/") else f"/{path}",
    )


def served_here(url: str, arguments: Sequence[str]) -> list[str]:
    """Return the command line for a store that is on this very machine; empty when it is not.

    So the one line that a team shares works on the machine that has the file, too.
    """
    place = parse_place(url)
    if place.user or place.port:
        return []
    names = {name.lower() for name in (socket.gethostname(), socket.getfqdn())} - {"localhost"}
    if place.host.lower() not in names:
        return []
    return ["--store", place.path, *without_store(arguments)]


def without_store(arguments: Sequence[str]) -> list[str]:
    """Return a command line without the option that names the store."""
    kept: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            return [*kept, word, *words]
        if word == "--store":
            next(words, None)
        elif not word.startswith("--store="):
            kept.append(word)
    return kept


def ssh_command(
    place: Place, arguments: Sequence[str], *, agent: str = "", terminal: bool = False
) -> list[str]:
    """Return the argument list that runs a command line on another machine.

    OpenSSH hands one line to the shell there, so each word is quoted for it; here no shell is
    involved.
    """
    words = ["centric", "--store", place.path, *(["--agent", agent] if agent else [])]
    told = [f"{name}={os.environ[name]}" for name in _TOLD if os.environ.get(name)]
    # What a login adds to the path is not there without one: the usual folders of uv and pipx.
    line = 'env PATH="$PATH:$HOME/.local/bin:/usr/local/bin" ' + shlex.join(
        [*told, *words, *without_store(arguments)]
    )
    return [
        "ssh",
        *(("-p", str(place.port)) if place.port else ()),
        *(("-l", place.user) if place.user else ()),
        "-t" if terminal else "-T",
        "-o",
        "LogLevel=ERROR",
        "--",
        place.host,
        line,
    ]


def run_there(url: str, arguments: Sequence[str], session: Session) -> int:
    """Run a command line where the store is, on this terminal; return its exit code.

    Raises:
        ConfigError: The URL is none, or there is no OpenSSH here.
    """
    place = parse_place(url)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    given = any(word == "--agent" or word.startswith("--agent=") for word in arguments)
    agent = "" if given else session.config.agent
    session.splash.leave()
    try:
        child = subprocess.Popen(ssh_command(place, arguments, agent=agent, terminal=terminal))
    except OSError as error:
        raise ConfigError(
            "There is no program “ssh” here, which brings you to the store: install OpenSSH."
        ) from error
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c is for the program there
    try:
        code = child.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    if code == _SSH_FAILED:
        say(f"centric: {place.host} could not be reached; what ssh said stands above.")
        return exits.UNAVAILABLE
    if code == _NOT_FOUND:
        say(
            f"centric: There is no command “centric” on {place.host}. Install it there for your "
            "login: uv tool install centric"
        )
        return exits.UNAVAILABLE
    return code if code >= 0 else 128 - code
