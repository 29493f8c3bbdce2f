"""A store that a team shares: made for a group, reached over SSH, with everybody under a name."""

from __future__ import annotations

import grp
import os
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.cli.remote import parse_place, ssh_command
from console.config import ConfigError
from db import sessions
from db.agents import agent_for
from db.store import open_store
from tests.servers.sshd import SshServer, find_sshd, running_sshd

ROOT = Path(__file__).parents[3]
QUIT = "\x11"


@pytest.fixture
def group() -> str:
    """Return a group in which we are."""
    return grp.getgrgid(os.getgid()).gr_name


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_team_store_has_a_folder_a_group_roles_and_a_line_to_paste(centric, tmp_path, group):
    path = tmp_path / "desk" / "team.db"
    made = centric(
        "team",
        "create",
        str(path),
        "--group",
        group,
        "--member",
        "ben",
        "--read-only",
        "zoe",
        "--host",
        "desk.shop.example",
    )
    assert (made.code, made.out) == (0, f"centric --store ssh://desk.shop.example{path}\n")
    assert "ada (lead), ben (agent), zoe (read only)" in made.err
    assert (mode(path.parent), mode(path)) == (0o2770, 0o660)
    store = open_store(str(path))
    agent_for(store.engine, "kim")
    for ending in ("-wal", "-shm", ".gate"):
        assert mode(path.with_name(path.name + ending)) == 0o660
        assert path.with_name(path.name + ending).stat().st_gid == path.parent.stat().st_gid
    store.close()
    roles = {
        row["login"]: row["role"]
        for row in centric("agents", "-o", "ndjson", "--store", str(path)).lines()
    }
    assert roles == {"ada": "lead", "ben": "agent", "kim": "agent", "zoe": "read_only"}
    assert centric("doctor", "--store", str(path)).code == 0


def test_a_team_store_is_made_neither_over_a_file_nor_in_a_folder_of_other_things(
    centric, tmp_path, group
):
    (tmp_path / "other.txt").touch()
    for arguments, sentence in (
        ((str(tmp_path / "other.txt"), "--group", group), "is there already"),
        ((str(tmp_path / "team.db"), "--group", group), "is used for other things"),
        ((str(tmp_path / "new" / "team.db"), "--group", "no-such-group"), "sudo groupadd"),
    ):
        said = centric("team", "create", *arguments)
        assert said.code == 1
        assert sentence in said.err
    assert sorted(one.name for one in tmp_path.iterdir() if one.name != "home") == ["other.txt"]


def test_the_doctor_sees_what_is_wrong_around_a_store(centric, store):
    store.chmod(0o664)
    store.parent.chmod(0o755)
    said = centric("doctor")
    assert said.code == 1
    assert "Everybody on this machine may open the store: chmod o=" in said.out
    assert "chmod g+rwxs" in said.out
    store.chmod(0o600)
    said = centric("doctor")
    assert said.code == 0
    assert "its log has 0 bytes" in said.out


def test_a_store_copied_while_in_use_is_refused_until_the_doctor_is_told(centric, store, tmp_path):
    opened = open_store(str(store))
    agent_for(opened.engine, "ada")
    copy = tmp_path / "copy.db"
    copy.write_bytes(store.read_bytes())
    copy.chmod(0o600)
    said = centric("cases", "--store", str(copy))
    assert said.code == 69
    assert "centric doctor --accept" in said.err
    assert centric("doctor", "--accept", "--store", str(copy)).code == 0
    assert centric("cases", "--store", str(copy)).code == 0
    opened.close()


# Over SSH


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ssh://desk/srv/team.db", ["-T", "-o", "LogLevel=ERROR", "--", "desk"]),
        (
            "ssh://ana@desk:2200/~/a b.db",
            ["-p", "2200", "-l", "ana", "-T", "-o", "LogLevel=ERROR", "--", "desk"],
        ),
        ("ssh://[::1]/srv/team.db", ["-T", "-o", "LogLevel=ERROR", "--", "::1"]),
    ],
)
def test_a_store_elsewhere_is_a_list_of_words_for_ssh(url, words, monkeypatch):
    for name in ("COLORTERM", "NO_COLOR", "TZ"):
        monkeypatch.delenv(name, raising=False)
    command = ssh_command(parse_place(url), ["find", "it's; rm -rf /", "--store", url, "-n", "3"])
    assert command[:-1] == ["ssh", *words]
    path = "'~/a b.db'" if "~" in url else "/srv/team.db"
    assert command[-1].endswith(f"centric --store {path} find 'it'\"'\"'s; rm -rf /' -n 3")


@pytest.mark.parametrize(
    "url",
    [
        "ssh://-oProxyCommand=x/a",
        "ssh://desk",
        "ssh:///srv/a",
        "ssh://a;b/c",
        "ssh://h:99999/x",
        "ssh://-l@h/x",
        "ssh://h/a\nb",
    ],
)
def test_what_could_be_an_option_or_a_command_is_no_machine(url, centric):
    with pytest.raises(ConfigError, match="names no file on another machine"):
        parse_place(url)
    assert centric("cases", "--store", url).code == 2


