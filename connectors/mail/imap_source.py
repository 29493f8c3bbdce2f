"""Pull a mailbox from its server: the newest first, each message once, on from any place."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from connectors.contract import (
    Context,
    Entry,
    Item,
    Place,
    Progress,
    Quarantined,
    RateLimited,
    Recognised,
    State,
    Transient,
)
from connectors.mail import limits, reader
from connectors.mail.dates import parse_date
from connectors.mail.imap import Account, Tls
from connectors.mail.imap_connection import ImapConnection, Wish
from connectors.mail.imap_cursor import Cursor, Read
from connectors.mail.imap_folders import choose_folders
from connectors.mail.imap_replies import Fetched, Folder, FolderGone, FolderStatus
from connectors.mail.uid_set import MAX_UID, UidSet

# An agent can work once these of each folder are there; the years before come after them.
NEWEST = 300
FIRST_BATCH, BATCH = 20, 100
# Nearly every letter is smaller; a larger one is asked for again in pieces.
HEAD_BYTES = 256 * 1024
PIECE_BYTES = 1024 * 1024
CHECKPOINT_SECONDS = 1.0
CHECKPOINT_MESSAGES = 1_000
CHECKPOINT_BYTES = 8 * 1024 * 1024
LEG_MESSAGES = 2_000
# So often a message that the server does not give is asked for, each time by itself.
TRIES = 3
RECONNECTS = 3
POLL_SECONDS = 120.0
# A worker that waits for mail ends after so long, so that the next one logs in with a new token.
WATCH_SECONDS = 45 * 60.0
SEARCH_UIDS = 100_000
# Google closes an account for a day after 2.5 GB.
GMAIL_DAY_BYTES = 2_000_000_000
_GMAIL = "X-GM-EXT-1"


@dataclass(slots=True)
class _Task:
    """Some of a folder that is to be read."""

    folder: Folder
    status: FolderStatus
    uids: UidSet
    last: bool


@dataclass(slots=True)
class _Since:
    """What was yielded since the last checkpoint."""

    messages: int = 0
    size: int = 0
    at: float = field(default_factory=time.monotonic)


class _ImapSource:
    """The connector ``imap``."""

    name = "imap"
    sets_aside = True

    def recognise(self, path: str, head: bytes) -> Recognised | None:
        """Return None: a server is no file."""
        return None

    def pull(self, context: Context) -> Iterator[Item]:
        """Yield what the account holds after the cursor; see `settings_of` for the settings.

        Raises:
            AuthError: The login was refused; it was tried once.
            RateLimited: The server or its operator asks to wait.
            Transient: The connection broke more often than it brought anything.
            ConnectorError: The server is not to be trusted.
        """
        yield from _Pull(context).run()


connector = _ImapSource()


def account_of(settings: Mapping[str, str], secret: str) -> Account:
    """Return where to connect, from a source's settings and its secret."""
    token = settings.get("auth") == "xoauth2"
    return Account(
        host=settings.get("host", ""),
        user=settings.get("user", ""),
        port=int(settings.get("port") or 0),
        tls=cast(Tls, settings.get("tls") or "tls"),
        password="" if token else secret,
        token=secret if token else "",
        ca_file=settings.get("ca_file", ""),
        insecure=settings.get("insecure") == "true",
        connect_seconds=float(settings.get("connect_seconds") or 20.0),
        patience_seconds=float(settings.get("patience_seconds") or 60.0),
    )


