"""``centric connect mail``: from an address to mail on the desk, and what is wrong if not."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC

import click

from connectors.contract import AuthError, ConnectorError
from connectors.mail.imap import Account
from connectors.mail.imap_look import FolderLook, Look, look, whose_certificate
from connectors.mail.imap_source import account_of
from connectors.mail.oauth import Grant, begin_device, finish_device, log_in_by_browser, provider
from connectors.mail.providers import Server, Servers, advice, domain_of, find_servers
from console import tokens
from console.account_file import add_account, keep_secret
from console.accounts import (
    AUTHS,
    TLS,
    MailAccount,
    find_secret,
    keyring_set,
    mail_accounts,
    variable_of,
)
from console.cli import exits
from console.cli.base import Command, Group, pass_session
from console.cli.session import Session, say
from console.cli.when import DEFAULT_WORK_DAYS, parse_work_since, system_zone, zone_or_none
from console.config import ConfigError, config_path
from console.output import Column, line_width, table, write_lines
from console.text import one_line
from db import clock
from db.frozen import dataclass

GUESS_SECONDS = 6.0
SHOWN_FOLDERS = 60


@dataclass(frozen=True, slots=True)
class Told:
    """What was said on the command line; empty for what was not."""

    label: str = ""
    address: str = ""
    host: str = ""
    port: int = 0
    tls: str = ""
    user: str = ""
    auth: str = ""
    client_id: str = ""
    client_secret: str = ""
    tenant: str = ""
    folders: tuple[str, ...] = ()
    password_command: str = ""
    ca_file: str = ""
    name: str = ""
    signature: str = ""
    outgoing: str = ""
    work_since: str = ""
    yes: bool = False
    dry_run: bool = False

    @property
    def asks(self) -> bool:
        """Say whether there is a person who can answer."""
        return not self.yes and sys.stdin.isatty() and sys.stderr.isatty()


@click.group(cls=Group)
def connect() -> None:
    """Connect Centric to where messages come from."""


@connect.command("mail", cls=Command)
@click.argument("address", required=False, default="", metavar="[ADDRESS]")
@click.option("--label", default="", help="What the account is called; else made of the address.")
@click.option("--host", default="", help="Server to read from; else it is found.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="Its port.")
@click.option("--tls", type=click.Choice(TLS), default=None, help="How it is spoken to.")
@click.option("--user", default="", help="Who logs in; else the address.")
@click.option("--auth", type=click.Choice(AUTHS), default=None, help="A password, or tokens.")
@click.option("--client-id", default="", help="Of the program that you registered, for tokens.")
@click.option("--client-secret", default="", help="The same, where it has one.")
@click.option(
    "--tenant", default="", help="Your organization at Microsoft, where it has to be said."
)
@click.option(
    "--folder", "folders", multiple=True, metavar="PATTERN", help="Only these; !X for not."
)
@click.option("--password-command", default="", metavar="COMMAND", help="Prints the password.")
@click.option("--ca-file", default="", help="Authority of your own server, in PEM.")
@click.option("--name", default="", help="Your name, for replies.")
@click.option("--signature", default="", help="What stands below replies.")
@click.option("--outgoing", default="", metavar="HOST[:PORT]", help="Server to send through.")
@click.option("--work-since", default="", metavar="WHEN", help="What is older is history: 14d.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing.")
@click.option("--dry-run", is_flag=True, help="Try it and tell; write nothing.")
@pass_session
def mail(
    session: Session, /, port: int | None, tls: str | None, auth: str | None, **said: object
) -> int:
    """Set up a mailbox: find its server, log in, show what is in it, and remember it.

    Nothing is pulled yet and nothing in the mailbox changes. The password goes into the system's
    keyring, or is read from a command each time; it is never written into the configuration.
    """
    told = Told(port=port or 0, tls=tls or "", auth=auth or "", **said)  # type: ignore[arg-type]
    return _Connecting(session, told).carry_out()


class _Connecting:
    """One call of the command."""

    def __init__(self, session: Session, told: Told) -> None:
        self.session = session
        self.told = told
        self.servers: Servers | None = None
        self.secret = ""

    def carry_out(self) -> int:
        """Find, log in, show, remember; return the exit code."""
        known = {one.label: one for one in mail_accounts(self.session.config)}
        if self.told.address in known:
            return self._again(known[self.told.address])
        address = self.told.address or self._ask("Address of the mailbox")
        try:
            domain_of(address)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        label = self.told.label or _label(address, known)
        if label in known:
            raise click.UsageError(
                f"There is an account “{label}” already: choose another --label."
            )
        candidates = self._candidates(address)
        account, found = self._log_in(label, address, candidates)
        if account is None or found is None:
            return exits.UNAVAILABLE
        write_lines(_lines(account, self.servers, found, self._since()))
        account = self._for_replies(account)
        if self.told.dry_run:
            return exits.OK
        if self.told.asks and not click.confirm("Remember this mailbox?", default=True, err=True):
            say("Nothing was written.")
            return exits.OK
        return self._remember(account)

    def _again(self, account: MailAccount) -> int:
        """Log in to an account that is known, and show what is in it."""
        if account.auth in ("google", "microsoft"):
            tokens.keep(account.label, self._grant(account))
        self.secret = find_secret(account, self._ask_secret if self.told.asks else None)
        try:
            found = look(
                account_of(account.settings(), self.secret), account.folders, self._since()
            )
        except ConnectorError as error:
            self._explain(error, account)
            return exits.UNAVAILABLE
        write_lines(_lines(account, None, found, self._since()))
        return exits.OK

    # Finding

    def _candidates(self, address: str) -> list[Servers]:
        """Return the servers that may be the right ones."""
        told = self.told
        if told.host:
            tls = told.tls or "tls"
            port = told.port or (993 if tls == "tls" else 143)
            server = Server(told.host, port, tls, told.user)  # type: ignore[arg-type]  # a choice
            return [Servers("", "what you said", server)]
        found = find_servers(address)
        return [
            replace(one, incoming=replace(one.incoming, user=told.user or one.incoming.user))
            for one in found
        ]

    def _log_in(
        self, label: str, address: str, candidates: Sequence[Servers]
    ) -> tuple[MailAccount | None, Look | None]:
        """Try the servers until one takes the login; tell what stood in the way."""
        told = self.told
        problem: tuple[ConnectorError, MailAccount] | None = None
        for servers in candidates:
            account = self._account(label, address, servers)
            if not self.secret:
                self.servers = servers
                self._find_secret(account)
            patience = GUESS_SECONDS if servers.found == "a guess" else 20.0
            tried = replace(account_of(account.settings(), self.secret), connect_seconds=patience)
            try:
                found = look(tried, told.folders, self._since())
            except AuthError as error:  # the server is right: no other is asked
                self.servers = servers
                self._explain(error, account)
                return None, None
            except ConnectorError as error:
                # What a server says weighs more than that another one is not there.
                if problem is None or "not found" in str(problem[0]):
                    problem, self.servers = (error, account), servers
                continue
            self.servers = servers
            return account, found
        if problem is not None:
            self._explain(*problem)
            if candidates[0].found == "a guess":
                say("No server of this address is known: name it with --host.")
        return None, None

    def _account(self, label: str, address: str, servers: Servers) -> MailAccount:
        told = self.told
        auth = told.auth or (servers.auth if told.client_id else "") or "password"
        command = tuple(told.password_command.split()) if told.password_command else ()
        return MailAccount(
            label,
            address,
            servers.incoming.host,
            told.user or servers.incoming.user or address,
            port=servers.incoming.port,
            tls=servers.incoming.tls,
            auth=auth,
            folders=told.folders,
            password_command=command,
            ca_file=told.ca_file,
            work_since=told.work_since,
            client_id=told.client_id,
            client_secret=told.client_secret,
            tenant=told.tenant,
        )

    def _find_secret(self, account: MailAccount) -> None:
        if account.auth in ("google", "microsoft"):
            grant = self._grant(account)
            tokens.keep(account.label, grant)
            self.secret = grant.access
            return
        if self.servers is not None and self.servers.app_password and self.told.asks:
            say(f"{self.servers.title} takes an app password: {self.servers.app_password}")
        self.secret = find_secret(account, self._ask_secret if self.told.asks else None)

    def _grant(self, account: MailAccount) -> Grant:
        """Log in at the provider: with a code that is typed, or in a browser."""
        where, client = provider(account.auth, account.tenant), tokens.client_of(account)
        if where.device_url:
            device = begin_device(where, client)
            say(f"Open {device.url} on any device and type: {device.user_code}")
            return finish_device(where, client, device)
        return log_in_by_browser(
            where, client, account.address, lambda url: say(f"Open in a browser here: {url}")
        )

    def _explain(self, error: ConnectorError, account: MailAccount) -> None:
        """Say what is wrong, and what to do about it."""
        said = str(error)
        say(f"centric: {said}")
        if isinstance(error, AuthError):
            hint = advice(self.servers, said)
            if hint:
                say(hint)
        elif "certificate" in said.lower():
            tried: Account = account_of(account.settings(), "")
            shown = whose_certificate(tried)
            if shown:
                say(shown)

    # Remembering

    def _for_replies(self, account: MailAccount) -> MailAccount:
        """Take down what replies need: name, signature, the server to send through."""
        told, servers = self.told, self.servers
        through = servers.outgoing if servers else None
        host, _, port = told.outgoing.partition(":")
        if host:
            number = int(port) if port.isdigit() else 465
            through = Server(host, number, "tls" if number == 465 else "starttls")
        name, signature = told.name, told.signature
        if told.asks and not told.dry_run:
            name = name or self._ask("Your name, as customers see it", default="")
            signature = signature or self._ask("Signature below replies", default="")
        outgoing: dict[str, object] = {}
        if through is not None:
            outgoing = {"host": through.host, "port": through.port, "tls": through.tls}
        return replace(account, name=name, signature=signature, outgoing=outgoing)

    def _remember(self, account: MailAccount) -> int:
        command = account.password_command
        kept = "by its command"
        if account.auth in ("google", "microsoft"):
            kept = "as a token that renews itself"
        elif not command:
            command, kept = self._keep(account)
        values: dict[str, object] = {
            "address": account.address, "host": account.host, "port": account.port,
            "tls": account.tls, "user": account.user if account.user != account.address else "",
            "auth": account.auth if account.auth != "password" else "",
            "client_id": account.client_id, "client_secret": account.client_secret,
            "tenant": account.tenant, "password_command": command, "folders": account.folders,
            "ca_file": account.ca_file, "work_since": account.work_since, "name": account.name,
            "signature": account.signature, "outgoing": account.outgoing,
        }  # fmt: skip
        place = add_account(account.label, values)
        click.echo(f"{account.label} is in {place}; its password is kept {kept}.")
        click.echo(f"Bring its mail in with: centric pull {account.label}")
        return exits.OK

    def _keep(self, account: MailAccount) -> tuple[tuple[str, ...], str]:
        """Keep the password somewhere safe; return the command that prints it, and where it is."""
        if keyring_set(account.label, self.secret):
            return (), "in the system's keyring"
        question = "There is no keyring here. Keep the password in a file that only you can read?"
        if self.told.asks and click.confirm(question, default=True, err=True):
            command = keep_secret(account.label, self.secret)
            return command, f"in {command[1]}"
        return (), f"in the variable {variable_of(account)}, which you set"

    # Asking

    def _ask(self, question: str, default: str | None = None) -> str:
        if not self.told.asks:
            if default is not None:
                return default
            raise click.UsageError(f"{question}: name it on the command line, nobody can be asked.")
        answer: str = click.prompt(question, default=default, err=True)
        return answer.strip()

    def _ask_secret(self, question: str) -> str:
        answer: str = click.prompt(question, hide_input=True, err=True)
        return answer

    def _since(self) -> int:
        try:
            return parse_work_since(
                self.told.work_since or f"{DEFAULT_WORK_DAYS}d",
                clock.now(),
                zone_or_none(system_zone()) or UTC,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from None


def _label(address: str, known: dict[str, MailAccount]) -> str:
    """Return a short name for an account: what stands before the @, or the whole address."""
    local, _, domain = address.partition("@")
    short = re.sub(r"[^A-Za-z0-9_-]+", "-", local).strip("-")[:64]
    whole = re.sub(r"[^A-Za-z0-9_-]+", "-", f"{local}-{domain}").strip("-")[:64]
    if not short:
        raise ConfigError(f"Name the account with --label; {config_path()} keeps it by that.")
    return whole if short in known else short


def _lines(account: MailAccount, servers: Servers | None, found: Look, since: int) -> Iterator[str]:
    """Yield what is in a mailbox and what a pull would bring."""
    who = f" ({servers.title}, {servers.found})" if servers and servers.title else ""
    yield f"Logged in to {account.host} as {account.user}{who}."
    yield ""
    yield from table(found.folders[:SHOWN_FOLDERS], _COLUMNS, line_width())
    if len(found.folders) > SHOWN_FOLDERS:
        yield f"and {len(found.folders) - SHOWN_FOLDERS:,} more folders"
    yield ""
    days = max(1, round((clock.now() - since) / 86_400_000))
    history = found.messages - found.recent
    yield (
        f"A pull brings {found.messages:,} messages in about {_duration(found.seconds)}: "
        f"{found.recent:,} of the last {days} days may be open work, {history:,} are history."
    )
    wait = "tells of new mail by itself" if found.idle else "is asked for new mail every 2 minutes"
    yield f"The newest come first. The server {wait}."


def _use(row: FolderLook) -> str:
    if not row.read:
        return "not read"
    return "sent by us" if row.sent else ""


_COLUMNS: tuple[Column[FolderLook], ...] = (
    Column("folder", lambda row: one_line(row.name, 200), weight=1),
    Column("messages", lambda row: f"{row.messages:,}"),
    Column("", _use),
)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
