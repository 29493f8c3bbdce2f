"""The connection: whom it trusts, what it refuses, and that it changes nothing."""

from __future__ import annotations

import datetime
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from connectors.contract import AuthError, ConnectorError, RateLimited, Transient
from connectors.mail.imap import Account, Tls
from connectors.mail.imap_connection import ImapConnection, Wish
from connectors.mail.imap_stream import Violation
from connectors.mail.uid_set import UidSet
from tests.servers.dovecot import PASSWORD, Certificates, make_certificates, running, token
from tests.servers.faulty_imap import Plan, faulty, message

if TYPE_CHECKING:
    from tests.servers.dovecot import Dovecot

ALL = "(UID RFC822.SIZE BODY.PEEK[])"


def account(server: Dovecot, user: str, tls: Tls = "tls") -> Account:
    port = server.tls_port if tls == "tls" else server.plain_port
    trusted = str(server.certificates.authority)
    return Account("localhost", user, port, tls, PASSWORD, ca_file=trusted)


def lying(port: int, *, patience: float = 0.5, tls: Tls = "none", ca_file: str = "") -> Account:
    host = "127.0.0.1" if tls == "none" else "localhost"
    return Account(
        host, "ada", port, tls, PASSWORD, ca_file=ca_file,
        connect_seconds=1.5, patience_seconds=patience,
    )  # fmt: skip


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def fetch_all(connection: ImapConnection) -> dict[int, bytes]:
    inbox = next(one for one in connection.folders() if one.name == "INBOX")
    state = connection.examine(inbox)
    uids = connection.search(1, max(state.next, 1))
    return {
        answer.uid: answer.body or b""
        for _wish, answer in connection.fetch([Wish(uids, ALL)] if uids else [])
        if answer is not None
    }


@pytest.mark.parametrize("tls", ["tls", "starttls", "none"])
def test_mail_comes_over_every_kind_of_connection(dovecot: Dovecot, user: str, tls: Tls) -> None:
    letters = [message(number) for number in range(1, 6)]
    dovecot.deliver(user, letters)
    with ImapConnection(account(dovecot, user, tls)) as connection:
        assert sorted(fetch_all(connection).values()) == sorted(letters)


def test_looking_changes_nothing_on_the_server(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, [message(1), message(2)])
    before = dovecot.files(user)
    with ImapConnection(account(dovecot, user)) as connection:
        fetch_all(connection)
    assert dovecot.files(user) == before
    assert all(path.startswith("new/") for path in before)


def test_a_failed_login_is_tried_once_and_never_quotes_the_password(
    dovecot: Dovecot, user: str
) -> None:
    wrong = Account("localhost", user, dovecot.plain_port, "none", "hunter2")
    with pytest.raises(AuthError, match="app password") as caught:
        ImapConnection(wrong)
    assert "hunter2" not in str(caught.value) + repr(wrong)
    with faulty(Plan("badlogin")) as server:
        with pytest.raises(ConnectorError) as refused:
            ImapConnection(lying(server.port))
        assert server.asked("LOGIN") == 1
    assert PASSWORD not in str(refused.value)


def test_a_password_of_any_letters_logs_in_or_is_refused_by_the_server(
    dovecot: Dovecot, user: str
) -> None:
    odd = Account("localhost", user, dovecot.plain_port, "none", 'pä"\\ß ☃')
    with pytest.raises(AuthError, match="AUTHENTICATIONFAILED"):
        ImapConnection(odd)


def test_an_access_token_logs_in_and_an_expired_one_does_not(dovecot: Dovecot, user: str) -> None:
    address = f"{user}@us.example"
    trusted = str(dovecot.certificates.authority)

    def with_token(text: str) -> Account:
        return Account("localhost", address, dovecot.tls_port, token=text, ca_file=trusted)

    with ImapConnection(with_token(token(address))) as connection:
        assert connection.folders()
    with pytest.raises(AuthError):
        ImapConnection(with_token(token(address, expires_in=-60)))


@pytest.mark.parametrize("which", ["wrong_host", "unknown"])
def test_a_certificate_that_is_not_the_servers_is_refused(
    certificates: Certificates, which: str
) -> None:
    pem = str(getattr(certificates, which))
    with (
        faulty(Plan(pem=pem, tls=True)) as server,
        pytest.raises(ConnectorError, match="not to be trusted"),
    ):
        ImapConnection(lying(server.port, tls="tls", ca_file=str(certificates.authority)))
    assert not server.commands


def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    authority = trustme.CA()
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    issued = authority.issue_cert("localhost", not_before=past.replace(year=2020), not_after=past)
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "old.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    with (
        faulty(Plan(pem=str(tmp_path / "old.pem"), tls=True)) as server,
        pytest.raises(ConnectorError, match="expired"),
    ):
        ImapConnection(lying(server.port, tls="tls", ca_file=str(tmp_path / "authority.pem")))


def test_nothing_is_sent_in_the_open_to_another_machine() -> None:
    with pytest.raises(ConnectorError, match="not be encrypted"):
        ImapConnection(Account("mail.example", "ada", tls="none", password="x"))


def test_a_server_without_tls_gets_no_password() -> None:
    with faulty(Plan()) as server:
        with pytest.raises(ConnectorError, match="STARTTLS"):
            ImapConnection(lying(server.port, tls="starttls"))
        assert not server.asked("LOGIN")


