"""One message of a Slack export as an `Entry`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from connectors.chat.slack_export import Profile, Workspace
from connectors.chat.slack_text import to_plain
from connectors.contract import Address, Attachment, Entry, Party

# Subtypes that tell what happened rather than what was said.
EVENTS = frozenset(
    [
        "app_conversation_join",
        "bot_add",
        "bot_disable",
        "bot_enable",
        "bot_remove",
        "channel_archive",
        "channel_convert_to_private",
        "channel_convert_to_public",
        "channel_join",
        "channel_leave",
        "channel_name",
        "channel_posting_permissions",
        "channel_purpose",
        "channel_topic",
        "channel_unarchive",
        "ekm_access_denied",
        "group_archive",
        "group_join",
        "group_leave",
        "group_name",
        "group_purpose",
        "group_topic",
        "group_unarchive",
        "huddle_thread",
        "joiner_notification",
        "joiner_notification_for_inviter",
        "pinned_item",
        "reminder_add",
        "sh_room_created",
        "tombstone",
        "unpinned_item",
    ]
)
MAX_TEXT = 1_000_000
MAX_FILES = 200
BLOCK_LEVELS = 12
_TS = re.compile(r"(\d{1,11})\.(\d{1,6})\Z")


class File(msgspec.Struct):
    """A file that was shared."""

    id: str | None = None
    name: str | None = None
    title: str | None = None
    mimetype: str | None = None
    size: int | None = None
    permalink: str | None = None
    url_private: str | None = None


class Extra(msgspec.Struct):
    """What Slack calls an attachment: a box below the text, mostly by programs."""

    pretext: str | None = None
    title: str | None = None
    title_link: str | None = None
    text: str | None = None
    fallback: str | None = None


class Named(msgspec.Struct):
    """Someone inside a message: a bot's profile, the author of a comment."""

    id: str | None = None
    user: str | None = None
    name: str | None = None


