"""What every command of ``centric`` shares: the global options, and how output is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from console.cli.session import Session

F = TypeVar("F", bound=Callable[..., object])

pass_session = click.make_pass_decorator(Session, ensure=True)


def words(parts: Sequence[str]) -> str:
    """Return words of the command line as one text; bytes that are no UTF-8 become U+FFFD."""
    return " ".join(parts).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _remember(attribute: str) -> Callable[[click.Context, click.Parameter, str | None], None]:
    def store(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
        if value:
            setattr(context.ensure_object(Session), attribute, value)

    return store


def global_options() -> list[click.Parameter]:
    """Return the options that stand before or after any subcommand."""
    return [
        click.Option(
            ["--store"],
            metavar="PATH",
            expose_value=False,
            callback=_remember("store_option"),
            help="The store to use: a file, ssh://HOST/PATH, postgresql://HOST/DATABASE; else "
            "CENTRIC_STORE, the configuration, the usual place.",
        ),
        click.Option(
            ["--agent"],
            metavar="LOGIN",
            expose_value=False,
            callback=_remember("agent_option"),
            help="Who you are; else the configuration, the system's user.",
        ),
    ]


class Command(click.Command):
    """A subcommand; it takes the global options too, so that they may follow its name."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they come
        self.params.extend(global_options())
        if self.help:  # click's mark for lines that stay as they are; docstrings here are raw
            self.help = self.help.replace("\\b\n", "\b\n")


class Group(click.Group):
    """A subcommand with subcommands of its own."""

    command_class = Command

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they come
        self.params.extend(global_options())


def output_option(*, ids: bool = True) -> Callable[[F], F]:
    """Return a decorator that adds ``-o``."""
    formats = ["text", "json", "ndjson", "csv", *(["ids"] if ids else [])]
    return click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice(formats),
        default="text",
        show_default=True,
        help="How the answer is written.",
    )


def limit_option(default: int) -> Callable[[F], F]:
    """Return a decorator that adds ``-n``."""
    return click.option(
        "-n",
        "--limit",
        type=click.IntRange(min=0),
        default=default,
        show_default=True,
        metavar="N",
        help="At most so many; 0 for all.",
    )