def test_the_line_of_the_team_works_on_the_machine_that_has_the_file(store, centric):
    url = f"ssh://{socket.gethostname()}{store}"
    said = centric("--store", url, "find", "order", "-n", "2", "-o", "ids")
    assert (said.code, len(said.out.split())) == (0, 2)
    assert centric("cases", f"--store={url}").code == 0


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[SshServer]:
    """Run a server whose programs find ``centric`` and write into folders of the test."""
    if not find_sshd():
        pytest.skip("there is no sshd here: apt-get install openssh-server")
    home = tmp_path_factory.mktemp("there")
    scripts = home / "bin"
    scripts.mkdir()
    program = scripts / "centric"
    program.write_text(f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m console "$@"\n')
    program.chmod(0o755)
    folders = {f"XDG_{name}_HOME": f"{home}/{name}" for name in ("CONFIG", "DATA", "STATE")}
    path = f"{scripts}:/usr/bin:/bin"
    with running_sshd({"PATH": path, "LOGNAME": "ada", "LC_ALL": "C.UTF-8", **folders}) as found:
        yield found


def test_commands_run_where_the_store_is(server, store, real):
    path = f"{server.bin}:{os.environ['PATH']}"
    url = f"ssh://127.0.0.1:{server.port}{store}"
    said = real("find", "order", "-n", "2", "-o", "ids", "--store", url, PATH=path)
    assert (said.code, len(said.out.split())) == (0, 2)
    assert said.err == ""
    assert (
        real("do", "case.tag", "1", "it's a “tag”; exit 3", CENTRIC_STORE=url, PATH=path).code == 0
    )
    with sqlite3.connect(store) as connection:
        assert connection.execute("select name from tags").fetchall() == [("it's-a-“tag”;-exit-3",)]
    missing = real("cases", "--store", f"{url}.no", PATH=path)
    assert (missing.code, "There is no store at" in missing.err) == (66, True)


def test_a_machine_that_cannot_be_reached_is_a_sentence(server, real):
    path = f"{server.bin}:{os.environ['PATH']}"
    said = real("cases", "--store", "ssh://127.0.0.1:1/srv/team.db", PATH=path)
    assert said.code == 69
    assert "127.0.0.1 could not be reached" in said.err
    assert real("cases", "--store", "ssh://desk/srv/team.db", PATH="/nowhere").code == 2


def test_the_desk_runs_where_the_store_is(server, store, terminal):
    path = f"{server.bin}:{os.environ['PATH']}"
    url = f"ssh://127.0.0.1:{server.port}{store}"
    shown = terminal(["--store", url], [("Order 19", QUIT)], PATH=path)
    assert shown.code == 0, shown.screen
    assert shown.before == shown.after


# Two people on one login


@pytest.fixture
def colleague(store) -> Iterator[None]:
    """Leave a desk open that somebody opened from elsewhere as ``ada``."""
    code = (
        "import sys, time; from db import sessions; from db.store import open_store;"
        "from db.agents import agent_for; store = open_store(sys.argv[1]);"
        "sessions.still_here(store.engine, agent_for(store.engine, 'ada'), '10.0.0.7');"
        "print('here', flush=True); sys.stdin.read(); sessions.leave(store.engine); store.close()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(store)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"here\n"
    yield
    child.communicate()


def test_two_people_on_one_login_are_asked_once_who_they_are(store, colleague, terminal, centric):
    shown = terminal([], [("who works there as ada", "ben"), ("Order 19", QUIT)])
    assert "from 10.0.0.7, since" in shown.screen
    assert shown.code == 0, shown.screen
    again = terminal([], [("Order 19", QUIT)])
    assert "who are you?" not in again.screen
    assert centric("do", "case.tag", "1", "billing").code == 0
    assert [row["agent"] for row in centric("log", "-o", "ndjson").lines()] == ["ben"]


def test_one_person_with_two_desks_and_one_who_said_who_they_are_are_not_asked(
    store, colleague, terminal
):
    for arguments, env in (
        ([], {"SSH_CONNECTION": "10.0.0.7 5 10.0.0.1 22"}),
        (["--agent", "ben"], {}),
    ):
        shown = terminal(arguments, [("Order 19", QUIT)], **env)
        assert "who are you?" not in shown.screen
        assert shown.code == 0


def test_a_desk_that_was_killed_is_not_taken_for_an_open_one(store):
    from db import clock

    opened = open_store(str(store))
    ada = agent_for(opened.engine, "ada")
    sessions.still_here(opened.engine, ada, "10.0.0.7")
    assert [one.origin for one in opened.ask(sessions.elsewhere, ada, "")] == ["10.0.0.7"]
    assert opened.ask(sessions.elsewhere, ada, "10.0.0.7") == ()
    with clock.stopped(clock.now() + sessions.LIVE_MILLISECONDS + 1):
        assert opened.ask(sessions.elsewhere, ada, "") == ()
        sessions.leave(opened.engine)
    assert opened.ask(lambda c: c.value("select count(*) from sessions")) == 0
    opened.close()
