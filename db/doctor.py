"""Is the store sound? Quick: what can be told in seconds; deep: every page, text and byte.

A check reads only and keeps nobody waiting; only a rebuild writes. Each finding has one of four
states: ``ok``; ``note``, worth knowing; ``wrong``, and its sentence says what mends it; ``broken``,
where something is lost or was altered and a backup is the way back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from db import clock, journal
from db.engine.interface import Connection, Engine
from db.keeping.ground import NO_GROUND, Ground, survey
from db.keeping.rebuild import Drift, drift
from db.keeping.rebuild import rebuild as rebuild_derived

State = Literal["ok", "note", "wrong", "broken"]

DAY_MILLISECONDS = 86_400_000
_MENDED = "centric doctor --rebuild"
_UNFINISHED = "select customer_id from erasures where done_at = 0 order by id"
_UNSCRUBBED = "select count(*) from erasures where done_at > 0 and scrubbed_at = 0"
_SILENT = "select name, last_error from sources where last_error <> '' order by name"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: What, in a word.
        told: What was found, and what to do, in a sentence.
    """

    check: str
    state: State
    told: str


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found.

    Attributes:
        faults: What is wrong with the file, in the engine's words; empty when it is whole.
        drifted: What is derived and was not what it follows from.
        altered_act: The first act of the journal that does not fit; 0 when all do.
        acts: Acts in the journal.
        anchor: Hash of the last act, to be kept elsewhere.
        indexed: Entries in the rebuilt search index; None when it was not rebuilt.
        ground: What the store stands on.
        findings: Everything that was looked at, in the order of its weight for the team.
        deep: Whether everything was read.
    """

    faults: tuple[str, ...]
    drifted: int
    altered_act: int
    acts: int
    anchor: str
    indexed: int | None = None
    ground: Ground = NO_GROUND
    findings: tuple[Finding, ...] = ()
    deep: bool = False

    @property
    def sound(self) -> bool:
        """Say whether nothing is wrong."""
        wrong = any(finding.state in ("wrong", "broken") for finding in self.findings)
        return not (self.faults or self.drifted or self.altered_act or wrong)

    @property
    def broken(self) -> bool:
        """Say whether something is lost or was altered, that no rebuild brings back."""
        lost = any(finding.state == "broken" for finding in self.findings)
        return bool(self.faults or self.altered_act or lost)


def examine(engine: Engine, *, deep: bool = False, rebuild: bool = False) -> Checkup:
    """Check a store.

    Args:
        engine: Of the store.
        deep: Read every page, text and original: minutes at a million entries.
        rebuild: Also make everything derived anew; who writes meanwhile waits.

    Raises:
        Unavailable: The store cannot be read, or not be written.
    """
    faults = _faults(engine, deep)
    ground = survey(engine)
    connection = engine.connection()
    if faults:
        told = f"{faults[0]} Leave every desk, keep this file, go back to the last backup."
        broken = Finding("file", "broken", told)
        return Checkup(faults, 0, 0, 0, "", ground=ground, findings=(broken,), deep=deep)
    found = drift(connection, deep=deep)
    indexed = _made_anew(engine) if rebuild else None
    altered, head = journal.verify(connection), journal.head(connection)
    findings = (
        Finding("file", "ok", "The file is whole." if deep else "The file is whole at a glance."),
        *_of_ground(ground),
        *_of_drift(found, rebuild=rebuild, deep=deep),
        _of_journal(altered, head[0]),
        *(_of_originals(connection) if deep else ()),
        *_of_erasures(connection),
        *_of_sources(connection),
        *_of_backups(engine),
    )
    drifted = 0 if rebuild else found.total
    return Checkup((), drifted, altered, *head, indexed, ground, findings, deep)


def _faults(engine: Engine, deep: bool) -> tuple[str, ...]:
    if deep and engine.name == "sqlite":
        from db.engine.sqlite_check import check_all

        return check_all(engine)
    return engine.check()


def _made_anew(engine: Engine) -> int:
    from db.erase.entries import drop_unused
    from db.identity.suggest import rebuild as suggest_anew
    from db.keeping.originals import unused

    indexed = rebuild_derived(engine)
    suggest_anew(engine)
    if unused(engine.connection()):
        with engine.write() as connection:
            drop_unused(connection, unused(connection))
    return indexed


def _of_ground(ground: Ground) -> Iterator[Finding]:
    if not ground.place:
        return
    for concern in ground.concerns:
        yield Finding("place", "wrong", concern)
    if not ground.concerns:
        told = f"It lies on {ground.place}, {ground.mode}; its log has {ground.log:,} bytes."
        yield Finding("place", "ok", told)


def _of_drift(found: Drift, *, rebuild: bool, deep: bool) -> Iterator[Finding]:
    sentences = (
        ("counters", found.counters, "Every counter says what is there.", "Wrong counters"),
        ("ranks", found.ranks, "Every case is filed where it belongs.", "Cases filed wrong"),
        ("texts", found.texts, "First words and lengths fit their texts.", "Wrong first words"),
        ("search", found.search, "Search knows every word.", "Entries that search knows wrong"),
        ("finder", found.finder, "The finder knows everybody.", "Customers not found as they are"),
        ("subjects", found.subjects, "Acts are listed where they belong.", "Acts listed wrong"),
    )
    for check, count, good, bad in sentences if deep else sentences[:2]:
        if not count:
            yield Finding(check, "ok", good)
        elif rebuild:
            yield Finding(check, "ok", f"{bad}: {count:,}; right now.")
        else:
            yield Finding(check, "wrong", f"{bad}: {count:,}; {_MENDED} corrects them.")


def _of_journal(altered: int, acts: int) -> Finding:
    if altered:
        told = f"The journal was altered: act {altered} is the first that does not fit."
        return Finding("journal", "broken", told)
    return Finding("journal", "ok", f"The journal has {acts:,} acts, none altered.")


def _of_originals(connection: Connection) -> Iterator[Finding]:
    from db.keeping.originals import check_originals

    found = check_originals(connection)
    if found.altered or found.missing:
        told = (
            f"Of {found.kept:,} originals and files {found.altered:,} are not what was received, "
            f"and {found.missing:,} are missing."
        )
        yield Finding("originals", "broken", told)
    else:
        told = f"All {found.kept:,} originals and files are what was received."
        yield Finding("originals", "ok", told)
    if found.unused:
        told = f"{found.unused:,} originals belong to nothing; {_MENDED} removes them."
        yield Finding("originals", "wrong", told)
    for name in found.broken:
        told = f"The chain of what “{name}” delivered does not hold: something was changed."
        yield Finding("received", "broken", told)


def _of_erasures(connection: Connection) -> Iterator[Finding]:
    for (customer_id,) in connection.all(_UNFINISHED):
        told = (
            f"The erase of customer {customer_id} was stopped: do it again with "
            f"centric erase customer {customer_id}"
        )
        yield Finding("erasures", "wrong", told)
    if connection.value(_UNSCRUBBED):
        told = "The bytes of an erase are not rewritten yet: centric erase finish"
        yield Finding("erasures", "wrong", told)


def _of_sources(connection: Connection) -> Iterator[Finding]:
    for name, error in connection.all(_SILENT):
        yield Finding("sources", "note", f"The last pull of {name} failed: {error}")


def _of_backups(engine: Engine) -> Iterator[Finding]:
    """Say how old the newest backup is that lies where backups usually do."""
    if engine.name != "sqlite":
        return
    from pathlib import Path

    from db.keeping.backup import listed, usual_folder

    path = Path(engine.place)
    kept: Sequence[Path] = listed(usual_folder(path), path.stem)
    if not kept:
        told = f"No backup lies in {usual_folder(path).name}: centric backup makes one."
        yield Finding("backup", "note", told)
        return
    days = (clock.now() - int(kept[-1].stat().st_mtime * 1000)) // DAY_MILLISECONDS
    age = "less than a day" if days < 1 else f"{days:,} {'day' if days == 1 else 'days'}"
    yield Finding("backup", "note", f"The newest of {len(kept):,} backups is {age} old.")
