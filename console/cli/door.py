"""The door of the command line: every failure becomes a sentence and an exit code, here alone."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

import click

from console.cli import exits
from console.cli.elsewhere import Elsewhere, check_here
from console.cli.session import Session, say
from console.config import ConfigError
from console.splash import Splash


def guarded(arguments: Sequence[str], splash: Splash) -> int:
    """Carry out a command line; whatever goes wrong, say it in one sentence.

    Returns:
        One of the codes of `console.cli.exits`.
    """
    _expect_any_encoding()
    try:
        code = _invoke(arguments, splash)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_left()
    except OSError as error:
        if error.errno == errno.EPIPE:
            return _reader_left()
        splash.leave()
        return _crashed(error)
    except KeyboardInterrupt:
        splash.leave()
        say("Interrupted.")
        return exits.INTERRUPTED
    except Exception as error:  # the outermost door: log it, tell the person
        splash.leave()
        return _failed(error)
    return code


def _invoke(arguments: Sequence[str], splash: Splash) -> int:
    from console.cli.root import centric

    if "_CENTRIC_COMPLETE" in os.environ:  # the shell asks what could be typed
        centric.main(args=list(arguments), prog_name="centric")
    session = Session(splash=splash)
    # Not centric.main: it answers a pipe that closed with exit code 1, and we with the rule.
    try:
        check_here(arguments)
        with centric.make_context("centric", list(arguments), obj=session) as context:
            result = centric.invoke(context)
    except click.exceptions.Exit as left:
        return left.exit_code
    except Elsewhere as there:
        from console.cli.remote import run_there, served_here

        here = served_here(there.url, arguments)
        return _invoke(here, splash) if here else run_there(there.url, arguments, session)
    return result if isinstance(result, int) else exits.OK


def _failed(error: Exception) -> int:
    if isinstance(error, click.Abort):
        say("Interrupted.")
        return exits.INTERRUPTED
    if isinstance(error, click.UsageError):
        _show_usage(error)
        return exits.USAGE
    if isinstance(error, click.ClickException):
        say(f"centric: {error.format_message()}")
        return error.exit_code
    code = exit_code_of(error)
    if code == exits.INTERNAL:
        return _crashed(error)
    say(f"centric: {error}")
    return code


def exit_code_of(error: Exception) -> int:
    """Return the exit code of an error; `exits.INTERNAL` for one that is not foreseen."""
    if isinstance(error, ConfigError) or _is(error, "db.language", "QueryError"):
        return exits.USAGE
    if _is(error, "connectors.contract", "BadFile"):
        return exits.BAD_INPUT
    if _is(error, "connectors.contract", "ConnectorError"):
        return exits.UNAVAILABLE
    if _is(error, "console.keymap", "KeyClash"):
        return exits.USAGE
    from db import errors

    by_kind: tuple[tuple[type[Exception], int], ...] = (
        (errors.NoStore, exits.NO_INPUT),
        (errors.NotFound, exits.NOTHING),
        (errors.Conflict, exits.NOTHING),
        (errors.NotAllowed, exits.NOT_ALLOWED),
        (errors.Refused, exits.NOTHING),
        (errors.StoreError, exits.UNAVAILABLE),
    )
    for kind, code in by_kind:
        if isinstance(error, kind):
            return code
    return exits.INTERNAL


def _is(error: Exception, module: str, name: str) -> bool:
    """Say whether an error is of a class, without loading the module that has it."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(error, kind)


def _show_usage(error: click.UsageError) -> None:
    path = error.ctx.command_path if error.ctx else "centric"
    say(f"centric: {error.format_message()} See: {path} --help")


def _crashed(error: Exception) -> int:
    from console.config import state_folder
    from console.crash import write_report

    place = write_report(error, state_folder())
    seen = f"the report is {place}" if place else "no report could be written"
    say(f"centric: Something went wrong that should not have ({type(error).__name__}); {seen}.")
    return exits.INTERNAL


def _reader_left() -> int:
    """End quietly when the reader of our output has gone, as ``| head`` does."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return exits.OK


def _expect_any_encoding() -> None:
    """Let a terminal or pipe that is not UTF-8 show a question mark instead of ending us."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