@pytest.mark.parametrize("mode", ["preauth", "injection"])
def test_somebody_between_before_tls_is_refused(certificates: Certificates, mode: str) -> None:
    plan = Plan(mode, capabilities="IMAP4rev1 STARTTLS", pem=str(certificates.good))
    with faulty(plan) as server:
        with pytest.raises(ConnectorError):
            ImapConnection(lying(server.port, tls="starttls", ca_file=str(certificates.authority)))
        assert not server.asked("LOGIN")


@pytest.mark.parametrize(
    ("mode", "kind", "words"),
    [
        ("byegreet", RateLimited, "Too many"),
        ("nonsensegreet", Violation, "language of mail servers"),
        ("silent", Transient, "did not answer"),
        ("authfail", AuthError, "AUTHENTICATIONFAILED"),
        ("byelogin", Transient, "going down"),
        ("limit", RateLimited, "too many connections"),
        ("unavailable", Transient, "Temporary"),
        ("throttled", RateLimited, "throttled"),
    ],
)
def test_each_refusal_has_its_own_error(mode: str, kind: type[Exception], words: str) -> None:
    with faulty(Plan(mode)) as server:
        with pytest.raises(kind, match=words):
            ImapConnection(lying(server.port))
        assert server.connections == 1


@pytest.mark.parametrize(
    "mode",
    ["drop", "stall", "toobig", "toosmall", "hugeliteral", "longline", "nonsense", "bye",
     "slowloris"],
)  # fmt: skip
def test_a_lying_server_gives_an_error_and_not_a_message(mode: str) -> None:
    began = time.monotonic()
    with (
        faulty(Plan(mode, {1: message(1, 5000)})) as server,
        ImapConnection(lying(server.port)) as connection,
        pytest.raises(Transient),
    ):
        fetch_all(connection)
    assert time.monotonic() - began < 60


def test_a_thin_line_is_waited_for() -> None:
    letters = {1: message(1, 5_000)}
    with (
        faulty(Plan("thinline", letters)) as server,
        ImapConnection(lying(server.port)) as connection,
    ):
        assert fetch_all(connection) == letters


def test_a_machine_that_is_not_there_is_said_to_be_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Transient, match="cannot be reached"):
            ImapConnection(lying(taken.getsockname()[1]))
    with pytest.raises(Transient, match="not found"):
        ImapConnection(Account("no-such-host.invalid", "ada", password="x", connect_seconds=3))


def test_a_black_hole_is_given_up_in_time() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        held = [socket.socket() for _ in range(3)]
        for one in held:  # the queue of a listener that never accepts is soon full
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        began = time.monotonic()
        with pytest.raises(Transient):
            ImapConnection(lying(port))
        assert time.monotonic() - began < 60
        for one in held:
            one.close()


def test_a_wait_ends_soon_after_mail_is_delivered(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, [message(1)])
    with ImapConnection(account(dovecot, user)) as connection:
        fetch_all(connection)
        assert not connection.idle(1.0)
        later = threading.Timer(0.5, lambda: dovecot.deliver(user, [message(2)]))
        later.start()
        began = time.monotonic()
        assert connection.idle(20.0)
        assert time.monotonic() - began < 18
        assert len(fetch_all(connection)) == 2


def test_a_server_that_is_stopped_in_a_wait_is_noticed(user: str, dovecot: Dovecot) -> None:
    with running() as server:
        server.deliver(user, [message(1)])
        connection = ImapConnection(account(server, user))
        fetch_all(connection)
        stopping = threading.Timer(0.5, server.stop)
        stopping.start()
        with pytest.raises(Transient):
            connection.idle(30.0)
        connection.drop()


def test_a_server_that_died_in_a_wait_is_noticed_at_its_end() -> None:
    with (
        faulty(Plan("idledeath", {1: message(1)})) as server,
        ImapConnection(lying(server.port, patience=1.0)) as connection,
    ):
        fetch_all(connection)
        with pytest.raises(Transient):
            connection.idle(1.0)


def test_no_thread_outlives_its_connection(dovecot: Dovecot, user: str) -> None:
    def ours() -> set[threading.Thread]:
        return {one for one in threading.enumerate() if one.name.startswith("localhost")}

    before = ours()
    with ImapConnection(account(dovecot, user)) as connection:
        connection.folders()
    dropped = ImapConnection(account(dovecot, user))
    dropped.drop()
    until = time.monotonic() + 5
    while ours() - before and time.monotonic() < until:
        time.sleep(0.05)
    assert not ours() - before


def test_states_of_many_folders_come_in_one_go(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, [message(1)])
    dovecot.deliver(user, [message(2)], "Archive")
    with ImapConnection(account(dovecot, user)) as connection:
        folders = connection.folders()
        assert {one.name for one in folders} >= {"INBOX", "Archive", "Sent"}
        states = connection.states(folders)
        assert all(states[one.wire].exists == (one.status and one.status.exists) for one in folders)


def test_uids_are_found_without_extended_search() -> None:
    letters = {uid: message(uid) for uid in (3, 4, 9)}
    with (
        faulty(Plan(messages=letters, capabilities="IMAP4rev1")) as server,
        ImapConnection(lying(server.port)) as connection,
    ):
        assert fetch_all(connection) == letters
        assert connection.search(4, 8) == UidSet.of([4])
        assert not server.asked("RETURN")
