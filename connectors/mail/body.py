"""What a person reads in a mail: which parts are its text, which are attachments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from hashlib import sha256

from connectors.contract import Attachment, Fold
from connectors.mail import calendar_line, charsets, contact_line, limits, mime, smime, uuencode
from connectors.mail.headers import read_headers
from connectors.mail.mime import Part
from connectors.mail.quotes import find_folds, merge_folds

_OCTET = "application/octet-stream"
_OCTETS = frozenset((_OCTET, "application/x-unknown", "application/binary"))
_QUOTED_FROM = re.compile(rb"^>{1,50}From ", re.MULTILINE)
# A plain alternative this short may only say "see the HTML part".
_STUB_CHARS = 300
_CARDS = frozenset(("text/vcard", "text/x-vcard", "text/directory"))
_TNEF = frozenset(("application/ms-tnef", "application/vnd.ms-tnef"))
# Signed inside signed inside encrypted: nobody goes deeper.
_LAYERS = 4


@dataclass(slots=True)
class Body:
    """What the parts of a mail came to.

    Attributes:
        text: For a reader.
        folds: Quotes and signatures in ``text``.
        source: The decoded source of the text parts, before any layout: what the digest of a
            mail is taken over, so that a better HTML reader does not make new mails.
        attachments: In the order of the parts.
        likenesses: A digest of each, the same on every road: line ends and mbox quoting that the
            transport changed do not count.
        defects: What was mended.
        layer: How many signed messages it stands in.
        quotes_messages: False in a delivery report, whose own words name the message.
    """

    text: str = ""
    folds: tuple[Fold, ...] = ()
    source: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    likenesses: list[bytes] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    layer: int = 0
    quotes_messages: bool = True


@dataclass(slots=True)
class _Piece:
    text: str
    folds: tuple[Fold, ...] = ()
    # Shown only where a mail says nothing else.
    spare: bool = False


def read_body(raw: bytes, root: Part, defects: list[str]) -> Body:
    """Read the text and list the attachments of a mail.

    Args:
        raw: The whole message.
        root: From `mime.read_tree`.
        defects: What was mended so far.
    """
    body = Body(defects=list(defects))
    body.quotes_messages = root.media_type != "multipart/report"
    if not root.children:
        pieces = _leaf(raw, root, body, only=True)
    else:
        pieces = []
        _collect(raw, root, body, pieces)
    _join(body, pieces)
    return body


def _collect(raw: bytes, part: Part, body: Body, pieces: list[_Piece]) -> None:
    """Walk a multipart; its depth is capped by `mime.read_tree`."""
    if part.media_type == "multipart/alternative":
        _alternative(raw, part, body, pieces)
        return
    for child in part.children:
        if child.children:
            _collect(raw, child, body, pieces)
        else:
            pieces.extend(_leaf(raw, child, body))
    if part.media_type == "multipart/encrypted":
        protocol = part.parameters.get("protocol", "").lower()
        named = " (PGP)" if "pgp" in protocol else " (S/MIME)" if "pkcs7" in protocol else ""
        pieces.append(_Piece(f"[encrypted message{named}]"))


def _alternative(raw: bytes, part: Part, body: Body, pieces: list[_Piece]) -> None:
    """Take the plain text when it says something, else the richest that does; list the rest."""
    plain = next((c for c in part.children if _is_text(c, "text/plain")), None)
    rich = [child for child in part.children if child is not plain]
    chosen: list[_Piece] = []
    if plain is None:
        _readable(raw, rich, body, chosen)
    else:
        before = len(body.source)
        chosen = _leaf(raw, plain, body)
        text = chosen[0].text.strip() if chosen else ""
        if len(text) < _STUB_CHARS:
            other = Body()
            better: list[_Piece] = []
            _readable(raw, rich, other, better)
            size = sum(len(piece.text.strip()) for piece in better)
            if not text or size > 10 * max(len(text), 30):
                body.source = body.source[:before] + other.source
                chosen = better
    pieces.extend(chosen)
    _list_only(raw, rich, body, pieces)


def _is_text(part: Part, media_type: str) -> bool:
    return part.media_type == media_type and part.disposition != "attachment" and not part.children


def _readable(raw: bytes, parts: list[Part], body: Body, pieces: list[_Piece]) -> None:
    """Read the HTML, or other text, among the richer alternatives."""
    waiting = list(reversed(parts))
    while waiting:
        part = waiting.pop()
        if part.children:
            waiting.extend(reversed(part.children))
        elif _is_text(part, "text/html") or (not pieces and _is_text(part, "text/plain")):
            pieces.extend(_leaf(raw, part, body))
            if part.media_type == "text/html":
                return


def _list_only(raw: bytes, parts: list[Part], body: Body, pieces: list[_Piece]) -> None:
    """List what is no text among the richer alternatives: images, invitations, files."""
    waiting = list(reversed(parts))
    while waiting:
        part = waiting.pop()
        if part.children:
            waiting.extend(reversed(part.children))
        elif not (_is_text(part, "text/html") or _is_text(part, "text/plain")):
            pieces.extend(_leaf(raw, part, body))


def _leaf(raw: bytes, part: Part, body: Body, only: bool = False) -> list[_Piece]:
    """Read one part as text, or list it as an attachment."""
    kind = part.media_type
    shown = part.disposition != "attachment" and (
        only or not part.name or kind == "text/calendar" or kind in _CARDS
    )
    if shown and kind in ("text/plain", "text/html"):
        return [_text(raw, part, body)]
    if kind.startswith("text/") and kind not in ("text/plain", "text/html") and shown:
        text, _ = _decoded(raw, part)
        if kind == "text/calendar" or kind in _CARDS:
            body.attachments.append(_attachment(raw, part, body))
            card = kind in _CARDS
            line = contact_line.describe(text) if card else calendar_line.describe(text)
            return [_Piece(line)] if line else []
        if only or kind in ("text/enriched", "text/richtext"):
            body.source += text
            return [_Piece(text)]
    if kind in smime.MEDIA_TYPES or (kind in _OCTETS and part.name.lower().endswith(".p7m")):
        return _sealed(raw, part, body)
    body.attachments.append(_attachment(raw, part, body))
    if kind in _TNEF or (kind in _OCTETS and part.name.lower() == "winmail.dat"):
        return _wrapped(raw, part, body)
    if kind == "message/rfc822" and body.quotes_messages:
        return _forwarded(raw, part)
    return []


def _sealed(raw: bytes, part: Part, body: Body) -> list[_Piece]:
    """Read an S/MIME part: the message that is signed, or a line that says it is encrypted."""
    data, _ = mime.payload(raw, part)
    entity = smime.inside(data) if body.layer < _LAYERS else None
    body.attachments.append(_attachment(raw, part, body))
    if entity is None:
        sealed = smime.is_encrypted(data, part.parameters.get("smime-type", ""))
        return [_Piece("[encrypted message (S/MIME)]" if sealed else "[signed message (S/MIME)]")]
    root, mended = mime.read_tree(entity, read_headers(entity, 0, len(entity)))
    inner = Body(layer=body.layer + 1)
    pieces: list[_Piece] = []
    if root.children:
        _collect(entity, root, inner, pieces)
    else:
        pieces = _leaf(entity, root, inner, only=True)
    body.source += inner.source
    body.likenesses += inner.likenesses
    body.defects += mended + inner.defects
    body.attachments += [
        replace(file, part=f"{part.number}/{file.part}") for file in inner.attachments
    ]
    return pieces


def _wrapped(raw: bytes, part: Part, body: Body) -> list[_Piece]:
    """List the files of a winmail.dat, and read its text where the mail has no other."""
    from connectors.mail.tnef import unwrap  # few mailboxes hold one

    data, _ = mime.payload(raw, part)
    inner = unwrap(data)
    if not inner.whole:
        body.defects.append("The winmail.dat is broken; what could be read of it is shown.")
    for number, file in enumerate(inner.files, start=1):
        name = limits.cut(" ".join(file.name.replace("\0", "").split()), limits.NAME_CHARS)
        digest = sha256(file.data).hexdigest()
        body.attachments.append(
            Attachment(name, file.media_type, len(file.data), digest, f"{part.number}/{number}")
        )
    if body.source.strip():
        return []
    if inner.text.strip():
        return [_Piece(inner.text.replace("\r\n", "\n").replace("\r", "\n"))]
    if inner.html:
        from connectors.mail.html import html_to_text

        text, folds, _defect = html_to_text(inner.html)
        return [_Piece(text, folds)]
    return []


def _forwarded(raw: bytes, part: Part) -> list[_Piece]:
    """Say in a line what message is attached."""
    headers = mime.inner_headers(raw, part)
    subject = limits.cut(charsets.storable(headers.text("subject")), 200) or "no subject"
    sender = limits.cut(charsets.storable(headers.text("from")), 200)
    day = " ".join(headers.first("date").partition("(")[0].split()[:5])
    facts = ", ".join(fact for fact in (sender, limits.cut(charsets.storable(day), 60)) if fact)
    return [_Piece(f"[message: {subject}{f' ({facts})' if facts else ''}]", spare=True)]


def _decoded(raw: bytes, part: Part) -> tuple[str, str]:
    data, broken = mime.payload(raw, part, 2 * limits.TEXT_BYTES)
    text, defect = charsets.decode(data[: limits.TEXT_BYTES], part.parameters.get("charset", ""))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, broken or defect


def _text(raw: bytes, part: Part, body: Body) -> _Piece:
    text, defect = _decoded(raw, part)
    if defect:
        body.defects.append(defect)
    body.source += text
    if part.media_type == "text/html":
        from connectors.mail.html import html_to_text  # 6 ms, and many mailboxes hold plain text

        text, folds, defect = html_to_text(text)
        if defect:
            body.defects.append(defect)
        return _Piece(text, folds)
    if part.parameters.get("format", "").lower() == "flowed":
        text = unflowed(text, part.parameters.get("delsp", "").lower() == "yes")
    if "\nbegin " in text or text.startswith("begin "):
        text = _without_uuencoded(text, part, body)
    return _Piece(text)


def _without_uuencoded(text: str, part: Part, body: Body) -> str:
    """Put a line in the place of each file that stands uuencoded in a text, and list it."""
    out: list[str] = []
    position = 0
    for number, file in enumerate(uuencode.files(text), start=1):
        name = limits.cut(" ".join(file.name.split()), limits.NAME_CHARS) or "file"
        out += [text[position : file.start], f"[attached: {name}]"]
        position = file.end
        digest = sha256(file.data)
        body.likenesses.append(digest.digest())
        body.attachments.append(
            Attachment(name, _OCTET, len(file.data), digest.hexdigest(), f"{part.number}/{number}")
        )
    return "".join([*out, text[position:]])


def html_source(raw: bytes, root: Part) -> str:
    """Return the HTML of a mail as received, decoded: of its first HTML part that is no file."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if _is_text(part, "text/html"):
            return _decoded(raw, part)[0]
        waiting.extend(reversed(part.children))
    return ""


