"""``centric connect mail``: from an address to a mailbox that can be pulled, or what is wrong."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connectors.mail.imap import Account
from connectors.mail.imap_look import whose_certificate
from connectors.mail.providers import (
    KNOWN,
    Servers,
    advice,
    domain_of,
    find_servers,
    read_record,
    records_of,
)
from console.account_file import add_account, keep_secret, table_of
from console.config import ConfigError
from tests.imap.desks import Desk
from tests.servers.dovecot import PASSWORD, make_certificates
from tests.servers.faulty_imap import Plan, faulty, message

if TYPE_CHECKING:
    from tests.servers.dovecot import Dovecot

RECORD = b"""<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x.example">
<displayName>X Mail</displayName>
<incomingServer type="pop3"><hostname>pop.x.example</hostname><port>995</port>
<socketType>SSL</socketType></incomingServer>
<incomingServer type="imap"><hostname>plain.x.example</hostname><port>143</port>
<socketType>plain</socketType></incomingServer>
<incomingServer type="imap"><hostname>imap.%EMAILDOMAIN%</hostname><port>993</port>
<socketType>SSL</socketType><username>%EMAILLOCALPART%</username></incomingServer>
<outgoingServer type="smtp"><hostname>smtp.x.example</hostname><port>587</port>
<socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>"""


@pytest.fixture
def bare(tmp_path: Path) -> Desk:
    """Return a desk without any account."""
    desk = Desk(tmp_path, 1, "ada")
    desk.config.write_text('# mine\ntheme = "dark"\n')
    return desk


def connect(desk: Desk, server: Dovecot, user: str, *more: str) -> tuple[int, str, str]:
    done = desk.run(
        "connect", "mail", f"{user}@us.example", "--label", "support", "--host", "localhost",
        "--port", str(server.tls_port), "--user", user, "--ca-file",
        str(server.certificates.authority), "-y", *more,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_a_mailbox_is_shown_remembered_and_pulled(bare: Desk, dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, [message(number) for number in range(1, 6)])
    dovecot.deliver(user, [message(7)], "Trash")
    before = dovecot.files(user)
    code, out, err = connect(
        bare, dovecot, user, "--name", "Support", "--signature", "Yours\n“us” \\o/",
        "--outgoing", "smtp.us.example:587",
    )  # fmt: skip
    assert code == 0, err
    assert "A pull brings 5 messages" in out
    assert "5 of the last 14 days may be open work" in out
    assert "not read" in next(line for line in out.splitlines() if line.startswith("Trash"))
    written = bare.config.read_text()
    assert written.startswith('# mine\ntheme = "dark"\n')
    assert PASSWORD not in written
    table = tomllib.loads(written)["mail"]["support"]
    assert (table["host"], table["signature"]) == ("localhost", "Yours\n“us” \\o/")
    assert table["outgoing"] == {"host": "smtp.us.example", "port": 587, "tls": "starttls"}
    assert bare.run("pull").returncode == 0
    assert bare.entries() == 5
    assert dovecot.files(user) == before
    assert "Logged in" in bare.run("connect", "mail", "support", "-y").stdout


def test_a_trial_writes_nothing(bare: Desk, dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, [])
    before = bare.config.read_text()
    code, out, _err = connect(bare, dovecot, user, "--dry-run")
    assert (code, bare.config.read_text()) == (0, before)
    assert "A pull brings 0 messages" in out


def test_a_wrong_password_is_told_with_what_to_do(bare: Desk, dovecot: Dovecot, user: str) -> None:
    bare.environment["CENTRIC_PASSWORD_SUPPORT"] = "hunter2"
    code, out, err = connect(bare, dovecot, user)
    assert code == 69
    assert "refused the login" in err
    assert "hunter2" not in out + err


def test_a_certificate_that_nobody_vouches_for_is_named(bare: Desk, tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    with faulty(Plan(pem=str(made.unknown), tls=True)) as server:
        done = bare.run(
            "connect", "mail", "ada@us.example", "--label", "support", "--host", "localhost",
            "--port", str(server.port), "-y",
        )  # fmt: skip
        assert done.returncode == 69
        assert "not to be trusted" in done.stderr
        assert "trustme" in done.stderr
        assert not server.asked("LOGIN")
    with faulty(Plan(pem=str(made.wrong_host), tls=True)) as server:
        said = whose_certificate(Account("localhost", "ada", server.port))
        assert "signed by" in said


def test_a_server_that_is_not_there_is_told(bare: Desk) -> None:
    done = bare.run(
        "connect", "mail", "ada@us.example", "--label", "support", "--host",
        "no-such-host.invalid", "-y",
    )  # fmt: skip
    assert done.returncode == 69
    assert "not found" in done.stderr


def test_known_providers_are_found_without_asking_anyone() -> None:
    (found,) = find_servers("ada@gmail.com", fetch=lambda _url: pytest.fail("asked"))
    assert (found.title, found.incoming.host) == ("Gmail", "imap.gmail.com")
    assert all(one.incoming.port == 993 for one in KNOWN.values())


def test_a_providers_own_record_comes_before_a_guess() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        if "well-known" in url:
            return RECORD
        raise OSError("nothing there")

    first, *guesses = find_servers("Ada@X.example", fetch)
    assert (first.title, first.incoming.host, first.incoming.user) == (
        "X Mail", "imap.x.example", "Ada",
    )  # fmt: skip
    assert first.outgoing is not None
    assert (first.outgoing.host, first.outgoing.tls) == ("smtp.x.example", "starttls")
    assert guesses[0].incoming.host == "imap.x.example"
    assert all(url.startswith("https://") for url in asked)
    assert "Ada" not in list(records_of("Ada@X.example", "x.example"))[-1]


@pytest.mark.parametrize(
    "data",
    [b"", b"no xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>", b"<x>" * 10_000],
)
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_record(data, "a@x.example")


def test_a_record_that_names_no_safe_server_is_none() -> None:
    assert read_record(RECORD.replace(b">SSL<", b">plain<"), "a@x.example") is None
    assert read_record(RECORD.replace(b"imap.%EMAILDOMAIN%", b"evil host"), "a@x.example") is None


@pytest.mark.parametrize("address", ["", "ada", "ada@", "@x.example", "ada@x", "a@x..example"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="no mail address"):
        domain_of(address)


@pytest.mark.parametrize(
    ("domain", "said", "words"),
    [
        ("gmail.com", "[ALERT] Application-specific password required", "app password"),
        ("gmail.com", "[ALERT] IMAP access is disabled for your domain.", "IMAP is off"),
        ("outlook.com", "LOGIN failed.", "--auth microsoft"),
        ("yahoo.com", "[AUTHENTICATIONFAILED] no", "login.yahoo.com"),
        ("web.de", "[AUTHENTICATIONFAILED] no", "IMAP may be off"),
        ("", "Account is not enabled for IMAP use.", "IMAP is off"),
        ("", "BasicAuthBlocked", "takes no password"),
        ("", "[AUTHENTICATIONFAILED] no", ""),
    ],
)
def test_what_a_refused_login_needs_is_said(domain: str, said: str, words: str) -> None:
    servers: Servers | None = KNOWN.get(domain)
    found = advice(servers, said)
    assert words in found
    assert bool(words) == bool(found)


def test_an_account_is_added_and_nothing_else_changes(tmp_path: Path) -> None:
    place = tmp_path / "centric" / "config.toml"
    values = {"address": "a@x.example", "port": 993, "insecure": False, "folders": ("A", 'B"')}
    add_account("one", values, place)
    before = place.read_text()
    add_account("two", {"address": "b@x.example", "outgoing": {"host": "h", "port": 1}}, place)
    assert place.read_text().startswith(before.rstrip())
    found = tomllib.loads(place.read_text())["mail"]
    assert found["one"]["folders"] == ["A", 'B"']
    assert found["two"]["outgoing"] == {"host": "h", "port": 1}
    assert place.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="already"):
        add_account("one", values, place)
    place.write_text("no toml [")
    with pytest.raises(ConfigError, match="not valid TOML"):
        add_account("three", values, place)
    assert place.read_text() == "no toml ["


def test_any_text_is_written_as_toml_reads_it() -> None:
    odd = 'a\x7f\x01"\\\n\t☃'
    assert tomllib.loads(table_of("x", {"name": odd}))["mail"]["x"]["name"] == odd


def test_a_kept_password_is_printed_by_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    program, place = keep_secret("support", "pä ss")
    assert program == "cat"
    assert Path(place).read_text() == "pä ss\n"
    assert os.stat(place).st_mode & 0o777 == 0o600
