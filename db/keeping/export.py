"""Everything a store knows of one customer, in one zip: to read, to process, and to prove.

``index.html`` is for a person: it needs no network, runs no script and shows hostile text as text.
``customer.json`` and ``entries.json`` are for programs, ``originals/`` and ``files/`` hold the
bytes as received, and ``manifest.json`` names every file with its SHA-256.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from db import clock
from db.among import among
from db.engine.interface import Connection, Engine
from db.errors import NotFound, Unavailable
from db.frozen import dataclass
from db.identity.components import members_of
from db.raws import read_raw
from db.schema.version import SCHEMA_VERSION
from db.texts import unpack

PAGE_ROWS = 200
NAME_CHARACTERS = 80
_WHEN = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say: the same export has the same bytes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_PROFILE = """
select k.id, k.name, coalesce(g.name, ''), k.title, k.stage, k.vip, k.risk, k.goals, k.language,
  k.time_zone, k.preferred_channel, k.first_at, k.last_inbound_at, k.last_outbound_at
from customers k left join organizations g on g.id = k.organization_id where k.id in (:among)
"""
_PROFILE_NAMES = (
    "customer_id", "name", "organization", "title", "stage", "vip", "risk", "goals", "language",
    "time_zone", "preferred_channel", "first_at", "last_inbound_at", "last_outbound_at",
)  # fmt: skip
_ADDRESSES = """
select id, kind, network, raw, name, state, verified, entries, first_at, last_at from identities
where customer_id in (:among) order by id
"""
_ADDRESS_NAMES = (
    "identity_id", "kind", "network", "address", "name", "state", "verified", "entries",
    "first_at", "last_at",
)  # fmt: skip
_CASES = """
select id, subject, channel, status, urgency, type, waiting_on, resolution, opened_at, updated_at,
  resolved_at
from cases where requester_id in (:among)
"""
_CASE_NAMES = (
    "case_id", "subject", "channel", "status", "urgency", "type", "waiting_on", "resolution",
    "opened_at", "updated_at", "resolved_at",
)  # fmt: skip
_TAGS = """
select t.case_id, g.name from case_tags t join tags g on g.id = t.tag_id where t.case_id in (:among)
"""
_OWN = "select at, id from entries where identity_id in (:among)"
_SHARED = "select at, entry_id from entry_identities where identity_id in (:among)"
_ENTRIES = """
select e.id, e.at, e.at_offset, e.kind, e.direction, e.channel, e.case_id, e.author, e.subject,
  e.automatic, t.codec, t.data
from entries e left join entry_texts t on t.entry_id = e.id where e.id in (:among)
"""
_ENTRY_NAMES = (
    "entry_id", "at", "at_offset", "kind", "direction", "channel", "case_id", "author", "subject",
    "automatic",
)  # fmt: skip
_PARTIES = """
select p.entry_id, p.role, i.raw, p.name from entry_parties p
join identities i on i.id = p.identity_id where p.entry_id in (:among)
order by p.entry_id, p.role, p.position
"""
_FILES = """
select entry_id, position, name, media_type, size, sha256, part from attachments
where entry_id in (:among) order by entry_id, position
"""
_ORIGINALS = """
select entry_id, original from origins where entry_id in (:among) and original is not null
"""
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_UNSAFE = re.compile(r"[^\w. -]+")
_HEADER = re.compile(rb"(From |[A-Za-z][A-Za-z0-9-]{0,60}:)")

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}
article{border-top:1px solid #999;padding:.5rem 0}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;unicode-bidi:plaintext}
.outbound,.internal{margin-left:2rem}
.meta{color:#555;font-size:.9em}
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        path: Of the zip.
        entries: In it.
        originals: Messages as received.
        files: Attachments that stand apart from an original.
        sha256: Of the zip.
    """

    path: str
    customer_id: int
    name: str
    entries: int
    cases: int
    originals: int
    files: int
    size: int
    sha256: str


