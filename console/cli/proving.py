"""``centric doctor ingest``: is every message of the mailboxes here."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import click

from connectors.contract import ConnectorError
from console.accounts import find_account, find_secret, mail_accounts
from console.cli import exits
from console.cli.base import Command, output_option, pass_session
from console.cli.session import Session, say
from console.config import ConfigError, config_path
from console.output import Column, emit, line_width, table, write_lines
from console.proof import FolderProof, Proof, prove, prove_files
from console.text import one_line

SHOWN = 1_000
NAME_CHARACTERS = 200

_COLUMNS: tuple[Column[FolderProof], ...] = (
    Column("account", lambda row: row.account),
    Column("folder", lambda row: one_line(row.folder, NAME_CHARACTERS), weight=1),
    Column("server", lambda row: f"{row.server:,}"),
    Column("here", lambda row: f"{row.here:,}" if row.read else "not read"),
    Column("set aside", lambda row: f"{row.set_aside:,}" if row.set_aside else ""),
    Column("erased", lambda row: f"{row.erased:,}" if row.erased else ""),
    Column("gone there", lambda row: f"{row.gone:,}" if row.gone else ""),
    Column("missing", lambda row: f"{len(row.missing):,}" if row.read else ""),
)


@click.command("ingest", cls=Command)
@click.argument("names", nargs=-1, metavar="[ACCOUNT]…")
@output_option(ids=False)
@pass_session
def ingest(session: Session, names: tuple[str, ...], form: str) -> int:
    """Compare the mailboxes with the store: what the server has, what is here, what is missing.

    Each message that is missing is named with the reason. What was received, from files too, is
    checked against the chain that was made when it came. Nothing is fetched and nothing changes.
    Exit code 1 says that something is missing, or is not as it was received.
    """
    config = session.config
    chosen = tuple(find_account(config, name) for name in names) or mail_accounts(config)
    store = session.open()
    proofs = [] if names else prove_files(store)
    if not (chosen or proofs):
        raise ConfigError(f"No mail account is set up in {config_path()}: centric connect mail.")
    shows, failed = sys.stderr.isatty(), False
    for account in chosen:

        def told(folder: str, label: str = account.label) -> None:
            if shows:
                click.echo(f"\r{label} {one_line(folder, 60)}\x1b[K", err=True, nl=False)

        try:
            proofs.append(prove(store, account, find_secret(account), told))
        except ConnectorError as error:
            say(f"centric: {account.label}: {error}")
            failed = True
        finally:
            if shows:
                click.echo("\r\x1b[K", err=True, nl=False)
    if form == "text":
        write_lines(_lines(proofs))
    else:
        rows = [folder for proof in proofs for folder in proof.folders]
        emit(rows, form, _COLUMNS, kind=FolderProof)
        for proof in proofs:
            if not proof.sound:
                say(_chain_line(proof))
    if not all(proof.sound for proof in proofs):
        return exits.NOTHING
    return exits.UNAVAILABLE if failed else exits.OK


def _lines(proofs: Sequence[Proof]) -> Iterator[str]:
    rows = [folder for proof in proofs for folder in proof.folders]
    if rows:
        yield from table(rows, _COLUMNS, line_width())
        yield ""
    for proof in proofs:
        for folder in proof.folders:
            where = f"{proof.account} {one_line(folder.folder, NAME_CHARACTERS)}"
            for one in folder.missing[:SHOWN]:
                yield f"{where}, message {one.uid}: {one_line(one.reason, 500)}"
            if len(folder.missing) > SHOWN:
                yield f"{where}: and {len(folder.missing) - SHOWN:,} more; -o json has them all."
        yield _chain_line(proof)


def _chain_line(proof: Proof) -> str:
    if proof.broken_link:
        return (
            f"{proof.account}: the chain of what was received was altered: link "
            f"{proof.broken_link:,} of {proof.links:,} is the first that does not fit."
        )
    if proof.altered or proof.lost:
        return (
            f"{proof.account}: of {proof.links:,} originals {proof.altered:,} are not as they were "
            f"received, and {proof.lost:,} are not there. Go back to the last backup."
        )
    told = f"{proof.account}: {_originals(proof.links)} as it was received"
    return (
        f"{told}; {proof.missing:,} missing." if proof.missing else f"{told}; nothing is missing."
    )


def _originals(links: int) -> str:
    return "1 original," if links == 1 else f"{links:,} originals, each"
