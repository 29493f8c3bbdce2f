"""What an S/MIME part is: encrypted, or signed with the message inside it, which is taken out.

Nothing is decrypted and no signature is checked: the text is shown and said to be signed.
"""

from __future__ import annotations

MEDIA_TYPES = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))
_SIGNED = bytes.fromhex("06092a864886f70d010702")  # 1.2.840.113549.1.7.2
_ENVELOPED = bytes.fromhex("06092a864886f70d010703")
_DATA = bytes.fromhex("06092a864886f70d010701")
_AUTH_ENVELOPED = bytes.fromhex("060b2a864886f70d0109100117")
_SEQUENCE, _SET, _OCTETS, _EXPLICIT = 0x30, 0x31, 0x04, 0xA0
# Signed parts are written in pieces of a few kilobytes each.
_PIECES = 100_000
_DEPTH = 8


def inside(data: bytes) -> bytes | None:
    """Return the MIME entity that a signed part carries; None when it is none or carries none."""
    place = data.find(_SIGNED, 0, 64)
    if place < 0:
        return None
    content = data.find(_DATA, place + len(_SIGNED), place + 512)
    if content < 0:
        return None
    at = content + len(_DATA)
    try:
        tag, at, end = _element(data, at, len(data))
        return _octets(data, at, end, 0) if tag == _EXPLICIT else None
    except (IndexError, ValueError):
        return None


def is_encrypted(data: bytes, stated: str) -> bool:
    """Tell an encrypted part by its content, else by what its Content-Type states.

    Args:
        data: The part, decoded.
        stated: The ``smime-type`` parameter; may be empty.
    """
    head = data[:64]
    if _ENVELOPED in head or _AUTH_ENVELOPED in head:
        return True
    return _SIGNED not in head and stated.lower() in ("", "enveloped-data", "authenveloped-data")


def _element(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return (tag, begin, end) of the element at ``at``; an open length runs to ``end``."""
    tag, size = data[at], data[at + 1]
    at += 2
    if size == 0x80:
        return tag, at, end
    if size > 0x80:
        width = size & 0x7F
        if width > 8:
            raise ValueError("a length of over eight bytes")
        size = int.from_bytes(data[at : at + width], "big")
        at += width
    if at + size > end:
        raise ValueError("an element that ends behind its parent")
    return tag, at, at + size


def _octets(data: bytes, at: int, end: int, depth: int) -> bytes:
    """Join the octet strings from ``at`` on, whole or in pieces."""
    out: list[bytes] = []
    while at < end and len(out) < _PIECES:
        if data[at : at + 2] == b"\0\0":
            break
        opened = data[at + 1] == 0x80
        tag, begin, stop = _element(data, at, end)
        if tag == _OCTETS:
            out.append(data[begin:stop])
        elif tag == _OCTETS | 0x20 and depth < _DEPTH:
            out.append(_octets(data, begin, stop, depth + 1))
            if opened:
                break
        else:
            raise ValueError("not an octet string")
        at = stop
    return b"".join(out)
