"""One mail, from its bytes to an `Entry`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b

from connectors.contract import Address, Entry, Fold, Party, Role
from connectors.mail import charsets, delivery, limits, mime
from connectors.mail.addresses import parse_addresses
from connectors.mail.authentication import is_forged
from connectors.mail.automatic import group_of, judge
from connectors.mail.body import Body, read_body
from connectors.mail.dates import written_at
from connectors.mail.headers import Headers, read_headers
from connectors.mail.hints import thread_hints
from connectors.mail.mime import Part

# However often a mail went into a mailbox of any kind, and was taken out another way.
_QUOTED_FROM = re.compile(r"^>{1,50}From ", re.MULTILINE)
_ANGLE_ID = re.compile(r"<([^<>]{1,2000})>")
# One of these makes bytes a mail; without any they are something else.
_MAIL_HEADERS = frozenset(
    (
        *("from", "to", "cc", "bcc", "subject", "date", "message-id", "received", "sender"),
        *("reply-to", "return-path", "resent-from", "delivery-date"),
    )
)
_RECIPIENTS: tuple[tuple[str, Role], ...] = (("to", "to"), ("cc", "cc"), ("bcc", "bcc"))


@dataclass(slots=True)
class Reading:
    """A mail as it was read: what becomes of it, and what it was read from.

    Attributes:
        entry: What goes into the store.
        headers: Its own.
        root: Its parts; a bare one when only the headers were read.
        because: The header or other mark by which it is automatic; empty for a person's.
    """

    entry: Entry
    headers: Headers
    root: Part
    because: str = ""


def parse(raw: bytes, *, survey: bool = False, envelope: str = "") -> Entry:
    """Read one mail.

    Args:
        raw: The message as received; may begin with an mbox ``From `` line.
        survey: Read only the headers: ``text``, ``folds``, ``attachments`` and ``original`` stay
            empty, and ``external_id`` is not the one that a full read gives.
        envelope: The mbox ``From `` line that stood before it: a last witness for its date.

    Raises:
        UnreadableMessage: It is over a cap, or no mail at all.
    """
    return read(raw, survey=survey, envelope=envelope).entry


def read(raw: bytes, *, survey: bool = False, envelope: str = "") -> Reading:
    """Read one mail as `parse` does, and keep what it was read from."""
    limits.check_size(raw)
    headers = read_headers(raw, 0, len(raw), top=True)
    if _MAIL_HEADERS.isdisjoint(headers.fields):
        raise limits.UnreadableMessage("These bytes have no mail headers and were set aside.")
    defects = headers.defects
    if survey:
        return _reading(b"", headers, Part("1"), Body(), defects, envelope)
    root, mended = mime.read_tree(raw, headers)
    body = read_body(raw, root, mended)
    return _reading(raw, headers, root, body, defects + body.defects, envelope)


def _reading(
    raw: bytes, headers: Headers, root: Part, body: Body, defects: list[str], envelope: str
) -> Reading:
    parties, author, crowd = _parties(headers)
    if crowd:
        defects = [*defects, crowd]
    moment, late = written_at(
        headers.first("date"), headers.first("received"), envelope or headers.envelope
    )
    if late:
        defects = [*defects, late]
    subject = charsets.storable(headers.text("subject")) if "subject" in headers.fields else ""
    message_id = _message_id(headers.first("message-id"))
    digest = _digest(author.lower(), headers.first("date"), subject, body.source)
    key = digest.copy()
    for likeness in body.likenesses:
        key.update(likeness)
    replied, references = _thread(headers, message_id)
    automatic, because = judge(headers, author, subject)
    text, folds = body.text, body.folds
    forged = is_forged(headers)
    if forged:
        defects = [*defects, "The server that received it could not confirm the sender."]
    if automatic in ("bounce", "receipt") and raw:
        report = delivery.read_report(raw, root, text, headers.first("x-failed-recipients"))
        if report.recipients and not report.failed:
            automatic = "auto-generated"
        replied = _about(report, replied)
        parties += _not_reached(report)
        text, folds = _headed(delivery.describe(report, text), text, folds)
    entry = Entry(
        external_id=f"{message_id}#{digest.hexdigest()[:16]}",
        at=moment.at,
        kind="message",
        channel="email",
        parties=parties,
        subject=limits.cut(subject, limits.SUBJECT_CHARS),
        text=text,
        folds=folds,
        message_id=message_id,
        in_reply_to=replied,
        references=references,
        hints=thread_hints(headers),
        at_offset=moment.offset,
        zone_source=moment.zone_source,
        precision=moment.precision,
        automatic=automatic,
        group=group_of(headers, author) if automatic == "list" else "",
        forged=forged,
        attachments=tuple(body.attachments),
        original=raw,
        original_type="message/rfc822" if raw else "",
        defects=tuple(dict.fromkeys(defects))[: limits.DEFECT_COUNT],
        content_key=key.hexdigest() if raw else "",
    )
    return Reading(entry, headers, root, because)


def _about(report: delivery.Report, replied: tuple[str, ...]) -> tuple[str, ...]:
    """Put the message that a report is about before what its headers answer."""
    about = (limits.cut(charsets.storable(one), limits.MESSAGE_ID_CHARS) for one in
             report.message_ids)  # fmt: skip
    return tuple(dict.fromkeys((*about, *replied)))


def _not_reached(report: delivery.Report) -> tuple[Party, ...]:
    """Return who was not reached: the one by whom a report is tied to our message to them."""
    lost = (one.address for one in report.recipients if one.action in ("failed", ""))
    return tuple(
        Party("mentioned", Address("email", charsets.storable(address)))
        for address in dict.fromkeys(lost)
    )


def _headed(line: str, text: str, folds: tuple[Fold, ...]) -> tuple[str, tuple[Fold, ...]]:
    """Put a line above a text, and move its folds down."""
    line = charsets.storable(line)
    if not line:
        return text, folds
    by = len(line) + 2
    moved = tuple(Fold(fold.start + by, fold.end + by, fold.kind) for fold in folds)
    return (f"{line}\n\n{text}", moved) if text else (line, ())


def _digest(author: str, date: str, subject: str, source: str) -> blake2b:
    """Digest what makes a mail this mail, however it was transported.

    Line ends, outer white space and mbox quoting differ between two copies of the same mail.
    """
    source = source.strip()
    if ">From " in source:
        source = _QUOTED_FROM.sub("From ", source)
    digest = blake2b(digest_size=16)
    digest.update(f"{author}\0{' '.join(date.split())}\0{subject}\0".encode("utf-8", "replace"))
    digest.update(source.encode("utf-8", "replace"))
    return digest


def _parties(headers: Headers) -> tuple[tuple[Party, ...], str, str]:
    """Return everyone on the mail, the author's address, and a note when there are too many."""
    fields = headers.fields
    name, author = _author(headers)
    out: list[Party] = []
    if author or name:
        out.append(_party("from", name, author))
    if "reply-to" in fields:
        for name, address in parse_addresses(fields["reply-to"][0], 10):
            if address.lower() != author.lower():
                out.append(_party("reply_to", name, address))
    total, room = 0, limits.RECIPIENT_COUNT
    for header, role in _RECIPIENTS:
        for value in fields.get(header, ()):
            if room > 0:
                found = parse_addresses(value, room)
                room -= len(found)
                out.extend(_party(role, name, address) for name, address in found)
            if len(value) > limits.RECIPIENT_COUNT:
                total += value.count("@")
    crowd = ""
    if room <= 0 and total > limits.RECIPIENT_COUNT:
        crowd = (
            f"There are about {total:,} recipients; the first {limits.RECIPIENT_COUNT} are kept."
        )
    return tuple(out), author, crowd