def unflowed(text: str, delete_space: bool = False) -> str:
    """Join the soft line breaks of ``format=flowed`` (RFC 3676), quote depth by quote depth."""
    if " \n" not in text:
        return text
    out: list[str] = []
    flowing = -1
    for line in text.split("\n"):
        depth = 0
        if line[:1] == ">":
            bare = line.lstrip(">")
            depth, bare = len(line) - len(bare), bare.removeprefix(" ")
        else:
            bare = line.removeprefix(" ") if line[:2] in (" >", " F") else line
        signature = bare == "-- "
        if flowing == depth and not signature:
            out.append(bare)
        else:
            out.append(f"\n{'>' * depth} {bare}" if depth else f"\n{line if signature else bare}")
        flowing = depth if bare.endswith(" ") and not signature else -1
        if flowing >= 0 and delete_space:
            out[-1] = out[-1][:-1]
    return "".join(out)[1:]


def _attachment(raw: bytes, part: Part, body: Body) -> Attachment:
    data, broken = mime.payload(raw, part)
    if broken and broken not in body.defects:
        body.defects.append(broken)
    name = part.name
    if not name and part.media_type == "message/rfc822":
        subject = mime.inner_headers(raw, part).text("subject")
        name = limits.cut(subject or "message", limits.NAME_CHARS - 4) + ".eml"
    digest = sha256(data)
    body.likenesses.append(_likeness(part, data, digest.digest()))
    return Attachment(name, part.media_type, len(data), digest.hexdigest(), part.number)


