"""One connection to an IMAP server: it logs in, looks at everything, and changes nothing."""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from connectors.contract import AuthError, ConnectorError, Transient
from connectors.mail.imap import Account, Client, Ended, ImapAbort, ImapError, Lost
from connectors.mail.imap_replies import (
    Fetched,
    Folder,
    FolderStatus,
    one_line,
    parse_fetch,
    parse_list,
    parse_status,
    quoted,
    refusal,
)
from connectors.mail.imap_stream import Violation
from connectors.mail.uid_set import MAX_UID, UidSet

POLL_SECONDS = 1.0
LOGOUT_SECONDS = 3.0
# RFC 4549 and large providers: IDLE is issued anew well before half an hour.
IDLE_SECONDS = 9 * 60.0
_STATUS_ITEMS = "MESSAGES UIDNEXT UIDVALIDITY"


@dataclass(frozen=True, slots=True)
class Wish:
    """A FETCH to be sent.

    Attributes:
        uids: What to fetch; never empty.
        items: Such as ``(UID RFC822.SIZE BODY.PEEK[])``; never ``BODY[]``, which sets flags.
    """

    uids: UidSet
    items: str


class ImapConnection:
    """A connection that is logged in; it can look at everything and change nothing."""

    def __init__(self, account: Account) -> None:
        """Connect and log in.

        Raises:
            AuthError: The server refuses user and password; asked once.
            RateLimited: It asks to wait.
            Transient: It cannot be reached, or broke off.
            ConnectorError: It is not to be trusted, or offers nothing that can be used.
        """
        self._account = account
        self._lost = False
        _refuse_plain(account)
        self._client = self._connect()
        try:
            self._secure()
            self._log_in()
        except BaseException:
            self.drop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self.drop()

    # Coming and going

    def _connect(self) -> Client:
        host = self._account.host
        client = Client.__new__(Client)
        try:
            client.__init__(self._account)  # type: ignore[misc]  # what it was told outlives it
            return client
        except ssl.SSLCertVerificationError as error:
            raise ConnectorError(_certificate_sentence(host, error)) from None
        except ssl.SSLError as error:
            raise ConnectorError(
                f"{host} does not speak TLS as it should ({error.reason or error}). "
                'Check the port, or set tls = "starttls".'
            ) from None
        except TimeoutError:
            raise Transient(f"{host} did not answer in time.") from None
        except socket.gaierror as error:
            raise Transient(f"{host} is not found: {error.strerror}.") from None
        except OSError as error:
            raise Transient(f"{host} cannot be reached: {error.strerror or error}.") from None
        except ImapError as error:
            raise self._what_happened(error, client, at_greeting=True) from None

    def _secure(self) -> None:
        """Bring the connection under TLS, and refuse one that claims to need no login."""
        client = self._client
        host = self._account.host
        if self._account.tls == "starttls":
            if client.state != "NONAUTH":
                raise ConnectorError(
                    f"{host} greets as if we were logged in before TLS: somebody may stand between."
                )
            if "STARTTLS" not in client.capabilities:
                raise ConnectorError(f"{host} offers no STARTTLS; the password was not sent.")
            try:
                client.starttls()
            except ssl.SSLCertVerificationError as error:
                raise ConnectorError(_certificate_sentence(host, error)) from None
            except (ssl.SSLError, OSError, ValueError) as error:
                raise ConnectorError(f"TLS with {host} failed: {error}.") from None
            except ImapError as error:
                raise self._what_happened(error) from None
        if self._account.tls != "none" and not client.over_tls:
            raise ConnectorError(f"The connection to {host} is not under TLS.")

    def _log_in(self) -> None:
        account, client = self._account, self._client
        if client.state == "AUTH":
            return
        try:
            if account.token:
                client.authenticate("XOAUTH2", self._xoauth2)
            elif "LOGINDISABLED" in client.capabilities or not _is_plain_text(account):
                self._need("AUTH=PLAIN", "a way to log in with a password")
                client.authenticate("PLAIN", lambda _challenge: self._plain())
            else:
                client.login(client._quote(account.user), account.password)
        except ImapAbort as error:
            raise self._what_happened(error) from None
        except ImapError as error:
            # A BAD quotes the command, and with it the password: only a NO is repeated.
            told = _told(error)
            text = "" if "command error" in told else told
            raise refusal(
                f"{account.host} refused the login of {account.user}", text, at_login=True
            ) from None
        told = client._get_untagged_response("CAPABILITY")
        if told:
            client.capabilities = tuple(told[-1].decode("latin-1").upper().split())
        else:
            client._get_capabilities()

    def _xoauth2(self, challenge: bytes) -> bytes:
        """Answer with the token; an error told as a challenge is answered with nothing."""
        if challenge:
            return b""
        return f"user={self._account.user}\1auth=Bearer {self._account.token}\1\1".encode()

    def _plain(self) -> bytes:
        return f"\0{self._account.user}\0{self._account.password}".encode()

    def _need(self, capability: str, words: str) -> None:
        if capability not in self._client.capabilities:
            raise AuthError(f"{self._account.host} does not offer {words}.")

    def close(self) -> None:
        """Say goodbye, briefly."""
        if self._lost or self._client.Terminate:
            self.drop()
            return
        done = threading.Thread(target=self._say_goodbye, daemon=True)
        done.start()
        done.join(LOGOUT_SECONDS)
        if done.is_alive():
            self.drop()

    def _say_goodbye(self) -> None:
        with contextlib.suppress(Exception):  # it may end in any way; we are leaving
            self._client.logout()

    def drop(self) -> None:
        """End the connection at once; its threads end with it."""
        self._lost = True
        client = self._client
        client.Terminate = True
        with contextlib.suppress(Exception):  # it may be half closed already
            client.sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            client.sock.close()
        client.inq.put(None)
        with contextlib.suppress(queue.Full):
            client.ouq.put_nowait(None)

    # Asking

    @property
    def capabilities(self) -> frozenset[str]:
        """Return what the server can do, upper case."""
        return frozenset(self._client.capabilities)

    def folders(self) -> list[Folder]:
        """Return every folder; with its state where the server tells it in the same breath."""
        able = self.capabilities
        options = ""
        if "LIST-STATUS" in able:
            special = "SPECIAL-USE " if "SPECIAL-USE" in able else ""
            options = f"RETURN ({special}STATUS ({self._status_items()}))"
        elif "SPECIAL-USE" in able and "LIST-EXTENDED" in able:
            options = "RETURN (SPECIAL-USE)"
        arguments = ['""', '"*"', *([options] if options else [])]
        listed = self._ask("LIST", *arguments, untagged="LIST")
        states = dict(filter(None, map(parse_status, self._left("STATUS"))))
        found = []
        for data in listed:
            folder = parse_list(data)
            if folder is not None:
                state = states.get(folder.wire)
                found.append(Folder(folder.wire, folder.name, folder.flags, state))
        return found

    def states(self, folders: Iterable[Folder]) -> dict[bytes, FolderStatus]:
        """Ask for the states of folders, all at once; one that is gone is left out."""
        waiting = []
        for folder in folders:
            waiting.append(self._send("STATUS", quoted(folder.wire), f"({self._status_items()})"))
        for request in waiting:
            with contextlib.suppress(ConnectorError):
                self._answer(request, "STATUS")
        if self._client.fault is not None or self._client.Terminate:
            raise self._what_happened(None)
        return dict(filter(None, map(parse_status, self._left("STATUS"))))

    def examine(self, folder: Folder) -> FolderStatus:
        """Open a folder for reading, and return its state.

        Raises:
            FolderGone: It is not there, or not for us.
        """
        try:
            kind, data = self._client.select(quoted(folder.wire), readonly=True)
        except ImapError as error:
            raise self._what_happened(error) from None
        if kind != "OK":
            raise refusal(f"{folder.name} cannot be opened", _text(data))
        return FolderStatus(
            self._number("UIDVALIDITY"),
            self._number("UIDNEXT"),
            self._number("HIGHESTMODSEQ"),
            _integer(data[-1] if data else None),
        )

    def search(self, first: int, last: int) -> UidSet:
        """Return the UIDs between two, both included, that the open folder has."""
        uids = self._search(f"UID {first}:{last}")
        outside = (
            UidSet([(1, first - 1)] if first > 1 else []),
            UidSet([(last + 1, MAX_UID)] if last < MAX_UID else []),
        )
        for part in outside:
            uids = uids.minus(part)
        return uids

    def search_since(self, day: str) -> UidSet:
        """Return the UIDs that the open folder received since a day, such as ``1-Nov-2026``."""
        return self._search(f"SINCE {day}")

    def _search(self, what: str) -> UidSet:
        if "ESEARCH" in self.capabilities:
            found = self._ask("UID", "SEARCH", f"RETURN (ALL) {what}", untagged="ESEARCH")
            text = _text(found)
            _, marked, rest = text.partition(" ALL ")
            numbers = rest.split(" ")[0] if marked else ""
        else:
            found = self._ask("UID", "SEARCH", what, untagged="SEARCH")
            numbers = ",".join(_text(found).split())
        try:
            return UidSet.parse(numbers)
        except ValueError:
            raise Violation("The server answered a search with what are no UIDs.") from None

    def fetch(
        self, wishes: Iterable[Wish], ahead: int = 2
    ) -> Iterator[tuple[Wish, Fetched | None]]:
        """Fetch, with the next command on its way while one is answered.

        Args:
            wishes: Asked for one by one, as late as can be; see `Wish`.
            ahead: How many commands may be on their way.

        Yields:
            A wish with each answer to it, and with None when it has ended.
        """
        source, sent = iter(wishes), deque[Wish]()
        more = True
        try:
            while more or sent:
                while more and len(sent) < ahead:
                    wish = next(source, None)
                    if wish is None:
                        more = False
                        break
                    self._start(wish)
                    sent.append(wish)
                if not sent:
                    return
                answer = self._client.fetched.get()
                if isinstance(answer, Ended):
                    self._check(answer)
                    yield sent.popleft(), None
                elif (fetched := parse_fetch(answer)) is not None:
                    yield next((one for one in sent if fetched.uid in one.uids), sent[0]), fetched
        except BaseException:
            self._lost = self._lost or bool(sent)  # answers are still on their way
            raise

    def _start(self, wish: Wish) -> None:
        client = self._client

        def ended(told: tuple[Any, Any, Any]) -> None:  # as imaplib2 calls back
            response, _argument, error = told
            if error is not None:
                client.fetched.put(Ended("", str(error[1]), error=True))
            else:
                client.fetched.put(Ended(response[0], _text(response[1])))

        try:
            client._simple_command("UID", "FETCH", str(wish.uids), wish.items, callback=ended)
        except ImapError as error:
            raise self._what_happened(error) from None

    def _check(self, ended: Ended) -> None:
        if ended.error:
            raise self._what_happened(None, said=ended.text)
        if ended.kind != "OK":
            raise refusal("The server refused to send mail", ended.text)

    def idle(self, seconds: float = IDLE_SECONDS) -> bool:
        """Wait until the server reports something; say whether it did.

        Args:
            seconds: At most so long.
        """
        ended = threading.Event()
        faults: list[object] = []

        def end(told: tuple[Any, Any, Any]) -> None:  # as imaplib2 calls back
            if told[2] is not None:
                faults.append(told[2])
            ended.set()

        self._left("EXISTS")
        began = time.monotonic()
        try:
            self._client.idle(timeout=max(1, round(seconds)), callback=end)  # a float is ignored
        except ImapError as error:
            raise self._what_happened(error) from None
        while not ended.wait(POLL_SECONDS):
            overdue = max(1.0, seconds) + self._account.patience_seconds + POLL_SECONDS
            if time.monotonic() - began > overdue:
                raise Lost("The server no longer answers.")
        if faults or self._client.Terminate:
            raise self._what_happened(None)
        return bool(self._left("EXISTS"))

    # Answers

    def _status_items(self) -> str:
        return (
            f"{_STATUS_ITEMS} HIGHESTMODSEQ" if "CONDSTORE" in self.capabilities else _STATUS_ITEMS
        )

    def _send(self, name: str, *arguments: str | bytes) -> Any:  # a request of imaplib2
        try:
            return self._client._command(name, *arguments)
        except ImapError as error:
            raise self._what_happened(error) from None

    def _answer(self, request: Any, what: str) -> None:  # a request of imaplib2
        try:
            kind, data = request.get_response("%s")
        except ImapError as error:
            raise self._what_happened(error) from None
        if kind != "OK":
            raise refusal(f"The server refused {what}", _text(data))

    def _ask(self, name: str, *arguments: str | bytes, untagged: str) -> list[Any]:
        """Ask, wait, and return the untagged answers: bytes, or a line and its literal."""
        self._left(untagged)
        self._answer(self._send(name, *arguments), name)
        return self._left(untagged)

    def _left(self, name: str) -> list[Any]:
        """Take the untagged answers of a name that came so far."""
        found: list[Any] = []
        while (data := self._client._get_untagged_response(name)) is not None:
            found.extend(data)
        return found

    def _number(self, name: str) -> int:
        found = self._left(name)
        return _integer(found[-1]) if found else 0

    def _what_happened(
        self,
        error: ImapError | None,
        client: Client | None = None,
        *,
        said: str = "",
        at_greeting: bool = False,
    ) -> ConnectorError:
        """Return the error that a failure of imaplib2 stands for."""
        client = client or self._client
        self._lost = True
        host = self._account.host
        bye = client._get_untagged_response("BYE", leave=True)
        if bye:
            found = refusal(f"{host} closed the connection", _text(bye))
            return found if not isinstance(found, AuthError) else Transient(str(found))
        if client.fault is not None:
            return client.fault
        if at_greeting:
            return ConnectorError(f"{host} does not greet as a mail server does.")
        told = said or _told(error)
        return Lost(f"The connection to {host} ended: {one_line(told) or 'no reason was given'}.")


