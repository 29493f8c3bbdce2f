"""Address headers as people and programs write them: names in comments, groups, stray commas."""

from __future__ import annotations

import re

from connectors.mail import charsets, limits
from connectors.mail.words import decode_words

_SPECIAL = re.compile(r"[\",;:<>()\\]|=\?")
_ODD_IN_NAME = re.compile(r"[\"(),:;<>\\=@]")
_SPACE_RUN = re.compile(r"\s+")
_AROUND_DOT = re.compile(r"\s*\.\s*")

# What programs write where they hide the recipients; some add a host of their own.
_NOBODY = ("undisclosed", "unlisted-recipients", "recipientlistsuppressed")


def parse_addresses(value: str, limit: int = limits.RECIPIENT_COUNT) -> list[tuple[str, str]]:
    """Read an address header.

    Args:
        value: One character per byte (Latin-1), unfolded, as `Headers.fields` holds it.
        limit: Stop after this many.

    Returns:
        (display name, address) in order. The address may lack an ``@`` where the sender wrote a
        bare local part; entries without any address carry an empty one and a name.
    """
    simple = _simple(value)
    if simple is not None:
        return simple
    found: list[tuple[str, str]] = []
    for piece in _pieces(value[: limits.ADDRESS_HEADER_CHARS]):
        mailbox = _mailbox(piece)
        if mailbox is not None:
            found.append(mailbox)
            if len(found) >= limit:
                break
    return found


def _simple(value: str) -> list[tuple[str, str]] | None:
    """Read ``name <address>`` or ``address`` alone, the common case; None when it is not that."""
    if len(value) > limits.ADDRESS_CHARS or "," in value:
        return None
    name, angle, rest = value.strip().partition("<")
    if not angle:
        if name.count("@") == 1 and not _SPACE_RUN.search(name) and not _odd_address(name):
            return [("", charsets.storable(name))]
        return None
    name = name.strip()
    if name[:1] == '"' and name[-1:] == '"' and len(name) > 1:
        name = name[1:-1]
    if not rest.endswith(">") or _ODD_IN_NAME.search(name):
        return None
    address = rest[:-1]
    if address.count("@") != 1 or _SPACE_RUN.search(address) or _odd_address(address):
        return None
    return [(_name(name), charsets.storable(address))]


def _odd_address(address: str) -> bool:
    return address[:1] == "[" or not address.isascii() or _SPECIAL.search(address) is not None


def _pieces(value: str) -> list[list[tuple[str, str]]]:
    """Cut a header at its top-level commas into lists of (kind, text) tokens.

    Kinds are ``text``, ``quoted``, ``comment``, ``angle``.
    """
    pieces: list[list[tuple[str, str]]] = [[]]
    position, size = 0, len(value)
    last_bracket = value.rfind(")")
    while position < size:
        match = _SPECIAL.search(value, position)
        if match is None:
            pieces[-1].append(("text", value[position:]))
            break
        if match.start() > position:
            pieces[-1].append(("text", value[position : match.start()]))
        special, position = match[0], match.end()
        if special in ",;":
            if pieces[-1]:
                pieces.append([])
        elif special == ":":
            # A group: its name says nothing about a person.
            if any(kind == "angle" for kind, _ in pieces[-1]):
                pieces.append([])
            elif any("@" in text for _, text in pieces[-1]):
                pieces[-1].append(("text", ":"))
            else:
                pieces[-1] = []
        elif special == '"':
            position, text = _until_quote(value, position)
            pieces[-1].append(("quoted", text))
        elif special == "(" and position <= last_bracket:
            position, text = _until_bracket(value, position)
            pieces[-1].append(("comment", text))
        elif special == "<":
            position, text = _until_angle(value, position)
            pieces[-1].append(("angle", text))
        elif special == "=?":
            position, text = _until_word_end(value, position)
            pieces[-1].append(("text", text))
    return pieces


