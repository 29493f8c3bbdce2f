"""What Outlook and Gmail call the conversation of a mail: names that stand where ids are lost."""

from __future__ import annotations

import binascii
import re

from connectors.mail.headers import Headers

# MS-OXOMSG 2.2.1.3: a byte, five bytes of time, sixteen of a random id; each answer adds five.
_HEAD_BYTES, _ID_BYTES = 6, 16
_GMAIL = re.compile(r"\d{5,25}$")


def thread_hints(headers: Headers) -> tuple[str, ...]:
    """Return ``outlook 0a1b…`` and ``gmail 1712…`` where the headers hold them."""
    fields = headers.fields
    out: list[str] = []
    if "thread-index" in fields and (found := _outlook(headers.first("thread-index"))):
        out.append(f"outlook {found}")
    if "x-gm-thrid" in fields:
        number = headers.first("x-gm-thrid")
        if _GMAIL.match(number):
            out.append(f"gmail {number}")
    return tuple(out)


def _outlook(value: str) -> str:
    """Return the random id of a Thread-Index in hex; empty when it is broken or no id at all."""
    compact = "".join(value[:2000].split())
    try:
        data = binascii.a2b_base64(compact + "=" * (-len(compact) % 4))
    except (binascii.Error, ValueError):
        return ""
    found = data[_HEAD_BYTES : _HEAD_BYTES + _ID_BYTES]
    # Some programs fill it with one byte over and over: that names no conversation.
    return found.hex() if len(found) == _ID_BYTES and len(set(found)) > 4 else ""