class Message(msgspec.Struct):
    """The parts of a message that we use; every one may be missing."""

    ts: str
    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    username: str | None = None
    text: str | None = None
    thread_ts: str | None = None
    user_team: str | None = None
    team: str | None = None
    hidden: bool | None = None
    user_profile: Profile | None = None
    bot_profile: Named | None = None
    comment: Named | None = None
    file: File | None = None
    files: list[File] | None = None
    attachments: list[Extra] | None = None
    blocks: msgspec.Raw = msgspec.Raw()

    def is_event(self) -> bool:
        """Tell whether it says what happened rather than what someone said."""
        return self.subtype in EVENTS

    def thread_root(self) -> str:
        """Return the ts of the thread it is in; empty where it is in none."""
        return self.thread_ts if self.thread_ts and _TS.match(self.thread_ts) else ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands.

    Attributes:
        channel: Channel id.
        subject: What the conversation is called.
        thread: Key of its conversation.
    """

    channel: str
    subject: str
    thread: str


def milliseconds(ts: str) -> int:
    """Return the time of a message id, which is seconds and microseconds since the epoch.

    Raises:
        ValueError: It is not such an id.
    """
    match = _TS.match(ts)
    if match is None:
        raise ValueError("its ts is not a time")
    return int(match[1]) * 1000 + int(match[2].ljust(6, "0")[:3])


def to_entry(message: Message, place: Place, workspace: Workspace) -> Entry:
    """Turn a message into an entry.

    Raises:
        ValueError: It has no time.
    """
    source = _source_text(message)
    plain = to_plain(source, workspace.names, workspace.channel_names)
    author = _author(message, workspace)
    mentioned = tuple(
        workspace.party(user, "mentioned")
        for user in plain.mentioned
        if user != author.address.value
    )
    files = _files(message)
    network = f"slack:{workspace.team}:{place.channel}"
    root = message.thread_root()
    outside = workspace.is_outsider(author.address.value, message.user_team or "")
    is_bot = author.bot or message.subtype == "bot_message"
    return Entry(
        external_id=f"{place.channel}:{message.ts}",
        at=milliseconds(message.ts),
        kind="event" if message.is_event() else "message",
        channel="chat",
        parties=(author, *mentioned),
        subject=place.subject,
        text=plain.text,
        message_id=f"{network}:{message.ts}",
        in_reply_to=(f"{network}:{root}",) if root and root != message.ts else (),
        thread=place.thread,
        precision="ms",
        direction="inbound" if outside and not is_bot else "",
        automatic="bot" if is_bot else "",
        attachments=files,
        content_key=_content_key(source, message),
    )


def _author(message: Message, workspace: Workspace) -> Party:
    """Return who wrote it: a user, else a bot, else whoever it names."""
    user = message.user or (message.comment.user if message.comment else None)
    if user and message.subtype != "bot_message":
        party = workspace.party(user, "author", message.user_profile)
        # A program that posts as a user of its own carries both ids.
        own_bot = bool(message.bot_id) and message.bot_profile is not None
        return Party("author", party.address, party.name, party.same_as, party.bot or own_bot)
    profile = message.bot_profile or Named()
    bot = message.bot_id or profile.id or message.username or user or "unknown"
    known = workspace.users.get(user or "")
    name = message.username or profile.name or (known.shown() if known else "")
    return Party("author", Address("handle", bot, f"slack:{workspace.team}"), name, bot=True)


def _source_text(message: Message) -> str:
    """Return the mrkdwn: the text, else what its boxes or blocks say."""
    text = message.text or ""
    if message.attachments:
        boxes = "\n".join(part for extra in message.attachments for part in _box(extra))
        text = f"{text}\n{boxes}" if text and boxes else text or boxes
    if not text and message.blocks:
        text = "\n".join(_block_texts(message.blocks))
    return text[:MAX_TEXT]


def _box(extra: Extra) -> Iterator[str]:
    """Yield the lines of a box; its fallback only where it says nothing else."""
    title = extra.title or ""
    if title and extra.title_link:
        title = f"<{extra.title_link}|{title}>"
    parts = [part for part in (extra.pretext, title, extra.text) if part]
    yield from parts or [extra.fallback or ""]


def _block_texts(raw: msgspec.Raw) -> list[str]:
    """Return the texts inside blocks, in order."""
    try:
        pending: list[tuple[object, int]] = [(msgspec.json.decode(raw), 0)]
    except (msgspec.DecodeError, RecursionError):
        return []
    texts: list[str] = []
    while pending:
        value, level = pending.pop()
        if level > BLOCK_LEVELS:
            continue
        if isinstance(value, list):
            pending.extend((part, level + 1) for part in reversed(value))
        elif isinstance(value, dict):
            if isinstance(value.get("text"), str):
                texts.append(value["text"])
            pending.extend(
                (value[key], level + 1)
                for key in ("fields", "elements", "text")
                if isinstance(value.get(key), dict | list)
            )
    return texts


def _files(message: Message) -> tuple[Attachment, ...]:
    """Return the files as names and addresses; an export does not hold their bytes."""
    shared = message.files or ([message.file] if message.file else [])
    return tuple(
        Attachment(
            name=file.name or file.title or file.id or "",
            media_type=(file.mimetype or "application/octet-stream").lower(),
            size=max(0, min(file.size or 0, 1 << 53)),
            url=_address(file),
        )
        for file in shared[:MAX_FILES]
    )


def _address(file: File) -> str:
    """Return where a file is. The private address in exports carries a token, which is cut off."""
    return file.permalink or (file.url_private or "").partition("?")[0]


def _content_key(source: str, message: Message) -> str:
    """Digest what was written, not how the names in it are shown today."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(source.encode())
    for file in message.files or ([message.file] if message.file else []):
        digest.update(b"\0" + (file.id or file.name or "").encode())
    return digest.hexdigest()