def export_customer(
    engine: Engine, customer_id: int, path: Path, *, notes: bool = True, force: bool = False
) -> Exported:
    """Write everything that is known of a customer into a zip that only its owner can read.

    Args:
        engine: Of the store.
        customer_id: Any of the customers that are linked as this person.
        path: Of the zip.
        notes: With what the team wrote among itself.
        force: In place of a file that is there.

    Raises:
        NotFound: There is no such customer.
        Unavailable: The zip cannot be written.
    """
    path = path.expanduser()
    if path.exists() and not force:
        raise Unavailable(f"{path} is there already; name another file, or give --force.")
    part = path.with_name(path.name + ".part")
    try:
        descriptor = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file, engine.read() as connection:
            writer = _Writer(connection, customer_id, notes)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
                writer.write(zipped)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Unavailable(f"{path} cannot be written: {error.strerror}.") from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    from db.keeping.backup import hash_file

    return Exported(
        path=str(path),
        customer_id=writer.customer_id,
        name=writer.name,
        entries=len(writer.entries),
        cases=len(writer.cases),
        originals=writer.originals,
        files=writer.files,
        size=path.stat().st_size,
        sha256=hash_file(path),
    )


class _Writer:
    """Reads one customer and writes the files of the zip."""

    def __init__(self, connection: Connection, customer_id: int, notes: bool) -> None:
        self._connection = connection
        self._notes = notes
        members = members_of(connection, customer_id)
        if not members:
            raise NotFound(f"There is no customer {customer_id} in this store.")
        rows = sorted(among(connection, _PROFILE, members))
        self.profiles = [dict(zip(_PROFILE_NAMES, row, strict=True)) for row in rows]
        self.customer_id = members[0]
        shown = next((p for p in self.profiles if p["customer_id"] == customer_id), None)
        self.name = str((shown or self.profiles[0])["name"])
        self.addresses = [
            dict(zip(_ADDRESS_NAMES, row, strict=True))
            for row in among(connection, _ADDRESSES, members)
        ]
        identities = [address["identity_id"] for address in self.addresses]
        self.cases = [
            dict(zip(_CASE_NAMES, row, strict=True))
            for row in sorted(among(connection, _CASES, identities))
        ]
        tags: dict[int, list[str]] = {}
        for case, tag in among(connection, _TAGS, [case["case_id"] for case in self.cases]):
            tags.setdefault(case, []).append(tag)
        for case in self.cases:
            case["tags"] = sorted(tags.get(case["case_id"], ()))
        found = {*among(connection, _OWN, identities), *among(connection, _SHARED, identities)}
        self.entries = [number for _, number in sorted(found)]
        self.originals = self.files = 0
        self._listed: list[dict[str, object]] = []

    def write(self, zipped: zipfile.ZipFile) -> None:
        """Write everything, the manifest last."""
        if not self._notes:
            self.entries = [e["entry_id"] for e in self._told() if e["direction"] != "internal"]
        self._add(zipped, "index.html", (text.encode() for text in self._page()))
        self._add(zipped, "customer.json", [_json(self._about())])
        self._add(zipped, "entries.json", self._entries_json())
        self._add_bytes(zipped)
        manifest = {
            "customer_id": self.customer_id,
            "made_at": clock.now(),
            "made_at_iso": _time(clock.now()),
            "schema_version": SCHEMA_VERSION,
            "with_notes": self._notes,
            "files": self._listed,
        }
        self._add(zipped, "manifest.json", [_json(manifest)])

    def _add(self, zipped: zipfile.ZipFile, name: str, parts: Iterable[bytes]) -> None:
        info = zipfile.ZipInfo(name, _WHEN)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with zipped.open(info, "w", force_zip64=True) as file:
            for part in parts:
                file.write(part)
                digest.update(part)
                size += len(part)
        self._listed.append({"name": name, "size": size, "sha256": digest.hexdigest()})

    def _about(self) -> dict[str, object]:
        return {
            "customer_id": self.customer_id,
            "name": self.name,
            "profiles": self.profiles,
            "addresses": self.addresses,
            "cases": self.cases,
        }

    def _pages(self) -> Iterator[Sequence[int]]:
        for start in range(0, len(self.entries), PAGE_ROWS):
            yield self.entries[start : start + PAGE_ROWS]

    def _told(self) -> Iterator[dict[str, Any]]:
        """Yield every entry with its text, its parties and its files, oldest first."""
        connection = self._connection
        for ids in self._pages():
            parties: dict[int, list[dict[str, str]]] = {}
            for number, role, address, name in among(connection, _PARTIES, ids):
                one = {"role": role, "address": address, "name": name}
                parties.setdefault(number, []).append(one)
            files: dict[int, list[dict[str, Any]]] = {}
            for number, position, name, kind, size, sha256, part in among(connection, _FILES, ids):
                file = {"name": name, "media_type": kind, "size": size, "sha256": sha256}
                stands = _file_name(number, position, name) if sha256 and not part else ""
                files.setdefault(number, []).append({**file, "part": part, "file": stands})
            originals = {row[0] for row in among(connection, _ORIGINALS, ids)}
            rows = {row[0]: row for row in among(connection, _ENTRIES, ids)}
            for number in ids:
                *columns, codec, data = rows[number]
                yield {
                    **dict(zip(_ENTRY_NAMES, columns, strict=True)),
                    "at_iso": _time(columns[1]),
                    "text": unpack(codec, data) if data is not None else "",
                    "parties": parties.get(number, []),
                    "attachments": files.get(number, []),
                    "has_original": number in originals,
                }

    def _entries_json(self) -> Iterator[bytes]:
        yield b"["
        for number, entry in enumerate(self._told()):
            yield (b",\n" if number else b"\n") + _json(entry)
        yield b"\n]\n"

    def _add_bytes(self, zipped: zipfile.ZipFile) -> None:
        """Write the originals, and the files that stand apart from them."""
        connection = self._connection
        for ids in self._pages():
            for number, sha256 in sorted(among(connection, _ORIGINALS, ids)):
                data = read_raw(connection, bytes(sha256))
                self._add(zipped, f"originals/{number}{_kind(data)}", [data])
                self.originals += 1
            for number, position, name, _type, _size, sha256, part in among(
                connection, _FILES, ids
            ):
                data = read_raw(connection, bytes.fromhex(sha256)) if sha256 and not part else b""
                if data:
                    self._add(zipped, _file_name(number, position, name), [data])
                    self.files += 1

    # To read

    def _page(self) -> Iterator[str]:
        name = _shown(self.name)
        yield (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
            f"<title>{name}</title><style>{_STYLE}</style></head><body><h1>{name}</h1>"
        )
        for profile in self.profiles:
            yield "<table>"
            for key, value in profile.items():
                if value not in ("", 0, None):
                    said = _time(int(value)) if key.endswith("_at") else str(value)
                    yield f"<tr><th>{key.replace('_', ' ')}</th><td>{_shown(said)}</td></tr>"
            yield "</table>"
        yield "<h2>Addresses</h2><ul>"
        for one in self.addresses:
            yield f"<li>{one['kind']} {_shown(one['address'])} {_shown(one['name'])}</li>"
        yield "</ul><h2>Cases</h2><ul>"
        for case in self.cases:
            tags = _shown(", ".join(case["tags"]))
            yield f"<li>#{case['case_id']} {_shown(case['subject'])}, {case['status']} {tags}</li>"
        yield "</ul><h2>Everything, oldest first</h2>"
        for entry in self._told():
            yield from _article(entry)
        yield "</body></html>\n"


