"""``centric inspect``: what is read in a mail or an mbox, one object a message, no store needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import click

from connectors.contract import ConnectorError
from console.cli import exits
from console.cli.base import Command
from console.cli.session import say
from console.output import line_width
from console.output import safe_json as json_bytes
from console.text import clean, one_line, wrap

_TEXT_WIDTH = 100
_KINDS = {"new": " ", "quote": ">", "signature": "~"}


@click.command("inspect", cls=Command)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["text", "ndjson"]),
    help="Text, or a JSON object a line for each message; that is the default on a pipe.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Processes at a time; as many as there are processors where it is left out.",
)
def inspect(paths: tuple[str, ...], form: str | None, jobs: int | None) -> int:
    r"""Print what is read in mail: mbox files, Maildirs, folders and single messages.

    The reading is the one of an import, and nothing is stored. Each message is an object with its
    subject, from, reply_to, to, cc, bcc, date, ids, whether it is automatic and by which mark, its
    text, html, parts, attachments with their SHA-256, and ranges: what of the text is new, a
    signature, or a quote. A message that cannot be read has set_aside, with the reason.

    \b
    centric inspect mail.eml
    centric inspect archive.mbox.gz -o ndjson | jq -r .subject
    """
    from connectors.mail import inspection, parallel

    lines = form == "ndjson" or (form is None and not sys.stdout.isatty())
    work = read_ndjson if lines else read_text
    lost = lost_ndjson if lines else lost_text
    worst = exits.OK
    for path in paths:
        try:
            units = list(inspection.units([path]))
            processes = min(jobs or os.cpu_count() or 1, max(len(units), 1))
            _write(parallel.in_order(units, work, lost, processes))
        except ConnectorError as error:
            say(f"centric: {error}")
            missing = not os.path.lexists(path)
            worst = max(worst, exits.NO_INPUT if missing else exits.BAD_INPUT)
    return worst


def _write(pieces: Iterable[bytes]) -> None:
    sys.stdout.flush()
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def read_ndjson(
    unit: Any,
) -> bytes:  # an `inspection.Unit`; its module is imported where it is used
    """Read a unit; runs in a process of its own."""
    return b"".join(json_bytes(told) + b"\n" for told in _told(unit))


def read_text(unit: Any) -> bytes:  # as above
    """Read a unit, for people; runs in a process of its own."""
    return "".join(f"{line}\n" for told in _told(unit) for line in _lines(told)).encode()


def lost_ndjson(unit: Any) -> bytes:  # as above
    """Tell of a message on which its reader died."""
    from connectors.mail import inspection

    return json_bytes(inspection.lost(unit)) + b"\n"


def lost_text(unit: Any) -> bytes:  # as above
    """Tell people of a message on which its reader died."""
    from connectors.mail import inspection

    return "".join(f"{line}\n" for line in _lines(inspection.lost(unit))).encode()


def _told(unit: Any) -> Iterator[dict[str, Any]]:  # objects of JSON
    from connectors.mail import inspection, parallel

    with parallel.Watch() as watch:
        for told in inspection.tell(unit):
            watch.next()
            yield told


def _lines(told: dict[str, Any]) -> Iterator[str]:  # an object of JSON
    """Yield a message as a person reads it."""
    place = f"{told['path']}, byte {told['offset']}" if "offset" in told else told["path"]
    yield f"── {one_line(place, 1_000)}"
    if "set_aside" in told:
        yield f"Set aside: {one_line(told['set_aside'], 1_000)}"
        yield ""
        return
    facts = [
        ("From", _who([told["from"]] if told["from"] else [])),
        ("Reply-To", _who(told["reply_to"])),
        ("To", _who(told["to"])),
        ("Cc", _who(told["cc"])),
        ("Date", told["date"] or ""),
        ("Subject", told["subject"]),
        ("Message-ID", told["message_id"]),
        ("In-Reply-To", " ".join(told["in_reply_to"])),
        ("References", " ".join(told["references"])),
        ("Automatic", _automatic(told)),
    ]
    for name, value in facts:
        if value:
            yield f"{name}: {one_line(value, 4_000)}"
    for number, file in enumerate(told["attachments"], start=1):
        named = one_line(file["name"] or "no name", 200)
        yield f"File {number}: {named}, {file['type']}, {file['size']:,} bytes, part {file['part']}"
    for defect in told["defects"]:
        yield f"Mended: {one_line(defect, 500)}"
    yield ""
    yield from _marked(told)
    yield ""


def _who(people: list[dict[str, str]]) -> str:
    return ", ".join(
        f"{one['name']} <{one['address']}>" if one["name"] else one["address"] for one in people
    )


def _automatic(told: dict[str, Any]) -> str:  # an object of JSON
    return f"{told['automatic']} ({told['automatic_because']})" if told["automatic"] else ""


def _marked(told: dict[str, Any]) -> Iterator[str]:  # an object of JSON
    """Yield the text; quotes stand behind ``>``, signatures behind ``~``."""
    cells = min(line_width() or _TEXT_WIDTH, _TEXT_WIDTH) - 2
    for piece in told["ranges"]:
        text = clean(told["text"][piece["start"] : piece["end"]]).strip("\n")
        for line in text.split("\n") if text.strip() else ():
            for wrapped in wrap(line, cells) or [""]:
                yield f"{_KINDS[piece['kind']]} {wrapped}".rstrip()
