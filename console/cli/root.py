"""The command ``centric`` itself: its subcommands are imported when they are called."""

from __future__ import annotations

from importlib import import_module

import click

from console.cli import exits
from console.cli.base import global_options
from console.cli.session import Session
from console.config import THEMES, ConfigError
from console.splash import can_draw

# Name: module and attribute, in the order of the help.
SUBCOMMANDS: dict[str, str] = {
    "import": "console.cli.importing:import_",
    "inspect": "console.cli.inspecting:inspect",
    "connect": "console.cli.connecting:connect",
    "pull": "console.cli.pulling:pull",
    "demo": "console.cli.demo:demo",
    "queues": "console.cli.cases:queues",
    "cases": "console.cli.cases:cases",
    "show": "console.cli.cases:show",
    "customer": "console.cli.customers:customer",
    "customers": "console.cli.roster:customers",
    "find": "console.cli.customers:find",
    "match": "console.cli.matching:match",
    "matches": "console.cli.explaining:matches",
    "why": "console.cli.explaining:why",
    "why-thread": "console.cli.threads:why_thread",
    "original": "console.cli.threads:original",
    "do": "console.cli.acting:do",
    "undo": "console.cli.acting:undo",
    "redo": "console.cli.acting:redo",
    "log": "console.cli.acting:log",
    "quarantine": "console.cli.keeping:quarantine",
    "own": "console.cli.people:own",
    "agents": "console.cli.people:agents",
    "teams": "console.cli.people:teams",
    "team": "console.cli.team:team",
    "export": "console.cli.exporting:export",
    "erase": "console.cli.erasing:erase",
    "backup": "console.cli.backups:backup",
    "restore": "console.cli.backups:restore",
    "store": "console.cli.stores:store",
    "info": "console.cli.keeping:info",
    "doctor": "console.cli.keeping:doctor",
}


class Root(click.Group):
    """A group that imports a subcommand's module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the subcommands in the order of the help."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a subcommand, or None."""
        target = SUBCOMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command = getattr(import_module(module), attribute)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand; a wrong name brings the nearest right ones."""
        if args and not args[0].startswith("-") and args[0] not in SUBCOMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(args[0], SUBCOMMANDS)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"There is no command “{args[0]}”.{hint}", ctx)
        return super().resolve_command(ctx, args)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("centric")
    except PackageNotFoundError:
        return "0 (not installed)"


def _show_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"centric {_version()}")
        ctx.exit(exits.OK)


@click.command(cls=Root, invoke_without_command=True, no_args_is_help=False)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@click.option("--theme", type=click.Choice(THEMES), help="Colours of the desk.")
@click.pass_context
def centric(context: click.Context, no_mouse: bool, theme: str | None) -> int | None:
    """Open the desk, or run one command without it.

    Centric remembers everything that happened between a team and its customers in one file, the
    store, and shows an agent the part that matters now. Without a command it opens the desk.
    """
    if context.invoked_subcommand is not None:
        return None
    session = context.ensure_object(Session)
    session.no_mouse, session.theme_option = no_mouse, theme or ""
    return open_desk(session)


centric.params.extend(global_options())


def open_desk(session: Session) -> int:
    """Open the desk on this terminal and return its exit code.

    Raises:
        ConfigError: There is no terminal to draw on.
    """
    if not can_draw():
        raise ConfigError(
            "The desk needs a terminal that can draw. Without one use: centric cases, centric show "
            "NUMBER, centric customer WHO, centric find TEXT (centric --help names them all)."
        )
    config = session.config
    url, login = session.store_url, session.login
    from console.app import run_desk
    from console.cli.whoami import asker

    session.splash.hand_over()
    return run_desk(
        url,
        login,
        name=config.name,
        theme=session.theme_option or config.theme,
        mouse=config.mouse and not session.no_mouse,
        keys=config.keys,
        terminal=session.splash.saved,
        who=asker(session),
        pulls=bool(config.mail),
    )