def _article(entry: dict[str, Any]) -> Iterator[str]:
    how = entry["channel"] if entry["kind"] == "message" else entry["kind"]
    yield (
        f'<article class="{entry["direction"]}"><div class="meta">{_time(entry["at"])} '
        f"{how}, {entry['direction']}, {_shown(entry['author'])}"
    )
    people = ", ".join(f"{one['role']} {one['name']} {one['address']}" for one in entry["parties"])
    yield f"<br>{_shown(people)}</div>"
    if entry["subject"]:
        yield f"<h3>{_shown(entry['subject'])}</h3>"
    yield f"<pre>{_shown(entry['text'])}</pre>"
    for file in entry["attachments"]:
        name = f"{_shown(file['name'])} ({file['size']:,} bytes)"
        if file["file"]:
            yield f'<div><a href="{html.escape(file["file"], quote=True)}">{name}</a></div>'
        else:
            yield f"<div>{name}</div>"
    yield "</article>"


def _shown(text: str) -> str:
    return html.escape(_UNPRINTABLE.sub("\ufffd", text), quote=True)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, indent=1).encode()


def _time(at: int) -> str:
    return (_EPOCH + timedelta(milliseconds=at)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _file_name(number: int, position: int, name: str) -> str:
    """Return where an attachment stands in the zip: never a path of a stranger's making."""
    safe = _UNSAFE.sub("_", name).strip(". ")[-NAME_CHARACTERS:]
    return f"files/{number}-{position}-{safe or 'file'}"


def _kind(data: bytes) -> str:
    if _HEADER.match(data):
        return ".eml"
    return ".json" if data.lstrip()[:1] in (b"{", b"[") else ".txt"