def _refuse_plain(account: Account) -> None:
    """Refuse to send a password in the open, except to this machine or where it was allowed.

    Raises:
        ConnectorError: It would be.
    """
    if account.tls != "none" or account.insecure or _is_loopback(account.host):
        return
    raise ConnectorError(
        f"The connection to {account.host} would not be encrypted: set tls to “tls” or “starttls”, "
        "or insecure = true for a network that you trust."
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_plain_text(account: Account) -> bool:
    return all(32 <= ord(letter) < 127 for letter in account.user + account.password)


def _certificate_sentence(host: str, error: ssl.SSLCertVerificationError) -> str:
    reason = one_line(error.verify_message or "it cannot be verified").rstrip(".")
    return (
        f"The certificate of {host} is not to be trusted: {reason}. "
        "Nothing was sent. If it is your own server, name its authority with ca_file."
    )


def _text(data: object) -> str:
    """Return what the server said, of whatever shape imaplib2 hands it over in."""
    parts = data if isinstance(data, list | tuple) else [data]
    return " ".join(
        part.decode("utf-8", "replace") if isinstance(part, bytes) else _text(part)
        for part in parts
        if isinstance(part, bytes | tuple)
    )


def _told(error: ImapError | None) -> str:
    if error is None or not error.args:
        return ""
    told = error.args[0]
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)


def _integer(data: object) -> int:
    text = _text(data).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else 0