def _likeness(part: Part, data: bytes, digest: bytes) -> bytes:
    """Return what tells an attachment from another, whatever road it took.

    Only base64 brings bytes through unchanged.
    """
    if part.encoding == "base64":
        return digest
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b">From " in data:
        data = _QUOTED_FROM.sub(b"From ", data)
    return sha256(data.strip()).digest()


def _join(body: Body, pieces: list[_Piece]) -> None:
    """Put the pieces below each other and find the folds of the whole."""
    if any(piece.text.strip() for piece in pieces if not piece.spare):
        pieces = [piece for piece in pieces if not piece.spare]
    texts: list[str] = []
    named: list[Fold] = []
    position = 0
    for piece in pieces:
        text = piece.text.rstrip()
        lead = len(text) - len(text.lstrip("\n"))
        text = text[lead:]
        if not text:
            continue
        for fold in piece.folds:
            start, end = max(fold.start - lead, 0), min(fold.end - lead, len(text))
            if start < end:
                named.append(Fold(position + start, position + end, fold.kind))
        texts.append(text)
        position += len(text) + 2
    whole = "\n\n".join(texts)
    if len(whole) > limits.TEXT_CHARS:
        whole = whole[: limits.TEXT_CHARS].rstrip() + "\n[cut: the rest is in the original]"
        named = [fold for fold in named if fold.end <= limits.TEXT_CHARS]
        body.defects.append("The text is over 1,000,000 characters; it was cut.")
    body.text = whole
    found = find_folds(whole)
    body.folds = merge_folds(whole, found, tuple(named)) if named else found
