"""``centric demo``: a believable fictional store, built and opened."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Command, pass_session
from console.cli.session import Session
from console.config import default_store_path

if TYPE_CHECKING:
    from db.engine.interface import Connection

DEMO_NAME = "demo.db"
DEFAULT_SEED = 7
_BESIDE = ("-wal", "-shm", ".gate")
_HAS_SOURCE = "select exists(select 1 from sources where name = :name)"


@click.command(cls=Command)
@click.option("--no-open", is_flag=True, help="Build it only.")
@click.option(
    "--seed", default=DEFAULT_SEED, show_default=True, metavar="N", help="Another seed, other days."
)
@click.option("--force", is_flag=True, help="Build it anew where a demo store stands.")
@pass_session
def demo(session: Session, no_open: bool, seed: int, force: bool) -> int:
    """Build a fictional store and open it on the desk.

    It goes beside your own store, which is never touched, or where --store says. A demo store
    that is there already is opened as it is.
    """
    path = demo_path(session)
    if force or not path.exists():
        _build(path, seed, session.login)
    session.store_option = str(path)
    if no_open:
        click.echo(f"The demo store is {path}. Open it with: centric --store {path}")
        return exits.OK
    from console.cli.root import open_desk

    return open_desk(session)


def demo_path(session: Session) -> Path:
    """Return where the demo goes: ``--store``, ``CENTRIC_STORE``, or beside the usual store."""
    from db.engine.postgres_url import is_postgres
    from db.errors import Refused

    named = session.store_option or os.environ.get("CENTRIC_STORE", "")
    if is_postgres(named):
        raise Refused(
            "The demo is built as a file. Bring it into a database of its own afterwards: "
            "centric store move demo.db postgresql://HOST/DATABASE"
        )
    if named:
        return Path(named.removeprefix("sqlite:///")).expanduser()
    return default_store_path().with_name(DEMO_NAME)


def _build(path: Path, seed: int, login: str) -> None:
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
    from db.errors import Refused, StoreError
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

    return bool(connection.value(_HAS_SOURCE, {"name": SOURCES["slack"].source}))
