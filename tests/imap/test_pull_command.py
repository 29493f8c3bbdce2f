"""``centric pull`` against a real server: nothing lost, nothing twice, and words for what fails."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connectors.mail.oauth import Grant
from console import tokens
from console.accounts import find_account, find_secret
from console.config import ConfigError, load_config
from console.pulling import Job, pull_once
from db.store import open_store
from tests.imap.desks import Desk
from tests.servers.dovecot import PASSWORD, running, token
from tests.servers.faulty_imap import Plan, faulty, message

if TYPE_CHECKING:
    from tests.servers.dovecot import Dovecot


def until(true: Callable[[], bool], seconds: float = 20.0) -> float:
    """Wait until something is true; return how long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it never came true"
        time.sleep(0.05)
    return time.monotonic() - began


def outcomes(output: str) -> dict[str, dict[str, object]]:
    """Return the JSON lines of a run, the last of each kind."""
    found: dict[str, dict[str, object]] = {}
    for line in output.splitlines():
        found.update(json.loads(line))
    return found


@pytest.fixture
def desk(tmp_path: Path, dovecot: Dovecot, user: str) -> Desk:
    """Return a desk with an account that is empty."""
    return Desk(tmp_path, dovecot.plain_port, user)


def test_a_pull_brings_everything_once(desk: Desk, dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, [message(number) for number in range(1, 8)])
    answer = (
        f"From: Us <{user}@us.example>\r\nTo: ada1@moreno.example\r\nSubject: Re: Letter 1\r\n"
        "Date: Tue, 03 Nov 2026 10:00:00 +0000\r\nIn-Reply-To: <letter1@moreno.example>\r\n"
        "Message-ID: <answer@us.example>\r\n\r\nIt hums.\r\n"
    ).encode()
    dovecot.deliver(user, [answer], "Sent")
    before = dovecot.files(user)
    first = desk.run("pull", "-o", "ndjson")
    assert first.returncode == 0, first.stderr
    assert outcomes(first.stdout)["outcome"]["new"] == 8
    assert desk.ask("select count(*) from entries where direction = 'outbound'") == 1
    # What we answered from elsewhere is history; the rest is work.
    assert desk.ask("select count(*) from cases where status = 'new'") == 6
    again = desk.run("pull")
    assert outcomes(again.stdout)["outcome"]["read"] == 0
    assert dovecot.files(user) == before


def test_a_letter_in_a_file_and_on_the_server_is_one(
    desk: Desk, dovecot: Dovecot, user: str, tmp_path: Path
) -> None:
    dovecot.deliver(user, [message(1), message(2)])
    (tmp_path / "one.eml").write_bytes(message(1))
    assert desk.run("import", "-y", str(tmp_path / "one.eml")).returncode == 0
    assert desk.run("pull").returncode == 0
    assert desk.entries() == 2
    found = desk.run("doctor", "ingest")
    assert "files (mail): 1 original, as it was received" in found.stdout
    assert "support: 1 original, as it was received; nothing is missing" in found.stdout


def test_two_desks_pull_one_mailbox_once(desk: Desk, dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, [message(number) for number in range(1, 400)])
    with desk.started("pull") as one, desk.started("pull") as other:
        assert (one.wait(60), other.wait(60)) == (0, 0)
    assert desk.entries() == 399
    assert desk.ask("select count(*) from received") == 399


def test_mail_is_there_soon_after_its_delivery(desk: Desk, dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, [message(1)])
    with desk.started("pull", "--watch", "-o", "ndjson") as process:
        until(lambda: desk.entries() == 1)
        time.sleep(1)  # it waits by now
        dovecot.deliver(user, [message(2)])
        # Well before anybody would ask again: the server said so by itself.
        assert until(lambda: desk.entries() == 2, 60) < 60
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143


def test_labels_stay_when_a_mailbox_is_numbered_anew_or_a_letter_moves(
    desk: Desk, dovecot: Dovecot, user: str
) -> None:
    files = dovecot.deliver(user, [message(number) for number in range(1, 4)])
    dovecot.deliver(user, [message(9)], "Archive")
    assert desk.run("pull").returncode == 0
    assert desk.run("do", "case.tag", "1", "billing").returncode == 0
    files[0].rename(dovecot.maildir(user, "Archive") / "new" / files[0].name)
    assert desk.run("pull").returncode == 0
    dovecot.renumber(user)
    done = desk.run("pull", "-o", "ndjson")
    assert outcomes(done.stdout)["outcome"]["same"] == 2
    assert desk.entries() == 4
    assert desk.ask("select count(*) from case_tags") == 1


def test_a_server_that_restarts_in_a_wait_is_found_again(tmp_path: Path, user: str) -> None:
    with running() as server:
        server.deliver(user, [message(1)])
        desk = Desk(tmp_path, server.plain_port, user)
        with desk.started("pull", "--watch") as process:
            until(lambda: desk.entries() == 1)
            server.stop()
            time.sleep(0.5)
            server.start()
            server.deliver(user, [message(2)])
            until(lambda: desk.entries() == 2, 40)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130


