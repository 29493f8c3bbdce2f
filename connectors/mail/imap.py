"""imaplib2 with a socket that is verified, a reader that is fast, and patience that ends.

imaplib2 speaks the protocol (commands, continuations, IDLE). Three things of it are replaced: how
the socket is opened (its TLS verifies nothing, its connect waits for ever), how bytes become
responses (a queue item for each line makes bulk fetches 13 to 18 times slower than they need be),
and how long it waits (a time limit for each answer, kept by progress). FETCH answers go straight
from the reading thread to whoever fetches.
"""

from __future__ import annotations

import queue
import select
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Literal

import imaplib2

from connectors.contract import ConnectorError, Transient
from connectors.mail.imap_stream import Cutter, Deadline

PORTS = {"tls": 993, "starttls": 143, "none": 143}
# Larger buffers are mapped anew for each read: twice the CPU time.
READ_BYTES = 64 * 1024
POLL_SECONDS = 1.0
_KEEP_ALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))

Tls = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class Account:
    """Where to connect and as whom.

    Attributes:
        tls: TLS from the first byte, after STARTTLS, or none.
        password: For LOGIN or PLAIN; empty where ``token`` is given.
        token: OAuth access token, for XOAUTH2.
        ca_file: PEM file of authorities to trust instead of the system's.
        insecure: Allow ``none`` to other hosts than this one.
        connect_seconds: For the connection, and again for the TLS handshake.
        patience_seconds: How long an answer may take; see `Deadline`.
    """

    host: str
    user: str
    port: int = 0
    tls: Tls = "tls"
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    ca_file: str = ""
    insecure: bool = False
    connect_seconds: float = 20.0
    patience_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """A FETCH has ended: how, in the server's words, or with an error."""

    kind: str
    text: str
    error: bool = False


class Lost(Transient):
    """The connection ended."""


ImapError = imaplib2.IMAP4.error
ImapAbort = imaplib2.IMAP4.abort


class Client(imaplib2.IMAP4):  # type: ignore[misc]  # imaplib2 has no types
    """imaplib2 with our socket, our reader and our patience."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.fetched: queue.SimpleQueue[list[bytes] | Ended] = queue.SimpleQueue()
        self.fault: ConnectorError | None = None
        self.sock: socket.socket  # imaplib2 opens it through `open_socket`
        self.over_tls = False
        # Two threads use the socket, and OpenSSL's state is not made for two at a time.
        self._socket_lock = threading.Lock()
        self._deadline = Deadline(account.patience_seconds)
        self._poll_seconds = min(POLL_SECONDS, account.patience_seconds / 4)
        port = account.port or PORTS[account.tls]
        super().__init__(account.host, port, timeout=None)

    def open_socket(self) -> socket.socket:
        """Connect, and shake hands where TLS comes first."""
        seconds = self._account.connect_seconds
        sock = socket.create_connection((self.host, self.port), seconds)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for name, value in _KEEP_ALIVE:
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        if self._account.tls == "tls":
            sock = self._shake_hands(sock)
        sock.setblocking(False)
        return sock

    def ssl_wrap_socket(self) -> None:
        """Shake hands after STARTTLS; what was said before it does not count."""
        self.untagged_responses: list[object] = []
        sock = self.sock
        sock.settimeout(self._account.connect_seconds)
        sock = self._shake_hands(sock)
        sock.setblocking(False)
        self.sock = sock
        self.read_fd = sock.fileno()

    def _shake_hands(self, sock: socket.socket) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=self._account.ca_file or None)
        try:
            secured = context.wrap_socket(sock, server_hostname=self._account.host)
        except BaseException:
            sock.close()
            raise
        self.over_tls = True
        return secured

    def read(self, size: int) -> bytes | None:
        """Receive what is there; None where nothing is yet, no bytes at the end."""
        with self._socket_lock:
            try:
                return self.sock.recv(size)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
                return None

    def send(self, data: bytes) -> None:
        """Send; the server has its time from now on."""
        self._deadline.asked()
        left = memoryview(data)
        until = time.monotonic() + self._account.patience_seconds
        while left:
            with self._socket_lock:
                try:
                    left = left[self.sock.send(left) :]
                    continue
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
                    pass
            if time.monotonic() > until:
                raise TimeoutError("the server takes no commands")
            _ready(self.read_fd, POLL_SECONDS, writing=True)

    def _log(self, *_: object) -> None:
        """Keep no log of what was said: imaplib2 would print it, passwords included."""

    def _print_log(self) -> None:
        """Print nothing."""

    def _get_capabilities(self) -> None:
        """Take the capabilities from the greeting where they stand there: a round trip less."""
        told = self._get_untagged_response("CAPABILITY")
        if told:
            self.capabilities = tuple(told[-1].decode("latin-1").upper().split())
        else:
            super()._get_capabilities()

    def _reader(self) -> None:
        """Thread: read, cut, and hand on; FETCH answers past imaplib2's queue."""
        threading.current_thread().name = f"{self.identifier}reader"
        cutter = Cutter(self.tagpre)
        try:
            while not self.Terminate:
                if not self._is_readable():
                    self._deadline.check(waiting=bool(self.tagged_commands) and not self.idle_rqb)
                    continue
                data = self.read(1 if self.read_size == 1 else READ_BYTES)
                if data is None:
                    continue
                if not data:
                    raise Lost("The server closed the connection.")
                responses = cutter.feed(data)
                self._deadline.received(len(data), inside=cutter.inside, completed=bool(responses))
                for parts in responses:
                    self._hand_on(parts)
                if responses and self.TerminateReader:
                    return
        except ConnectorError as error:
            self.fault = error
            self.inq.put((self.abort, str(error)))
        except (OSError, ValueError) as error:
            self.fault = Lost(f"The connection was lost: {error}.")
            self.inq.put((self.abort, str(error)))

    def _is_readable(self) -> bool:
        """Wait a moment for bytes; OpenSSL may hold some that the socket no longer has."""
        pending = getattr(self.sock, "pending", None)
        if pending is not None:
            with self._socket_lock:
                if pending():
                    return True
        return _ready(self.read_fd, 0.05 if self.state == "LOGOUT" else self._poll_seconds)

    def _hand_on(self, parts: list[bytes]) -> None:
        first = parts[0]
        # "* 12 FETCH (": a number, then the word.
        if first[:2] == b"* " and first[2:3].isdigit() and b" FETCH (" in first[:30].upper():
            self.fetched.put(parts)
            return
        for part in parts:
            self.inq.put(part)


def _ready(descriptor: int, seconds: float, *, writing: bool = False) -> bool:
    """Wait until a socket can be read from or written to; say whether it can."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT if writing else select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    one = [descriptor]
    read, write, _ = select.select([] if writing else one, one if writing else [], [], seconds)
    return bool(read or write)
