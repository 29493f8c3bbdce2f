"""WhatsApp chats, exported as a text file, or as a zip file or folder with the media beside it.

Messages carry no ids: an id is a digest of chat, minute, author, text, and how often that came
before, so that the same message has it in every export of the chat, from either kind of phone.
Names are those of the exporting phone's address book and mean something in this chat alone.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator

from connectors.archive import Archive, DamagedMember, open_archive
from connectors.chat.whatsapp_file import (
    NETWORK,
    Chat,
    begins_like_a_chat,
    chat_member,
    member_text,
    opened,
    read_chat,
    read_text,
    title,
)
from connectors.chat.whatsapp_lines import RawMessage, is_known_word
from connectors.chat.whatsapp_said import Said, phone_number, understand
from connectors.chat.whatsapp_time import Order, WallClock, local_time, reading
from connectors.contract import (
    Address,
    Attachment,
    Context,
    Entry,
    Item,
    Party,
    Progress,
    Quarantined,
    Recognised,
    Role,
    State,
)

MAX_MEDIA_BYTES = 50 * 1024 * 1024
MAX_TEXT = 1_000_000
# A pause after which the next message is likely about something else.
SILENCE_MS = 8 * 60 * 60 * 1000
CHECKPOINT_ITEMS = 200
_MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "3gp": "video/3gpp",
    "opus": "audio/ogg",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "aac": "audio/aac",
    "pdf": "application/pdf",
    "vcf": "text/vcard",
    "txt": "text/plain",
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class WhatsAppChat:
    """Reads WhatsApp exports; see `connectors.contract.Connector`."""

    name = "whatsapp"

    def recognise(self, path: str, head: bytes) -> Recognised | None:
        """Say whether a text file, zip file or folder is a WhatsApp chat.

        Raises:
            BadFile: It is a zip file that is broken or hostile, or a chat that is too large.
        """
        if head and not head.startswith(b"PK"):
            if not begins_like_a_chat(head):
                return None
            text, size = read_text(path)
            return _recognised(title([os.path.basename(path)], text), size)
        with open_archive(path, depth=1) as archive:
            member = chat_member(archive)
            if member is None:
                return None
            names = [member.name, os.path.basename(path.rstrip(os.sep))]
            return _recognised(title(names, member_text(archive, member)), member.size)

    def pull(self, context: Context) -> Iterator[Item]:
        """Yield the messages in the order of the file; see `Connector.pull`."""
        with opened(context.path) as archive:
            chat = read_chat(context, archive)
            total = len(chat.messages)
            skip = _resume(context.cursor, chat)
            builder = _Builder(chat, context, archive)
            for number, raw in enumerate(chat.messages):
                item = builder.item(raw, wanted=number >= skip)
                if item is None:
                    continue
                yield item
                if (number + 1) % CHECKPOINT_ITEMS == 0:
                    yield State(_cursor(number + 1, raw))
                    yield Progress(number + 1, total, "entries")
            if total > skip:
                yield State(_cursor(total, chat.messages[-1]))
            yield Progress(total, total, "entries")


def _recognised(chat: str, size: int) -> Recognised:
    source = NETWORK + chat
    return Recognised("whatsapp", "WhatsApp chat", source, True, size, source)


def _cursor(number: int, last: RawMessage) -> str:
    """Return a cursor that is only good for a file with this message in this place."""
    return f"{number}:{hashlib.blake2b(repr(last).encode(), digest_size=8).hexdigest()}"


def _resume(cursor: str, chat: Chat) -> int:
    """Return how many messages were read before; 0 where the file is another one."""
    number = int(cursor.partition(":")[0]) if re.match(r"\d{1,9}:", cursor) else 0
    if 0 < number <= len(chat.messages) and _cursor(number, chat.messages[number - 1]) == cursor:
        return number
    return 0


class _Builder:
    """Turns messages into entries, in the order of the file: ids, times and groups build up."""

    def __init__(self, chat: Chat, context: Context, archive: Archive | None) -> None:
        self._chat = chat
        self._archive = None if context.survey else archive
        stamps = [message.stamp for message in chat.messages]
        read = reading(stamps, chat.style, context.date_order)
        self._order: Order = read.order
        self._clock = WallClock(context.time_zone)
        self._zone_source = "assumed" if context.time_zone else "none"
        doubts = [read.doubt] if read.doubt else []
        odd = sorted({s.word for s in stamps if s.word and not is_known_word(s.word)})
        if odd:
            doubts.append(f"The word {odd[0]} beside the time is not known: read as 24 hours.")
        self._defects = (*chat.defects, *doubts)
        self._files = frozenset(chat.media)
        self._times_met: Counter[bytes] = Counter()
        self._thread = ""
        self._last_at = 0

    def item(self, raw: RawMessage, *, wanted: bool) -> Entry | Quarantined | None:
        """Return the entry of the next message, or None where it is not wanted."""
        chat = self._chat
        local = local_time(raw.stamp, self._order)
        if local is None:
            if not wanted:
                return None
            reason = "Its date or time does not exist."
            where = f"{chat.title}, message {raw.number + 1}"
            identity = self._identity("", "", raw.body)
            return Quarantined(identity, where, reason, raw.body.encode()[:MAX_TEXT])
        said = understand(raw.body, chat.style, chat.people, chat.title, self._files)
        minute = local.isoformat(timespec="minutes")
        identity = self._identity(minute, said.author, f"{said.text}\0{said.file}")
        at = self._clock.utc_ms(local)
        if not said.event:
            if not self._thread or at - self._last_at > SILENCE_MS:
                self._thread = f"{NETWORK}{chat.title}:{identity}"
            self._last_at = at
        return self._entry(raw, said, identity, at) if wanted else None

    def _identity(self, minute: str, author: str, text: str) -> str:
        """Return the id of a message: the same in every export of the chat."""
        digest = hashlib.blake2b(digest_size=16)
        for part in (self._chat.title, minute, author, text):
            digest.update(part.encode("utf-8", "replace") + b"\0")
        key = digest.digest()
        self._times_met[key] += 1
        digest.update(str(self._times_met[key]).encode())
        return f"h:{digest.hexdigest()}"

    def _entry(self, raw: RawMessage, said: Said, identity: str, at: int) -> Entry:
        text = said.text[:MAX_TEXT]
        return Entry(
            external_id=identity,
            at=at,
            kind="event" if said.event else "message",
            channel="chat",
            parties=self._parties(said),
            subject=self._chat.title,
            text=text,
            thread=self._thread or f"{NETWORK}{self._chat.title}",
            zone_source="assumed" if self._zone_source == "assumed" else "none",
            precision="min" if raw.stamp.second is None else "s",
            attachments=self._attachments(said),
            defects=self._defects,
            content_key=hashlib.blake2b(
                f"{text}\0{said.file}".encode("utf-8", "replace"), digest_size=16
            ).hexdigest(),
        )

    def _parties(self, said: Said) -> tuple[Party, ...]:
        """Return the author, and the other one where only two talk."""
        if not said.author:
            return ()
        others = self._chat.people - {said.author}
        if not others and self._chat.title != said.author:
            others = frozenset({self._chat.title})
        to = tuple(self._party(name, "to") for name in others) if len(others) == 1 else ()
        return (self._party(said.author, "author"), *to)

    def _party(self, name: str, role: Role) -> Party:
        number = phone_number(name)
        if number:
            return Party(role, Address("phone", number))
        return Party(role, Address("handle", name, NETWORK + self._chat.title), name)

    def _attachments(self, said: Said) -> tuple[Attachment, ...]:
        """Return the attached file, with its bytes where they came with the chat."""
        if not said.file:
            return ()
        media_type = _MEDIA_TYPES.get(
            said.file.rpartition(".")[2].lower(), "application/octet-stream"
        )
        member = self._chat.media.get(said.file)
        if member is None:
            return (Attachment(said.file, media_type),)
        size = min(member.size, 1 << 53)
        if self._archive is None:
            return (Attachment(said.file, media_type, size),)
        try:
            data = self._archive.read(member, MAX_MEDIA_BYTES)
        except DamagedMember:
            return (Attachment(said.file, media_type, size),)
        digest = hashlib.sha256(data).hexdigest()
        return (Attachment(said.file, media_type, len(data), digest, data=data),)


connector = WhatsAppChat()
