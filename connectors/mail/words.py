"""Header values as strangers encode them: RFC 2047 words and RFC 2231 parameters, often broken."""

from __future__ import annotations

import binascii
import re

from connectors.mail import charsets, limits

# The text of a word holds no "?", or is short: each start looks a bounded way ahead.
_WORD = re.compile(
    r"=\?([A-Za-z0-9_.:+()'-]{1,60})(?:\*[A-Za-z0-9-]{0,20})?\?([bBqQ])\?([^?]*\??|.{0,400}?)\?="
)
_BETWEEN_WORDS = re.compile(r"\?=[ \t\r\n]{1,200}=\?")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_PARAMETER = re.compile(r";\s*([^\s=;\"]+)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^;]*)", re.DOTALL)
_UNQUOTE = re.compile(r"\\(.)", re.DOTALL)


def decode_words(value: str) -> str:
    """Decode a header value: RFC 2047 words, raw 8-bit text, or both, however broken.

    Args:
        value: One character per byte (Latin-1), as `Headers.fields` holds it.
    """
    if "=?" not in value:
        if value.isascii():
            return value
        return charsets.decode(value.encode("latin-1", "replace"))[0]
    value = limits.cut(value, limits.HEADER_VALUE_CHARS) if _long(value) else value
    value = _BETWEEN_WORDS.sub("?==?", value)
    pieces: list[str] = []
    pending, label, position = b"", "", 0
    for match in _WORD.finditer(value):
        between = value[position : match.start()]
        if pending and (between or match[1].lower() != label):
            pieces.append(charsets.decode(pending, label)[0])
            pending = b""
        if between:
            pieces.append(decode_8bit(between))
        label = match[1].lower()
        pending += _word_bytes(match[2], match[3])
        position = match.end()
    if pending:
        pieces.append(charsets.decode(pending, label)[0])
    pieces.append(decode_8bit(value[position:]))
    return "".join(pieces)


def _long(value: str) -> bool:
    return len(value) > limits.HEADER_VALUE_CHARS


def decode_8bit(value: str) -> str:
    """Return Latin-1 carried bytes as the text that they most likely are."""
    if value.isascii():
        return value
    return charsets.decode(value.encode("latin-1", "replace"))[0]


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("latin-1", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data.replace(b"\n", b""), header=True)
    return lenient_base64(data)


def lenient_base64(data: bytes) -> bytes:
    """Decode base64 that may lack padding, hold foreign characters, or be cut."""
    try:
        return binascii.a2b_base64(data)
    except (binascii.Error, ValueError):
        pass
    clean = _NOT_BASE64.sub(b"", data)
    if len(clean) % 4 == 1:
        clean = clean[:-1]
    try:
        return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
    except (binascii.Error, ValueError):
        return b""


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """Split ``text/plain; charset=utf-8; name*0=...`` into its main value and its parameters.

    Args:
        value: As `Headers.first` gives it.

    Returns:
        The main value in lower case, and lower-case names to decoded values (RFC 2231, and
        RFC 2047 where someone put it).
    """
    if ";" not in value and "=" not in value:
        return value.strip().lower(), {}
    value = value[: limits.HEADER_VALUE_CHARS]
    main, _, _ = value.partition(";")
    main, _, lost = main.strip().partition(" ")
    if "=" in lost:  # "text/plain charset=utf-8; format=flowed"
        value = f"{main};{lost};{value.partition(';')[2]}"
    found: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for count, match in enumerate(_PARAMETER.finditer(value)):
        if count >= limits.PARAMETER_COUNT:
            break
        name, text = match[1].lower(), match[2]
        if text[:1] == '"' and len(text) > 1:
            text = text[1:-1] if text.rstrip()[-1] == '"' else text[1:]
            text = _UNQUOTE.sub(r"\1", text) if "\\" in text else text
        else:
            text = text.strip().strip('"')
        base, star, rest = name.partition("*")
        if not star:
            found.setdefault(name, decode_words(text))
            continue
        number = rest.rstrip("*")
        index = int(number) if number.isdecimal() and len(number) < 5 else 0
        pieces.setdefault(base, []).append((index, name.endswith("*"), text))
    for base, parts in pieces.items():
        found[base] = _joined(parts)
    return main.strip().lower(), found


def _joined(parts: list[tuple[int, bool, str]]) -> str:
    """Join the RFC 2231 pieces of one parameter in their order."""
    parts.sort(key=lambda part: part[0])
    label, data = "", b""
    for position, (_, encoded, text) in enumerate(parts):
        if encoded:
            if position == 0 and text.count("'") >= 2:
                label, _, text = text.split("'", 2)
            data += _percent(text.encode("latin-1", "replace"))
        else:
            data += text.encode("latin-1", "replace")
    text = charsets.decode(data, label)[0]
    return decode_words(text) if "=?" in text else text


def _percent(data: bytes) -> bytes:
    head, *rest = data.split(b"%")
    out = [head]
    for piece in rest:
        try:
            out.append(bytes((int(piece[:2], 16),)) + piece[2:])
        except ValueError:
            out.append(b"%" + piece)
    return b"".join(out)
