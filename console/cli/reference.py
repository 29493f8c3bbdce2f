"""The page ``docs/cli.md``: every command with its options, made from the commands themselves."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

import click

from console.cli.acting import verbs
from console.cli.exits import MEANINGS
from console.cli.root import centric
from console.config import THEMES

INTRODUCTION = """# The command line

*Made from the commands by `python -m console.cli.reference > docs/cli.md`; a test fails when the
two differ.*

`centric` alone opens the desk. Every other command runs without it: no screen is drawn, nothing
is asked unless there is a terminal, and what it says can be read by a person, a screen reader or a
program.

- The options `--store` and `--agent` may stand before or after a command.
- `-o text` is for people: as wide as the terminal, uncut on a pipe. `-o json` is an array (an
  object where one thing is shown), `-o ndjson` a line for each, `-o csv` a table with a heading,
  `-o ids` a number or name a line, ready for `xargs`.
- In JSON and CSV the fields keep their names. Times are UTC milliseconds, 0 for never; beside each
  stands the same time as `…_iso`.
- What strangers wrote cannot act on your terminal: in text and CSV control characters are shown as
  pictures, in JSON they are escapes. CSV cells that a spreadsheet would take for a formula begin
  with an apostrophe.
- Data goes to standard output; sentences about it go to standard error.
- Completion of commands and options: `eval "$(_CENTRIC_COMPLETE=bash_source centric)"`; also
  `zsh_source` and `fish_source`.
"""

ENVIRONMENT = f"""## Configuration

`~/.config/centric/config.toml` (elsewhere as the system has it; `CENTRIC_CONFIG` names another):

```toml
store = "/srv/team/centric.db"   # else CENTRIC_STORE, --store
agent = "ada"                    # else the system's user
name = "Ada Moreno"              # as colleagues see you
theme = "dark"                   # {", ".join(THEMES)}
mouse = true                     # false leaves the mouse to the terminal

[keys]                           # action id = key; docs/keys.md has the ids
"case.take" = "ctrl+t"
```

| variable | what it does |
|---|---|
| `CENTRIC_STORE` | the store, where `--store` does not say |
| `CENTRIC_CONFIG` | the configuration file |
| `COLUMNS` | width of text, where it is not the terminal's |

The store is `~/.local/share/centric/centric.db` when nobody says otherwise. Reports of crashes are
in `~/.local/state/centric`; they hold places in the program, never a text of yours.
"""


def reference() -> str:
    """Return the page."""
    return "\n".join(_parts()) + "\n"


def _parts() -> Iterator[str]:
    yield INTRODUCTION
    yield "## Exit codes\n\n| code | meaning |\n|---|---|"
    for code, meaning in MEANINGS.items():
        yield f"| {code} | {meaning} |"
    yield f"\n{ENVIRONMENT}"
    yield "## Commands"
    root = click.Context(centric, info_name="centric")
    yield from _command(centric, root)
    yield "\n## What `centric do` takes\n\n| command | what it does |\n|---|---|"
    for verb in verbs():
        only = " Leads only." if verb.lead_only else ""
        yield f"| `{verb.usage}` | {verb.help}{only} |"


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield a command and those below it; written by hand, as click's own layout varies."""
    yield f"\n### {context.command_path}\n"
    yield f"`{context.command_path}{_usage(command)}`\n"
    yield _paragraphs(command.help or "")
    options = [one for one in command.params if isinstance(one, click.Option)]
    own = [one for one in options if one.name not in ("store", "agent") or command is centric]
    if own:
        yield "\n| option | what it does |\n|---|---|"
        yield from (_option(option) for option in own)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from _command(found, click.Context(found, info_name=name, parent=context))


def _usage(command: click.Command) -> str:
    places = [one.metavar or "" for one in command.params if isinstance(one, click.Argument)]
    below = ["COMMAND …"] if isinstance(command, click.Group) else []
    return "".join(f" {word}" for word in ("[OPTIONS]", *places, *below))


def _paragraphs(text: str) -> str:
    """Return a help text as Markdown: what click leaves unwrapped is a block of code."""
    parts = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.startswith("\b\n"):
            parts.append(f"```sh\n{paragraph[2:]}\n```")
        else:
            parts.append(paragraph)
    return "\n\n".join(parts)


def _option(option: click.Option) -> str:
    takes = option.metavar or ""
    if isinstance(option.type, click.Choice):
        takes = ", ".join(str(choice) for choice in option.type.choices)
    elif not takes and not option.is_flag:
        takes = "N"
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    shown = f"{names} {takes}".rstrip().replace("|", "\\|")
    standard = f" Else {option.default}." if option.show_default else ""
    return f"| {shown} | {option.help or ''}{standard} |"


if __name__ == "__main__":
    sys.stdout.write(reference())
