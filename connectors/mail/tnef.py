"""What is inside a ``winmail.dat``: Outlook's own wrapping (TNEF) around a text and its files."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.mail import limits
from connectors.mail.charsets import decode, storable

SIGNATURE = b"\x78\x9f\x3e\x22"
# A file keeps at most so many attributes, and an attribute so many properties.
_ATTRIBUTES = 5000
_PROPERTIES = 2000
_VALUES = 1000

_BODY, _MESSAGE_PROPERTIES, _CODE_PAGE = 0x800C, 0x9003, 0x9007
_RENDERING, _TITLE, _DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_P_BODY, _P_HTML, _P_DATA = 0x1000, 0x1013, 0x3701
_P_SHORT_NAME, _P_LONG_NAME, _P_TYPE = 0x3704, 0x3707, 0x370E
_STRING_8, _UNICODE, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x102
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8}
_FIXED |= {0x40: 8, 0x48: 16}
_MANY = 0x1000


@dataclass(slots=True)
class InnerFile:
    """A file in the wrapping."""

    name: str = ""
    media_type: str = "application/octet-stream"
    data: bytes = b""


@dataclass(slots=True)
class Wrapped:
    """What a ``winmail.dat`` holds.

    Attributes:
        text: Its plain body; may be empty.
        html: Its HTML body; may be empty.
        files: In order.
        whole: False when it breaks off or its form is broken.
    """

    text: str = ""
    html: str = ""
    files: list[InnerFile] = field(default_factory=list)
    whole: bool = True


def is_tnef(data: bytes) -> bool:
    """Tell by the first bytes."""
    return data.startswith(SIGNATURE)


def unwrap(data: bytes) -> Wrapped:
    """Read what Outlook wrapped; of a broken one what stands before the break."""
    out = Wrapped()
    label = "cp1252"
    try:
        for kind, value in _attributes(data):
            if kind == _CODE_PAGE and len(value) >= 4:
                label = f"cp{struct.unpack_from('<I', value)[0]}"
            elif kind == _BODY:
                out.text = out.text or _string(value, label)
            elif kind == _MESSAGE_PROPERTIES:
                _read_message(out, value, label)
            elif kind == _RENDERING:
                if len(out.files) >= limits.PART_COUNT:
                    out.whole = False
                    break
                out.files.append(InnerFile())
            elif out.files:
                _read_file(out.files[-1], kind, value, label)
    except (struct.error, _Broken):
        out.whole = False
    out.files = [file for file in out.files if file.data or file.name]
    return out


class _Broken(Exception):
    """The form does not hold."""


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (id, value) of each attribute."""
    if not is_tnef(data):
        raise _Broken
    at = 6
    for _ in range(_ATTRIBUTES):
        if at + 9 > len(data):
            return
        _level, kind, _type, size = struct.unpack_from("<BHHI", data, at)
        at += 9
        if at + size > len(data):
            yield kind, data[at:]
            raise _Broken
        yield kind, data[at : at + size]
        at += size + 2  # the checksum is often wrong and tells nothing


def _read_message(out: Wrapped, value: bytes, label: str) -> None:
    for number, data, wide in _properties(value):
        if number == _P_BODY:
            out.text = _text(data, wide, label) or out.text
        elif number == _P_HTML:
            out.html = _text(data, wide, label)


def _read_file(file: InnerFile, kind: int, value: bytes, label: str) -> None:
    if kind == _TITLE:
        file.name = file.name or _string(value, label)
    elif kind == _DATA:
        file.data = value
    elif kind == _FILE_PROPERTIES:
        for number, data, wide in _properties(value):
            if number == _P_LONG_NAME or (number == _P_SHORT_NAME and not file.name):
                file.name = _text(data, wide, label) or file.name
            elif number == _P_TYPE:
                named = _text(data, wide, label).strip().lower()
                file.media_type = named[:100] if "/" in named else file.media_type
            elif number == _P_DATA and not file.data:
                file.data = data[16:] if len(data) > 16 else b""


def _properties(value: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Yield (property, its first value, whether it is wide characters) of a list of MAPI ones."""
    (count,) = struct.unpack_from("<I", value)
    at = 4
    for _ in range(min(count, _PROPERTIES)):
        kind, number = struct.unpack_from("<HH", value, at)
        at += 4
        if number >= 0x8000:
            at = _after_name(value, at)
        many, kind = bool(kind & _MANY), kind & ~_MANY
        if kind in _FIXED:
            values = 1
            if many:
                (values,) = struct.unpack_from("<I", value, at)
                at += 4
            at += _FIXED[kind] * min(values, _VALUES)
            continue
        if kind not in (_STRING_8, _UNICODE, _OBJECT, _BINARY):
            raise _Broken
        (values,) = struct.unpack_from("<I", value, at)
        at += 4
        if values > _VALUES:
            raise _Broken
        for index in range(values):
            (size,) = struct.unpack_from("<I", value, at)
            at += 4
            if at + size > len(value):
                raise _Broken
            if index == 0:
                yield number, value[at : at + size], kind == _UNICODE
            at += size + -size % 4


def _after_name(value: bytes, at: int) -> int:
    """Return where a named property goes on behind its name."""
    (kind,) = struct.unpack_from("<I", value, at + 16)
    at += 20
    if kind == 0:
        return at + 4
    (size,) = struct.unpack_from("<I", value, at)
    if at + 4 + size > len(value):
        raise _Broken
    return int(at + 4 + size + -size % 4)


def _text(data: bytes, wide: bool, label: str) -> str:
    if wide:
        return storable(data.decode("utf-16-le", "replace").rstrip("\0"))
    return _string(data, label)


def _string(data: bytes, label: str) -> str:
    return decode(data.rstrip(b"\0"), label)[0]
