"""Slack exports: a zip file, or the folder it was unpacked to.

An entry's id is ``channel:ts``. A thread is a conversation; messages outside threads are grouped:
the messages of one channel and one day file that follow each other within four hours are a
conversation that is named after the first of them. Exports begin and end between day files, so the
names are the same in every export that holds the day.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec

from connectors.archive import Archive, DamagedMember, fingerprint, open_archive
from connectors.chat.slack_export import (
    MAX_DAY_BYTES,
    DayFile,
    Workspace,
    layout,
    record,
    records,
    workspace,
)
from connectors.chat.slack_message import Message, Place, milliseconds, to_entry
from connectors.contract import (
    BadFile,
    Context,
    Entry,
    Item,
    Progress,
    Quarantined,
    Recognised,
    State,
)

# A pause after which the next message outside a thread is likely about something else.
SILENCE_MS = 4 * 60 * 60 * 1000
RAW_RECORD_BYTES = 1 << 20
NETWORK = "slack:"


class SlackExport:
    """Reads Slack exports; see `connectors.contract.Connector`."""

    name = "slack"

    def recognise(self, path: str, head: bytes) -> Recognised | None:
        """Say whether a zip file or folder is a Slack export.

        Raises:
            BadFile: It is a zip file that is broken or hostile, or an export without a team id.
        """
        if head and not head.startswith(b"PK"):
            return None
        if not head and not _looks_unpacked(path):
            return None
        with open_archive(path) as archive:
            found = layout(archive)
            if found is None:
                return None
            team = workspace(archive, found).team
            network = NETWORK + team
            size = sum(day.member.size for day in found.days)
            return Recognised(
                "slack", "Slack export", network, needs_zone=False, size=size, network=network
            )

    def pull(self, context: Context) -> Iterator[Item]:
        """Yield the messages, channel by channel and day by day; see `Connector.pull`."""
        with open_archive(context.path) as archive:
            found = layout(archive)
            if found is None:
                raise BadFile(f"{os.path.basename(context.path)} is not a Slack export.")
            stated = context.settings.get("network", "")
            team = stated.removeprefix(NETWORK) if stated.startswith(NETWORK) else ""
            known = workspace(archive, found, team)
            total = sum(day.member.size for day in found.days)
            mark = fingerprint(archive.members)
            after = _after(context.cursor, mark)
            if not after and not context.survey:
                for _ in archive.verify():
                    yield Progress(0, total)
            done = 0
            for day in found.days:
                done += day.member.size
                if (day.folder, day.day) <= after:
                    continue
                yield from _day(archive, day, known)
                yield State(f"{mark}/{day.folder}/{day.day}")
                yield Progress(done, total)


def _looks_unpacked(path: str) -> bool:
    """Tell whether a folder has an index of a Slack export at its top."""
    with os.scandir(path) as entries:
        for count, entry in enumerate(entries):
            if entry.name in ("users.json", "org_users.json", "channels.json"):
                return True
            if count > 10_000:
                return False
    return False


def _after(cursor: str, mark: str) -> tuple[str, ...]:
    """Return the folder and day that were read last; nothing where the archive is another one."""
    made_for, _, place = cursor.partition("/")
    if made_for != mark:
        return ()
    folder, _, day = place.rpartition("/")
    return (folder, day)


def _day(archive: Archive, day: DayFile, known: Workspace) -> Iterator[Entry | Quarantined]:
    """Yield the messages of one day file, each once; a broken file or message is set aside."""
    channel = known.channel_ids.get(day.folder, day.folder)
    try:
        payload = archive.read(day.member, MAX_DAY_BYTES)
    except DamagedMember as error:
        yield Quarantined(f"{channel}:{day.day}", day.member.name, str(error))
        return
    try:
        raws = records(payload)
    except ValueError as error:
        reason = f"This day of #{day.folder} cannot be read: {error}."
        yield Quarantined(f"{channel}:{day.day}", day.member.name, reason, payload)
        return
    grouping = _Grouping(channel, day.folder, known)
    seen: set[str] = set()
    for number, raw in enumerate(raws):
        try:
            message = record(raw, Message)
            milliseconds(message.ts)
            if message.ts in seen or message.hidden:
                continue
            seen.add(message.ts)
            yield to_entry(message, grouping.place(message), known)
        except ValueError as error:
            yield Quarantined(
                f"{channel}:{day.day}:{number}",
                f"{day.member.name}, message {number + 1}",
                f"This message cannot be read: {error}.",
                _raw_bytes(raw),
            )


class _Grouping:
    """Names the conversation of each message of one day file, in order."""

    def __init__(self, channel: str, folder: str, known: Workspace) -> None:
        name = known.channel_names.get(channel, "")
        self._channel = channel
        direct = channel.startswith("D") and not name
        self._subject = "Direct message" if direct else f"#{name or folder}"
        self._prefix = f"{NETWORK}{known.team}:{channel}"
        self._group = ""
        self._last = 0

    def place(self, message: Message) -> Place:
        """Return where a message stands."""
        root = message.thread_root()
        if message.is_event():
            # What happened to the channel starts no conversation and keeps none alive.
            thread = self._prefix
        elif root:
            thread = f"{self._prefix}:{root}"
        else:
            at = milliseconds(message.ts)
            if not self._group or at - self._last > SILENCE_MS:
                self._group = message.ts
            self._last = at
            thread = f"{self._prefix}:{self._group}"
        return Place(self._channel, self._subject, thread)


def _raw_bytes(raw: msgspec.Raw | object) -> bytes:
    """Return a record as received, or as JSON where the whole file had to be mended."""
    data = bytes(raw) if isinstance(raw, msgspec.Raw) else msgspec.json.encode(raw)
    return data[:RAW_RECORD_BYTES]


connector = SlackExport()