def _party(role: Role, name: str, address: str) -> Party:
    if not address:
        return Party(role, Address("name", name), name)
    return Party(role, Address("email", address), name)


def _author(headers: Headers) -> tuple[str, str]:
    """Return (name, address) of who wrote it: the first From with an address, or the next best."""
    first: tuple[str, str] = ("", "")
    for header in ("from", "reply-to", "sender", "resent-from", "return-path"):
        for value in headers.fields.get(header, ()):
            for name, address in parse_addresses(value, 10):
                if "@" in address:
                    # A From without an address still says who it was.
                    return (name or first[0] or first[1], address)
                if first == ("", "") and header == "from":
                    first = (name, address)
    return first


def _message_id(value: str) -> str:
    if not value:
        return ""
    match = _ANGLE_ID.search(value[: limits.MESSAGE_ID_CHARS * 4])
    text = match[1] if match else value.strip("<> \t")
    return limits.cut(charsets.storable("".join(text.split())), limits.MESSAGE_ID_CHARS)


def _thread(headers: Headers, own: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids that it answers, nearest first, and those of its thread, oldest first."""
    fields = headers.fields
    replied: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    if "in-reply-to" in fields:
        replied = _ids(fields["in-reply-to"][0], own)[:10]
    if "references" in fields:
        references = _ids(fields["references"][0], own)
        if len(references) > limits.REFERENCE_COUNT:
            # The root names the thread, the newest name the answer.
            half = limits.REFERENCE_COUNT // 2
            references = references[:half] + references[-half:]
    if not replied and references:
        replied = references[-1:]
    return replied, references


def _ids(value: str, own: str) -> tuple[str, ...]:
    value = value[: limits.HEADER_BYTES]
    found = _ANGLE_ID.findall(value)
    if not found:
        found = [word for word in value.split() if "@" in word] if "<" not in value else []
        if len(found) != len(value.split()):
            return ()
    cleaned = (limits.cut("".join(item.split()), limits.MESSAGE_ID_CHARS) for item in found)
    return tuple(dict.fromkeys(charsets.storable(item) for item in cleaned if item != own))