def _until_quote(value: str, start: int) -> tuple[int, str]:
    out: list[str] = []
    position = start
    while True:
        end = value.find('"', position)
        if end < 0:
            # No closing quote: it is only a stray character, and the rest goes on as before.
            return start, ""
        escape = value.find("\\", position, end)
        if escape < 0:
            out.append(value[position:end])
            return end + 1, "".join(out)
        out.append(value[position:escape] + value[escape + 1 : escape + 2])
        position = escape + 2


def _until_bracket(value: str, start: int) -> tuple[int, str]:
    depth, position = 1, start
    while depth:
        opening, closing = value.find("(", position), value.find(")", position)
        if closing < 0:
            return start, ""
        if 0 <= opening < closing:
            depth, position = depth + 1, opening + 1
        else:
            depth, position = depth - 1, closing + 1
        if depth > 50:
            return len(value), value[start:]
    return position, value[start : position - 1]


def _until_angle(value: str, start: int) -> tuple[int, str]:
    end = value.find(">", start)
    if end < 0:
        end = value.find(",", start)
        end = len(value) if end < 0 else end
        return end, value[start:end]
    again = value.find("<", start, end)
    if again >= 0:  # "<<a@b.example>>"
        start = value.rfind("<", start, end) + 1
    return end + 1, value[start:end]


def _until_word_end(value: str, start: int) -> tuple[int, str]:
    """Keep an encoded word whole: its text may hold commas that belong to the name."""
    end = value.find("?=", start, start + 1000)
    # "?q?=41" begins with the same two characters: the end comes after the encoding's own marks.
    marks = value.find("?", start, start + 80)
    marks = value.find("?", marks + 1, marks + 4) if marks >= 0 else -1
    if marks >= 0:
        end = value.find("?=", marks + 1, start + 1000)
    if end < 0:
        return start, "=?"
    return end + 2, "=?" + value[start : end + 2]


def _mailbox(tokens: list[tuple[str, str]]) -> tuple[str, str] | None:
    angle = [text for kind, text in tokens if kind == "angle"]
    words = "".join(f'"{t}"' if k == "quoted" else t for k, t in tokens if k in ("text", "quoted"))
    comment = " ".join(text for kind, text in tokens if kind == "comment")
    if angle:
        address = next((text for text in angle if "@" in text), angle[0])
        name = "".join(text for kind, text in tokens if kind in ("text", "quoted"))
        name = name if name.strip() else comment
    else:
        bare = words.split()
        with_at = [word for word in bare if "@" in word]
        address = with_at[0] if with_at else (bare[0] if len(bare) == 1 else "")
        rest = [word for word in bare if word is not address]
        name = comment if comment.strip() else " ".join(rest).replace('"', "")
    written, name, address = address, _name(name), _address(address)
    if not address and (written or not name):
        return None
    if not address and "@" in name and " " not in name:
        return "", name
    return ("" if name == address else name), address


def _name(name: str) -> str:
    if not name:
        return ""
    text = " ".join(decode_words(name).split())
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    return limits.cut(charsets.storable(text), limits.NAME_CHARS)


def _spaceless(address: str) -> str:
    """Leave white space only between the words of a local part: no server takes it, people do."""
    local, at, domain = address.strip().rpartition("@")
    if not at or not _SPACE_RUN.search(local):
        return _SPACE_RUN.sub("", address)
    return f"{_AROUND_DOT.sub('.', ' '.join(local.split()))}@{_SPACE_RUN.sub('', domain)}"


def _address(address: str) -> str:
    text = decode_words(address) if "=?" in address or not address.isascii() else address
    text = _spaceless(text).strip("<>")
    if text[:1] == "[" and text[-1:] == "]":
        text = text[1:-1]
    if text[:1] in ("'", '"') and text[-1:] == text[:1]:
        text = text[1:-1]
    if text.lower().startswith(_NOBODY):
        return ""
    if text.lower().startswith("mailto:"):
        text = text[7:]
    if text.startswith("@") and ":" in text:  # source route: <@relay.example:ann@x.example>
        text = text.rpartition(":")[2]
    return limits.cut(charsets.storable(text), limits.ADDRESS_CHARS)
