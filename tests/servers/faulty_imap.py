"""An IMAP server on loopback that does one thing wrong, on purpose, as often as it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field

CAPABILITIES = "IMAP4rev1 IDLE ESEARCH CONDSTORE LIST-STATUS SPECIAL-USE"
VALIDITY = 7


def message(number: int, size: int = 600) -> bytes:
    """Return a mail with its number in it."""
    head = (
        f"From: Ada Moreno <ada{number}@moreno.example>\r\nTo: support@us.example\r\n"
        f"Subject: Letter {number}\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
        f"Message-ID: <letter{number}@moreno.example>\r\n\r\n"
    ).encode()
    line = b"The printer on floor %d hums again.\r\n" % number
    return head + line * max(1, (size - len(head)) // len(line))


@dataclass
class Plan:
    """What the server holds and what it does wrong.

    Attributes:
        mode: Which fault; empty for none.
        troubled: UIDs whose FETCH goes wrong; empty for all.
        times: How often it goes wrong before it goes right.
        folders: Name to UID to message.
        said: Sizes that it states wrongly, by UID.
    """

    mode: str = ""
    messages: dict[int, bytes] = field(default_factory=dict)
    troubled: frozenset[int] = frozenset()
    times: int = 1_000_000
    capabilities: str = CAPABILITIES
    sizes: Mapping[int, int] = field(default_factory=dict)
    names: tuple[str, ...] = ("INBOX",)
    received: str = "02-Nov-2026 10:00:00 +0000"
    pem: str = ""
    tls: bool = False


class Hangup(Exception):
    """Close the connection."""


class FaultyImap:
    """The server; ``commands`` is what it was asked, each connection counted."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.port = 0
        self.connections = 0
        self.commands: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> FaultyImap:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def asked(self, word: str) -> int:
        """Return how many commands hold a word."""
        return sum(word in command for command in self.commands)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        context = self._context() if self.plan.tls else None
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
            with contextlib.suppress(BaseException):
                self._loop.run_until_complete(task)
        self._loop.close()

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.plan.pem)
        return context

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(
            Hangup, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError
        ):
            await _Session(self, reader, writer).serve()
        with contextlib.suppress(Exception):
            writer.close()


