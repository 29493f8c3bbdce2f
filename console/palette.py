"""The command palette: every command of the registry and every action of the screen, by letters.

A command asks for its arguments one after the other, each with the picker of its kind; the case is
the one on screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.keymap import shown_keys
from console.keytable import KEYS, STACKS, Key
from console.screens import choices, keeping
from console.screens.acts import CaseActs
from console.screens.picker import Choice, Picker
from db.commands.base import ArgumentSpec, Command, arguments_of
from db.commands.registry import COMMANDS, build
from db.errors import StoreError
from db.frozen import dataclass

if TYPE_CHECKING:
    from console.actions import ActingApp

HIDDEN = {"palette.open", "screen.cancel", "go.close", "go.top", "queue.pinned"}
IN_PALETTE = ("case", "everywhere", "go", "panes", "marks", "reading")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the palette.

    Attributes:
        value: ``key:ID`` for an action of the key table, ``do:NAME`` for a command.
        keys: As they are shown; may be empty.
    """

    value: str
    title: str
    keys: str
    help: str


def entries(table: tuple[Key, ...] = KEYS, place: str = "cases") -> list[Entry]:
    """Return all lines: what acts here first, then every command that no key stands for.

    Args:
        table: The key table with the agent's own keys.
        place: Where the focus is; actions of other places are left out.
    """
    here = [context for context in IN_PALETTE if context in (*STACKS.get(place, ()), "go")]
    found = [
        Entry(f"key:{key.id}", key.title, shown_keys(key), key.tooltip)
        for context in here
        for key in table
        if key.context == context and key.id not in HIDDEN
    ]
    by_command: dict[str, str] = {}
    for key in table:
        if key.command and key.context == "case":
            by_command.setdefault(key.command, shown_keys(key))
    found += [
        Entry(f"do:{name}", command.title, by_command.get(name, ""), f"{command.help} ({name})")
        for name, command in COMMANDS.items()
    ]
    return found


def open_palette(app: ActingApp) -> None:
    """Show the palette and carry out what is chosen."""
    app.ask(_palette(app))


async def _palette(app: ActingApp) -> None:
    screen = app.screen
    focused = screen.focused
    place = getattr(screen, "place", "cases")
    found = entries(app.table, place)
    rows = [
        Choice(entry.value, f"{entry.title} – {entry.help}", entry.keys or " ") for entry in found
    ]
    chosen = await app.push_screen_wait(Picker("Commands", rows))
    if not chosen:
        return
    kind, _, name = chosen.partition(":")
    if kind == "do":
        await give(app, name)
        return
    key = next(key for key in app.table if key.id == name)
    if key.context in ("everywhere", "go"):
        await app.run_action(key.action)
    elif key.context in ("panes", "case"):
        await app.run_action(key.action, screen)
    elif focused is not None:
        await app.run_action(key.action, focused)


async def give(app: ActingApp, name: str) -> None:
    """Ask for the arguments of a command and give it."""
    command = COMMANDS[name]
    screen = app.screen
    cases = screen.target_ids() if isinstance(screen, CaseActs) else []
    customer = screen.customer_shown() if isinstance(screen, CaseActs) else 0
    if name == "customer.erase" and customer:
        await keeping.erase(app, customer)
        return
    values: dict[str, str] = {}
    for spec in arguments_of(command):
        if spec.argument.option:
            continue
        if spec.argument.kind == "case" and cases:
            values[spec.name] = ",".join(map(str, cases))
            continue
        if spec.argument.kind == "customer" and customer:
            values[spec.name] = str(customer)
            continue
        answer = await _ask(app, command, spec)
        if answer is None:
            return
        if answer or spec.required:
            values[spec.name] = answer
    try:
        app.act(build(name, values))
    except StoreError as error:
        app.refuse(error)


async def _ask(app: ActingApp, command: type[Command], spec: ArgumentSpec) -> str | None:
    """Ask for one argument with the picker of its kind; None when it was closed."""
    title = f"{command.title}: {spec.argument.help}"
    kind = spec.argument.kind
    if kind == "queue":
        return await choices.pick_folder(app, title)
    if kind == "agent":
        return await choices.pick_agent(app, title)
    if kind == "tag":
        return await choices.pick_tag(app, title)
    options = spec.argument.choices or (("no", "yes") if spec.type is bool else ())
    if options:
        rows = [Choice(option, option.replace("_", " ")) for option in options]
        return await app.push_screen_wait(Picker(title, rows))
    optional = "" if spec.required else "may stay empty · "
    return await choices.ask_line(app, title, f"{optional}enter takes · esc closes")
