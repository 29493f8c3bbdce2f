"""``centric demo``: a believable fictional store, built and opened."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Command, pass_session
from console.cli.session import Session
from console.config import default_store_path
from db.engine.postgres_url import is_postgres, redacted
from db.errors import Refused, StoreError

if TYPE_CHECKING:
    from db.engine.interface import Connection
    from db.store import Store

DEMO_NAME = "demo.db"
DEFAULT_SEED = 7
_BESIDE = ("-wal", "-shm", ".gate")
_IS_DEMO = "select exists(select 1 from sources where name = :name or title = :title)"
_HAS_SOURCES = "select exists(select 1 from sources)"


@click.command(cls=Command)
@click.option("--no-open", is_flag=True, help="Build it only.")
@click.option(
    "--seed", default=DEFAULT_SEED, show_default=True, metavar="N", help="Another seed, other days."
)
@click.option("--force", is_flag=True, help="Build it anew where a demo store stands.")
@click.option(
    "--entries",
    type=click.IntRange(1, 20_000_000),
    metavar="N",
    help="Another store, of this size: the team after five years. A million take some minutes.",
)
@pass_session
def demo(session: Session, no_open: bool, seed: int, force: bool, entries: int | None) -> int:
    """Build a fictional store and open it on the desk.

    It goes beside your own store, which is never touched, or where --store says. A demo store
    that is there already is opened as it is. With --entries it may be an empty database:
    --store postgresql://…
    """
    place = session.store_option or os.environ.get("CENTRIC_STORE", "")
    if entries and is_postgres(place):
        _fill_database(place, entries, seed)
    else:
        path = demo_path(session, entries)
        if force or not path.exists():
            _build(path, seed, session.login, entries)
        place = str(path)
    session.store_option = place
    if no_open:
        click.echo(f"The demo store is {redacted(place)}. Open it with: centric --store {place}")
        return exits.OK
    from console.cli.root import open_desk

    return open_desk(session)


def demo_path(session: Session, entries: int | None = None) -> Path:
    """Return where the demo goes: ``--store``, ``CENTRIC_STORE``, or beside the usual store."""
    named = session.store_option or os.environ.get("CENTRIC_STORE", "")
    if is_postgres(named):
        raise Refused(
            "This demo is built as a file. A database can be filled with another one: "
            "centric demo --entries 100000"
        )
    if named:
        return Path(named.removeprefix("sqlite:///")).expanduser()
    name = f"demo-{entries}.db" if entries else DEMO_NAME
    return default_store_path().with_name(name)


def _fill_database(url: str, entries: int, seed: int) -> None:
    """Fill an empty database.

    Raises:
        Refused: There is something in it.
    """
    from db.store import open_store

    store = open_store(url, create=True)
    try:
        if store.ask(_has_sources):
            if store.ask(_is_demo):
                return
            raise Refused(f"{redacted(url)} is not empty, so it stays. Name another database.")
        _fill(store, entries, seed)
    finally:
        store.close()


def _fill(store: Store, entries: int, seed: int) -> None:
    from console.demo.large import build_large
    from console.demo.stories import HOUR
    from db import clock

    def told(made: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{made:,} of {entries:,} entries", nl=made >= entries, err=True)

    build_large(store, entries, seed, clock.now() // HOUR * HOUR, told)


def _build_large(path: Path, entries: int, seed: int) -> None:
    from db.store import open_store

    store = open_store(str(path), create=True)
    try:
        _fill(store, entries, seed)
    finally:
        store.close()


def _build(path: Path, seed: int, login: str, entries: int | None) -> None:
    """Build a store beside its place and move it there when it is whole.

    Raises:
        Refused: Something else stands there.
    """
    from console.demo.build import build_demo

    if path.exists():
        _refuse_others(path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.building")
    try:
        if entries:
            _build_large(unfinished, entries, seed)
        else:
            build_demo(unfinished, seed, login=login)
        for ending in _BESIDE:
            path.with_name(path.name + ending).unlink(missing_ok=True)
        unfinished.replace(path)
    finally:
        for ending in ("", *_BESIDE):
            unfinished.with_name(unfinished.name + ending).unlink(missing_ok=True)


def _refuse_others(path: Path) -> None:
    """Make sure that what will be replaced is a demo.

    Raises:
        Refused: It is not.
    """
    from db.store import open_store

    is_demo = False
    try:
        store = open_store(str(path))
        is_demo = store.ask(_is_demo)
        store.close()
    except StoreError:
        is_demo = False
    if not is_demo:
        raise Refused(f"{path} is not a demo store, so it stays. Name another place with --store.")


def _is_demo(connection: Connection) -> bool:
    from console.demo.entries import SOURCES
    from console.demo.large import TITLE

    named = {"name": SOURCES["slack"].source, "title": TITLE}
    return bool(connection.value(_IS_DEMO, named))


def _has_sources(connection: Connection) -> bool:
    return bool(connection.value(_HAS_SOURCES))