class _Session:
    def __init__(
        self, server: FaultyImap, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server, self.plan = server, server.plan
        self.reader, self.writer = reader, writer
        self.tag = b""

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def ok(self, text: str = "done") -> None:
        await self.say(self.tag + b" OK " + text.encode() + b"\r\n")

    async def no(self, text: str) -> None:
        await self.say(self.tag + b" NO " + text.encode() + b"\r\n")

    async def serve(self) -> None:
        greetings = {
            "byegreet": b"* BYE Too many connections from your address\r\n",
            "preauth": b"* PREAUTH welcome back\r\n",
            "nonsensegreet": b"HTTP/1.1 400 Bad Request\r\n\r\n",
        }
        if self.plan.mode == "silent":
            await asyncio.sleep(3600)
        await self.say(greetings.get(self.plan.mode, b"* OK ready\r\n"))
        while line := await self.reader.readline():
            self.tag, _, rest = line.strip().partition(b" ")
            command = rest.decode("latin-1")
            self.server.commands.append(command.split(" ")[0] if "LOGIN" in command else command)
            await self._obey(command.split(" ")[0].upper(), command)

    async def _obey(self, word: str, command: str) -> None:
        mode = self.plan.mode
        if word == "CAPABILITY":
            await self.say(b"* CAPABILITY " + self.plan.capabilities.encode() + b"\r\n")
            await self.ok()
        elif word == "STARTTLS":
            await self._start_tls()
        elif word == "LOGIN":
            await self._log_in()
        elif word == "LIST":
            for name in self.plan.names:
                await self.say(b'* LIST () "/" "' + name.encode("utf-8") + b'"\r\n')
                if "STATUS" in command:
                    await self.say(b"* STATUS " + self._status(name))
            await self.ok()
        elif word == "STATUS":
            await self.say(b"* STATUS " + self._status(command.split('"')[1]))
            await self.ok()
        elif word == "EXAMINE":
            await self._examine()
        elif word == "UID" and " SEARCH " in command:
            await self._search(command)
        elif word == "UID":
            await self._fetch(command)
        elif word == "IDLE":
            await self.say(b"+ idling\r\n")
            if mode == "idledeath":
                await asyncio.sleep(3600)
            await self.reader.readline()
            await self.ok()
        elif word == "LOGOUT":
            await self.say(b"* BYE\r\n")
            await self.ok()
            raise Hangup
        else:
            await self.ok()

    async def _start_tls(self) -> None:
        injected = b"* CAPABILITY IMAP4rev1 INJECTED\r\n" if self.plan.mode == "injection" else b""
        await self.say(self.tag + b" OK go\r\n" + injected)
        await self.writer.start_tls(self.server._context())

    async def _log_in(self) -> None:
        refusals = {
            "authfail": "[AUTHENTICATIONFAILED] nope",
            "limit": "[LIMIT] Too many simultaneous connections",
            "unavailable": "[UNAVAILABLE] Temporary failure",
            "throttled": "Request is throttled. Suggested Backoff Time: 299000 milliseconds",
        }
        if self.plan.mode == "byelogin":
            await self.say(b"* BYE going down\r\n")
            raise Hangup
        if self.plan.mode in refusals:
            await self.no(refusals[self.plan.mode])
        elif self.plan.mode == "badlogin":
            await self.say(self.tag + b" BAD what did you say\r\n")
        else:
            await self.ok()

    def _status(self, name: str) -> bytes:
        messages = self.plan.messages if name == self.plan.names[0] else {}
        return (
            f'"{name}" (MESSAGES {len(messages)} UIDNEXT {max(messages, default=0) + 1} '
            f"UIDVALIDITY {VALIDITY} HIGHESTMODSEQ 9)\r\n"
        ).encode()

    async def _examine(self) -> None:
        if self.plan.mode == "overquota":
            await self.no("[OVERQUOTA] Account exceeded command or bandwidth limits.")
            return
        messages = self.plan.messages
        await self.say(
            f"* {len(messages)} EXISTS\r\n* OK [UIDVALIDITY {VALIDITY}]\r\n"
            f"* OK [UIDNEXT {max(messages, default=0) + 1}]\r\n".encode()
        )
        await self.ok("[READ-ONLY] done")

    async def _search(self, command: str) -> None:
        first, _, last = command.rsplit(" ", 1)[1].partition(":")
        found = [uid for uid in sorted(self.plan.messages) if int(first) <= uid <= int(last)]
        if "RETURN" in command:
            every = " ALL " + ",".join(map(str, found)) if found else ""
            await self.say(b'* ESEARCH (TAG "' + self.tag + b'") UID' + every.encode() + b"\r\n")
        else:
            await self.say(" ".join(["* SEARCH", *map(str, found)]).encode() + b"\r\n")
        await self.ok()

    async def _fetch(self, command: str) -> None:
        wanted = []
        for part in command.split(" ")[2].split(","):
            first, _, last = part.partition(":")
            low, high = int(first), int(last or first)
            wanted += [uid for uid in sorted(self.plan.messages) if low <= uid <= high]
        partial = re.search(r"<(\d+)\.(\d+)>", command)
        fields = "HEADER.FIELDS" in command
        for uid in wanted:
            whole = self.plan.messages[uid]
            body = whole
            if fields:
                found = re.search(rb"(?im)^message-id:.*\r\n", whole)
                body = (found[0] if found else b"") + b"\r\n"
            offset = int(partial[1]) if partial else 0
            if partial and not fields:
                body = body[offset : offset + int(partial[2])]
            size = self.plan.sizes.get(uid, len(whole))
            section = "[HEADER.FIELDS (MESSAGE-ID)]" if fields else "[]"
            origin = f"<{offset}>" if partial else ""
            head = f"* {uid} FETCH (UID {uid} RFC822.SIZE {size} "
            head += f'INTERNALDATE "{self.plan.received}" BODY{section}{origin} '
            wrong = not self.plan.troubled or uid in self.plan.troubled
            fault = _FAULTS.get(self.plan.mode) if wrong and self.plan.times > 0 else None
            if fault is not None:
                self.plan.times -= 1
                await fault(self, head.encode(), body)
            else:
                await self.say(head.encode() + b"{%d}\r\n" % len(body) + body + b")\r\n")
        await self.ok()


async def _drop(one: _Session, head: bytes, body: bytes) -> None:
    await one.say(head + b"{%d}\r\n" % len(body) + body[: len(body) // 2])
    raise Hangup


async def _stall(one: _Session, head: bytes, body: bytes) -> None:
    await one.say(head + b"{%d}\r\n" % len(body) + body[: len(body) // 2])
    await asyncio.sleep(3600)


async def _too_big(one: _Session, head: bytes, body: bytes) -> None:
    await one.say(head + b"{%d}\r\n" % (len(body) + 5000) + body + b")\r\n")
    await one.ok()
    await asyncio.sleep(3600)


async def _too_small(one: _Session, head: bytes, body: bytes) -> None:
    await one.say(head + b"{%d}\r\n" % (len(body) - 100) + body + b")\r\n")


async def _short(one: _Session, head: bytes, body: bytes) -> None:
    await one.say(head + b"{%d}\r\n" % (len(body) - 100) + body[:-100] + b")\r\n")


async def _huge(one: _Session, head: bytes, body: bytes) -> None:
    await one.say(head + b"{99999999999}\r\n" + body + b")\r\n")


async def _long_line(one: _Session, head: bytes, body: bytes) -> None:
    await one.say(head + b"X " + b"a" * 3_000_000 + b")\r\n")


async def _nonsense(one: _Session, head: bytes, body: bytes) -> None:
    await one.say(b"\x00\xff\xfe garbage\r\n" + head + b"{%d}\r\n" % len(body) + body + b")\r\n")


async def _bye(one: _Session, head: bytes, body: bytes) -> None:
    await one.say(b"* BYE Server shutting down\r\n")
    raise Hangup


async def _slow(one: _Session, head: bytes, body: bytes) -> None:
    await one.say(head + b"{%d}\r\n" % len(body))
    for place in range(len(body)):
        await one.say(body[place : place + 1])
        await asyncio.sleep(0.05)
    await one.say(b")\r\n")


async def _patient(one: _Session, head: bytes, body: bytes) -> None:
    """Send slowly, as a thin line does: 4 kB a second."""
    await one.say(head + b"{%d}\r\n" % len(body))
    for place in range(0, len(body), 400):
        await one.say(body[place : place + 400])
        await asyncio.sleep(0.1)
    await one.say(b")\r\n")


async def _nil(one: _Session, head: bytes, body: bytes) -> None:
    await one.say(head + b"NIL)\r\n")


Fault = Callable[[_Session, bytes, bytes], Awaitable[None]]

_FAULTS: dict[str, Fault] = {
    "drop": _drop,
    "stall": _stall,
    "toobig": _too_big,
    "toosmall": _too_small,
    "short": _short,
    "hugeliteral": _huge,
    "longline": _long_line,
    "nonsense": _nonsense,
    "bye": _bye,
    "slowloris": _slow,
    "thinline": _patient,
    "nil": _nil,
}


@contextlib.contextmanager
def faulty(plan: Plan) -> Iterator[FaultyImap]:
    """Run a server for as long as the block lasts."""
    with FaultyImap(plan) as server:
        yield server
