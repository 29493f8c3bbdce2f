"""The caps that a message must keep before any of it is parsed, and the errors that say so."""

from __future__ import annotations

from connectors.contract import ConnectorError

# Ten times what large providers accept as text, twice their limit for attachments.
MESSAGE_BYTES = 50 * 1024 * 1024
# A header block beyond this is an attack or a broken export; RFC 5322 states no limit.
HEADER_BYTES = 256 * 1024
HEADER_COUNT = 1000
PART_COUNT = 500
PART_DEPTH = 50
# Recipients kept on an entry, all headers together; the defect states how many there were.
RECIPIENT_COUNT = 100
REFERENCE_COUNT = 200
# Characters of one header that are decoded: 1 MB of encoded words would cost seconds.
HEADER_VALUE_CHARS = 16 * 1024
ADDRESS_HEADER_CHARS = 128 * 1024
SUBJECT_CHARS = 1000
NAME_CHARS = 255
# RFC 5321 allows 254 characters; a few more are kept for what is not quite an address.
ADDRESS_CHARS = 320
# RFC 5322 lines end at 998.
MESSAGE_ID_CHARS = 998
PARAMETER_COUNT = 100
# One text part, decoded, in bytes; and the text that an entry carries, in characters.
TEXT_BYTES = 2 * 1024 * 1024
TEXT_CHARS = 1_000_000
HTML_NODES = 100_000
DEFECT_COUNT = 20
# Bytes of an oversized message that are kept: its headers and a first look.
QUARANTINE_BYTES = 256 * 1024


class UnreadableMessage(ConnectorError):
    """These bytes cannot become an entry; ``str()`` is one sentence fit to show an agent."""


class MessageTooLarge(UnreadableMessage):
    """The message is over `MESSAGE_BYTES`."""


def too_large(size: int) -> str:
    """Return the sentence for a message of ``size`` bytes that is over the cap."""
    return (
        f"The message has {size / 1_000_000:.0f} MB and the limit is"
        f" {MESSAGE_BYTES // (1024 * 1024)} MB: open it in a mail program instead."
    )


def check_size(raw: bytes) -> None:
    """Refuse a message over the cap.

    Raises:
        MessageTooLarge: ``raw`` is longer than `MESSAGE_BYTES`.
    """
    if len(raw) > MESSAGE_BYTES:
        raise MessageTooLarge(too_large(len(raw)))


def cut(text: str, limit: int) -> str:
    """Return ``text`` with at most ``limit`` characters; a cut ends in an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
