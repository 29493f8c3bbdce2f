"""Edit a customer where their sheet stands: pick what, then say it; each edit is undone by u."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console import sheet_words as words
from console.screens.picker import Choice, Picker, Prompt
from console.text import one_line
from db.agents import list_agents
from db.commands.base import Command
from db.commands.customers import FIELDS, EditCustomer
from db.commands.fields import SetField
from db.commands.promises import EndPromise, MakePromise
from db.commands.wording import spoken
from db.records import CheatSheet
from db.words import CHANNELS, STAGES

if TYPE_CHECKING:
    from console.actions import ActingApp

SHOWN_CELLS = 40
_CLEAR = "\0clear"  # no value holds a NUL
_HINTS = {
    "language": "a tag such as de or pt-BR; empty clears it",
    "time_zone": "such as Europe/Lisbon; empty clears it",
    "risk": "why they may leave; empty: they are not at risk",
}


async def ask_edit(app: ActingApp, sheet: CheatSheet) -> Command | None:
    """Ask what to change and to what; None where the agent changed their mind."""
    picked = await app.push_screen_wait(Picker(f"Edit {sheet.name}", _choices(sheet)))
    if not picked:
        return None
    kind, _, what = picked.partition(" ")
    if kind == "promise":
        return await _promise(app, sheet)
    if kind == "end":
        return await _end(app, int(what))
    if kind == "field":
        return await _field(app, sheet, what)
    value = await _value(app, sheet, what)
    if value is None:
        return None
    return EditCustomer(sheet.customer_id, what, value, expected=_stored(sheet, what))


def _choices(sheet: CheatSheet) -> list[Choice]:
    found = [
        Choice(f"edit {name}", spoken(name), one_line(_stored(sheet, name), SHOWN_CELLS))
        for name in FIELDS
    ]
    found += [
        Choice(f"field {name}", name, one_line(value, SHOWN_CELLS)) for name, value in sheet.fields
    ]
    found += [
        Choice("field ", "another field", "one that your team names"),
        Choice("promise ", "promise something", "by when"),
    ]
    found += [
        Choice(f"end {one.promise_id}", f"promise: {one.text}", words.promise_due(one) or "open")
        for one in sheet.promises
    ]
    return found


def _stored(sheet: CheatSheet, name: str) -> str:
    """Return a field as people type it."""
    if name == "vip":
        return "yes" if sheet.vip else "no"
    return str(getattr(sheet, name))


async def _value(app: ActingApp, sheet: CheatSheet, name: str) -> str | None:
    offered = {"vip": ("yes", "no"), "stage": STAGES, "preferred_channel": CHANNELS}.get(name, ())
    if name == "success_owner":
        offered = tuple(agent.login for agent in app.reader.now(list_agents) if agent.active)
    stored = _stored(sheet, name)
    title = f"The {spoken(name)} of {sheet.name}"
    if not offered:
        hint = _HINTS.get(name, "empty clears it")
        return await app.push_screen_wait(Prompt(title, hint=hint, value=stored))
    choices = [Choice(value, spoken(value)) for value in offered]
    if stored and name in ("preferred_channel", "success_owner"):
        choices.append(Choice(_CLEAR, "nothing", "clears it"))
    picked = await app.push_screen_wait(Picker(title, choices, current=stored))
    return "" if picked == _CLEAR else picked


async def _field(app: ActingApp, sheet: CheatSheet, name: str) -> Command | None:
    name = name or await app.push_screen_wait(Prompt("Name of the field", hint="contract")) or ""
    if not name:
        return None
    stored = dict(sheet.fields).get(name, "")
    title = f"The {name} of {sheet.name}"
    value = await app.push_screen_wait(Prompt(title, hint="empty clears it", value=stored))
    return None if value is None else SetField(sheet.customer_id, name, value)


async def _promise(app: ActingApp, sheet: CheatSheet) -> Command | None:
    text = await app.push_screen_wait(Prompt(f"Promise {sheet.name}", hint="what"))
    if not text:
        return None
    due = await app.push_screen_wait(
        Prompt("By when", hint="2h, 3d, 1w, 2026-11-30 17:00; empty: no time")
    )
    return None if due is None else MakePromise(sheet.customer_id, text, due)


async def _end(app: ActingApp, promise_id: int) -> Command | None:
    choices = [
        Choice("kept", "kept", "we did it"),
        Choice("broken", "broken", "we did not"),
        Choice("withdrawn", "withdrawn", "it is no longer wanted"),
    ]
    outcome = await app.push_screen_wait(Picker("What became of the promise?", choices))
    return EndPromise(promise_id, outcome) if outcome else None