def test_a_password_comes_from_a_command_and_a_wrong_one_is_told(
    dovecot: Dovecot, user: str, tmp_path: Path
) -> None:
    dovecot.deliver(user, [message(1)])
    desk = Desk(tmp_path, dovecot.plain_port, user, password_command=["echo", PASSWORD])
    del desk.environment["CENTRIC_PASSWORD_SUPPORT"]
    assert desk.run("pull").returncode == 0
    desk = Desk(tmp_path, dovecot.plain_port, user, password_command=["echo", "hunter2"])
    refused = desk.run("pull", "-o", "text")
    assert refused.returncode == 69
    assert "refused the login" in refused.stderr
    assert "hunter2" not in refused.stderr + refused.stdout
    assert desk.ask("select count(*) from sources where last_error <> ''") == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"password": "x"}, "does not belong into a file"),
        ({"tls": "ssl"}, "tls must be one of"),
        ({"hosts": "x"}, "setting “hosts”"),
        ({"poll_seconds": "9"}, "poll_seconds must be a number"),
        ({"folders": "INBOX"}, "folders must be a list"),
        ({"password_command": ["no-such-program-here"]}, "no program no-such"),
        ({"password_command": ["false"]}, "printed nothing"),
        ({"auth": "token"}, "needs a password_command"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(
    tmp_path: Path, more: dict[str, object], words: str
) -> None:
    desk = Desk(tmp_path, 1, "ada", **more)
    with pytest.raises(ConfigError, match=words):
        find_secret(find_account(load_config(desk.config), "support"))


def rows_of(output: str) -> dict[str, dict[str, object]]:
    """Return the folders of a comparison, by name."""
    return {row["folder"]: row for row in json.loads(output)}


def test_the_comparison_finds_nothing_missing_after_a_pull(
    desk: Desk, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, [message(number) for number in range(1, 6)])
    dovecot.deliver(user, [b"\x00\x01\x02 no mail at all"])
    dovecot.deliver(user, [message(7)], "Trash")
    assert desk.run("pull").returncode == 0
    found = desk.run("doctor", "ingest", "-o", "json")
    assert found.returncode == 0, found.stderr + found.stdout
    rows = rows_of(found.stdout)
    assert (rows["INBOX"]["server"], rows["INBOX"]["here"], rows["INBOX"]["set_aside"]) == (6, 5, 1)
    assert (rows["Trash"]["read"], rows["Trash"]["server"]) == (False, 1)
    assert "nothing is missing" in desk.run("doctor", "ingest").stdout


def test_the_comparison_names_each_message_that_is_missing_and_why(
    desk: Desk, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, [message(number) for number in range(1, 4)])
    assert desk.run("pull").returncode == 0
    dovecot.deliver(user, [message(4)])
    store = open_store(str(desk.store))
    with store.engine.write() as connection:
        connection.run("delete from places where uid = 2")
        connection.run("update raws set data = :data, codec = 0", {"data": b"other words"})
    store.close()
    found = desk.run("doctor", "ingest")
    assert found.returncode == 1
    assert "INBOX, message 2: It was read and is not in the store." in found.stdout
    assert "INBOX, message 4: It was not pulled yet: centric pull." in found.stdout
    assert "of 3 originals 3 are not as they were received" in found.stdout


def test_what_was_set_aside_without_a_byte_is_missing(tmp_path: Path) -> None:
    letters = {1: message(1), 2: message(2)}
    with faulty(Plan("drop", letters, frozenset({2}))) as server:
        desk = Desk(tmp_path, server.port, "ada", patience_seconds=1)
        assert desk.run("pull").returncode == 0
        found = desk.run("doctor", "ingest")
        assert found.returncode == 1
        assert "message 2: The server lists it but does not send it whole." in found.stdout


def test_a_token_that_was_refused_is_renewed_once(
    dovecot: Dovecot, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver(user, [message(1)])
    address = f"{user}@us.example"
    desk = Desk(tmp_path, dovecot.plain_port, address, auth="microsoft", client_id="id")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    stale, good = token(address, expires_in=-60), token(address)
    tokens.keep("support", Grant(stale, "r", time.time() + 3600))
    asked: list[str] = []

    def renewed(_where: object, _client: object, old: str) -> Grant:
        asked.append(old)
        return Grant(good, old, time.time() + 3600)

    monkeypatch.setattr(tokens, "refresh", renewed)
    account = find_account(load_config(desk.config), "support")
    store = open_store(str(desk.store), create=True)
    outcome = pull_once(store, Job(account, 0), lambda *_: None, lambda: False)
    store.close()
    assert (outcome.new, asked) == (1, ["r"])
