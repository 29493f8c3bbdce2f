"""The test server itself: what the other tests rely on."""

from __future__ import annotations

import imaplib
import ssl
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.servers.dovecot import Dovecot

from tests.servers.dovecot import PASSWORD


def test_the_server_delivers_what_was_put_into_a_maildir(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, [b"Subject: one\r\n\r\nhello\r\n"])
    trust = ssl.create_default_context(cafile=str(dovecot.certificates.authority))
    client = imaplib.IMAP4_SSL("localhost", dovecot.tls_port, ssl_context=trust)
    client.login(user, PASSWORD)
    assert client.select("INBOX", readonly=True)[1] == [b"1"]
    client.logout()


def test_the_server_refuses_another_password(dovecot: Dovecot, user: str) -> None:
    client = imaplib.IMAP4("127.0.0.1", dovecot.plain_port)
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        client.login(user, "wrong")