def patterns_of(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folder patterns of a source's settings, a line each."""
    return tuple(filter(None, settings.get("folders", "").split("\n")))


def find_uids(connection: ImapConnection, status: FolderStatus) -> UidSet:
    """Return every UID of the open folder; asked in ranges where the answer could be too long."""
    last = status.next - 1 if status.next else MAX_UID
    if last < 1 or not status.exists:
        return UidSet()
    if "ESEARCH" in connection.capabilities or status.exists <= SEARCH_UIDS:
        return connection.search(1, last)
    step = max(SEARCH_UIDS, last // max(1, status.exists) * SEARCH_UIDS)
    found = UidSet()
    for first in range(1, last + 1, step):
        for start, end in connection.search(first, min(first + step - 1, last)).ranges():
            found.add(start, end)
    return found


class _Pull:
    """One pull of an account."""

    def __init__(self, context: Context) -> None:
        self._settings = context.settings
        self._account = account_of(context.settings, context.secret)
        self._label = context.settings.get("account") or self._account.user
        self._cursor = Cursor(context.cursor)
        self._watch = context.settings.get("watch") == "true"
        self._since = _Since()
        self._done = self._total = 0
        self._count = FIRST_BATCH
        self._gmail = False
        self._fresh = 0  # answers since the last reconnection

    def run(self) -> Iterator[Item]:
        """Read everything, and then wait for more where that is wanted."""
        until = time.monotonic() + WATCH_SECONDS
        failures = 0
        while True:
            self._fresh = 0
            try:
                with ImapConnection(self._account) as connection:
                    yield from self._pass(connection)
                    if not self._watch:
                        return
                    yield from self._wait(connection, until)
                    return
            except RateLimited:
                yield from self._checkpoint()
                raise
            except Transient:
                failures = 1 if self._fresh else failures + 1
                yield from self._checkpoint()
                if failures > RECONNECTS or not self._knows_culprit():
                    raise

    def _knows_culprit(self) -> bool:
        """Say whether another connection may get further: some message was in the way."""
        return any(read.owed for read in self._cursor.folders.values())

    def _wait(self, connection: ImapConnection, until: float) -> Iterator[Item]:
        """Wait for mail, look when there may be some, until the worker has lived long enough."""
        interval = float(self._settings.get("poll_seconds") or POLL_SECONDS)
        inbox = next(
            (one for one in self._folders(connection) if one.name.upper() == "INBOX"), None
        )
        while time.monotonic() < until:
            yield Progress(self._done, self._total, "entries")
            if inbox is not None and "IDLE" in connection.capabilities:
                connection.examine(inbox)
                # What came between the last look and now would not be reported.
                if self._cursor.of(inbox).is_current(connection.states([inbox]).get(inbox.wire)):
                    connection.idle(interval)
            else:
                time.sleep(interval)
            yield from self._pass(connection)

    def _folders(self, connection: ImapConnection) -> list[Folder]:
        self._gmail = _GMAIL in connection.capabilities
        listed = connection.folders()
        return choose_folders(listed, patterns_of(self._settings), gmail=self._gmail)

    def _pass(self, connection: ImapConnection) -> Iterator[Item]:
        """Read what is new in every folder: some of each first, then the rest."""
        folders = self._folders(connection)
        self._cursor.keep(folders)
        unknown = [one for one in folders if one.status is None]
        states = connection.states(unknown) if unknown else {}
        changed: list[tuple[Folder, FolderStatus | None]] = []
        for folder in folders:
            told = folder.status or states.get(folder.wire)
            if not self._cursor.of(folder).is_current(told):
                changed.append((folder, told))
        self._expect(changed)
        rest: list[_Task] = []
        for folder, _told in changed:
            try:
                status = connection.examine(folder)
            except FolderGone:
                continue
            newest, older = self._plan(connection, folder, status)
            yield from self._read(connection, newest, opened=True)
            rest += [older] if older is not None else []
        for task in rest:
            yield from self._read(connection, task, opened=len(changed) == 1)
        yield from self._checkpoint()

    def _expect(self, changed: list[tuple[Folder, FolderStatus | None]]) -> None:
        """Reckon how much there is to read."""
        self._done = self._total = 0
        for folder, told in changed:
            read = self._cursor.of(folder)
            if told is not None:
                known = len(read.read) if read.validity == told.validity else 0
                if read.validity == told.validity and read.exists:
                    known = read.exists
                self._total += max(0, told.exists - known)

    def _plan(
        self, connection: ImapConnection, folder: Folder, status: FolderStatus
    ) -> tuple[_Task, _Task | None]:
        """Say what of the open folder is to be read, the newest apart from the rest."""
        read = self._cursor.of(folder)
        read.begin(status)
        present = find_uids(connection, status)
        missing = present.minus(read.read)
        read.owed = {uid: tries for uid, tries in read.owed.items() if uid in missing}
        if len(missing) <= NEWEST:
            return _Task(folder, status, missing, last=True), None
        newest = UidSet.of(_first(missing.newest_first(), NEWEST))
        rest = _Task(folder, status, missing.minus(newest), last=True)
        return _Task(folder, status, newest, last=False), rest

    def _read(
        self, connection: ImapConnection, task: _Task, *, opened: bool = False
    ) -> Iterator[Item]:
        """Read some of a folder, and note when nothing of it is left."""
        read = self._cursor.of(task.folder)
        if not opened and task.uids:
            try:
                if connection.examine(task.folder).validity != task.status.validity:
                    return  # it was made anew meanwhile: the next pass looks at it
            except FolderGone:
                return
        waiting = task.uids.minus(UidSet.of(read.owed))
        while waiting:
            leg = UidSet.of(_first(waiting.newest_first(), LEG_MESSAGES))
            waiting = waiting.minus(leg)
            yield from self._leg(connection, task, leg)
        for uid in sorted(read.owed, reverse=True):
            if uid in task.uids:
                yield from self._ask_for_one(connection, task, uid)
        if task.last and not read.owed:
            read.end(task.status)

    def _leg(self, connection: ImapConnection, task: _Task, uids: UidSet) -> Iterator[Item]:
        """Read some messages in batches, and the large ones among them in pieces afterwards."""
        read = self._cursor.of(task.folder)
        large: list[Fetched] = []
        left = deque(uids.newest_first())
        asked: deque[set[int]] = deque()
        items = f"(UID RFC822.SIZE INTERNALDATE{self._extra()} BODY.PEEK[]<0.{HEAD_BYTES}>)"

        def wishes() -> Iterator[Wish]:
            while left:
                batch = [left.popleft() for _ in range(min(self._count, len(left)))]
                self._count = min(BATCH, self._count * 2)
                asked.append(set(batch))
                yield Wish(UidSet.of(batch), items)

        try:
            for _wish, answer in connection.fetch(wishes()):
                if answer is None:
                    for uid in asked.popleft():
                        self._owe(read, uid)
                    yield from self._checkpoint_if_due()
                    continue
                waiting = next((batch for batch in asked if answer.uid in batch), None)
                if answer.body is None or waiting is None:
                    continue
                waiting.discard(answer.uid)
                self._count_bytes(len(answer.body))
                if len(answer.body) == answer.size and answer.origin == 0:
                    yield self._message(task, read, answer)
                else:
                    large.append(replace(answer, body=None))
        except Transient:
            # The server answers in its own order, mostly from the lowest up: one of these broke it.
            suspects = next((batch for batch in asked if batch), None)
            if suspects:
                self._owe(read, min(suspects))
            raise
        for answer in large:
            yield from self._in_pieces(connection, task, read, answer)

    def _ask_for_one(self, connection: ImapConnection, task: _Task, uid: int) -> Iterator[Item]:
        """Ask once more for a message that the server did not give; set it aside at last."""
        read = self._cursor.of(task.folder)
        if read.owed.get(uid, 0) >= TRIES:
            yield self._stub(task, read, uid, "The server lists it but does not send it whole.")
            return
        yield from self._leg(connection, task, UidSet.of([uid]))
        if uid in read.owed and not connection.search(uid, uid):
            read.owed.pop(uid)  # it was taken away meanwhile
            read.read.add(uid, uid)

    def _owe(self, read: Read, uid: int) -> None:
        read.owed[uid] = read.owed.get(uid, 0) + 1

    def _extra(self) -> str:
        return " X-GM-MSGID X-GM-THRID X-GM-LABELS" if self._gmail else ""

    def _in_pieces(
        self, connection: ImapConnection, task: _Task, read: Read, head: Fetched
    ) -> Iterator[Item]:
        """Read a message piece by piece until the server has no more of it.

        RFC822.SIZE is an estimate on some servers: the end is where nothing comes any more, and a
        size that was not kept is noted.
        """
        body, note = bytearray(), ""
        if head.size > limits.MESSAGE_BYTES:
            begun = self._piece(connection, head.uid, 0, limits.QUARANTINE_BYTES)
            reason = limits.too_large(head.size)
            yield self._stub(task, read, head.uid, reason, begun or b"")
            return
        while True:
            try:
                piece = self._piece(connection, head.uid, len(body), PIECE_BYTES)
            except Transient:
                self._owe(read, head.uid)
                raise
            if piece is None:
                self._owe(read, head.uid)
                return
            body += piece
            self._count_bytes(len(piece))
            if not piece or len(body) == head.size or len(body) > limits.MESSAGE_BYTES:
                break
        if len(body) != head.size:
            note = (
                f"The server stated {head.size:,} bytes and sent {len(body):,}: "
                "something may be missing."
            )
        yield self._message(task, read, replace(head, body=bytes(body)), note)

    def _piece(self, connection: ImapConnection, uid: int, start: int, size: int) -> bytes | None:
        """Return a piece of a message; empty after its end, None where the server sends none."""
        found: bytes | None = None
        wish = Wish(UidSet.of([uid]), f"(UID BODY.PEEK[]<{start}.{size}>)")
        for _wish, answer in connection.fetch([wish]):
            if answer is not None and answer.uid == uid and answer.body is not None:
                found = answer.body if answer.origin == start else found
        return found

    def _message(self, task: _Task, read: Read, answer: Fetched, note: str = "") -> Item:
        """Turn what was received into an entry, or what stands for one."""
        where = f"{self._label} {task.folder.name}, message {answer.uid}"
        place = Place(task.folder.name, task.status.validity, answer.uid, answer.labels)
        item = reader.read_message(
            answer.body or b"", where, envelope=_envelope(answer.received), note=note
        )
        if answer.thread.isdigit() and isinstance(item, Entry):
            hint = f"gmail {answer.thread}"
            item = replace(item, hints=tuple(dict.fromkeys((*item.hints, hint))))
        self._took(read, answer.uid, answer.size)
        return replace(item, place=place)

    def _stub(
        self, task: _Task, read: Read, uid: int, reason: str, raw: bytes = b""
    ) -> Quarantined:
        """Return what stands for a message that could not be had."""
        place = Place(task.folder.name, task.status.validity, uid)
        identity = f"unread#{self._label} {task.folder.name} {task.status.validity} {uid}"
        where = f"{self._label} {task.folder.name}, message {uid}"
        self._took(read, uid, len(raw))
        return Quarantined(identity, where, reason, raw, place)

    def _took(self, read: Read, uid: int, size: int) -> None:
        read.read.add(uid, uid)
        read.owed.pop(uid, None)
        self._fresh += 1
        self._done += 1
        self._since.messages += 1
        self._since.size += max(0, size)

    def _count_bytes(self, size: int) -> None:
        day = int(time.time() // 86_400)
        if self._cursor.count(day, size) > GMAIL_DAY_BYTES and self._gmail:
            raise RateLimited(
                "Google gives 2.5 GB a day and then closes the account: the rest comes tomorrow.",
                (day + 1) * 86_400 - time.time(),
            )

    def _checkpoint_if_due(self) -> Iterator[Item]:
        since = self._since
        if (
            since.messages >= CHECKPOINT_MESSAGES
            or since.size >= CHECKPOINT_BYTES
            or time.monotonic() - since.at >= CHECKPOINT_SECONDS
            or self._done <= FIRST_BATCH
        ):
            yield from self._checkpoint()

    def _checkpoint(self) -> Iterator[Item]:
        yield State(str(self._cursor))
        yield Progress(self._done, max(self._done, self._total), "entries")
        self._since = _Since()


def _first(uids: Iterator[int], count: int) -> list[int]:
    return [uid for uid, _ in zip(uids, range(count), strict=False)]


def _envelope(received: str) -> str:
    """Return INTERNALDATE as an mbox line states it: a last witness for the date."""
    moment = parse_date(received.replace("-", " ", 2)) if received else None
    if moment is None:
        return ""
    return time.strftime("From - %a %b %d %H:%M:%S %Y", time.gmtime(moment.at / 1000))
