"""Ready pickers: a queue, a folder, an agent, an urgency, a way to resolve, a status, a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console import times
from console.links import links_in
from console.screens.picker import Choice, Picker, Prompt, TagPicker
from console.widgets.entry_lines import file_size
from db.engine.interface import Connection
from db.queries import desk
from db.queries.entry import entry_texts
from db.queries.timeline import timeline_page
from db.words import RESOLUTIONS, STATUSES, URGENCIES

if TYPE_CHECKING:
    from console.actions import ActingApp

FILES_SHOWN = 200
NOBODY = "\0nobody"  # no login and no queue holds a NUL
URGENCY_SIGNS = {"urgent": "!!", "high": "! ", "normal": "  ", "low": "· "}
RESOLUTION_HINTS = {
    "answer": "a question was answered",
    "workaround": "there is a way around it",
    "fix": "the cause is gone",
    "duplicate": "another case has it",
    "no_response": "the customer fell silent",
    "not_actionable": "nothing to be done",
}


def files_and_links(connection: Connection, case_id: int) -> list[Choice]:
    """Return the attachments and links of a case's newest entries, newest first."""
    page = timeline_page(connection, case_id=case_id, limit=100, events=False)
    texts = entry_texts(connection, [item.entry_id for item in page.items])
    found: dict[str, Choice] = {}
    for item in reversed(page.items):
        text = texts.get(item.entry_id)
        if text is None:
            continue
        when = times.short_day(item.at)
        for file in text.attachments:
            value = f"file:{item.entry_id}:{file.position}"
            name = file.name or "no name"
            found.setdefault(value, Choice(value, name, f"{file_size(file.size)} · {when}", "□"))
        for link in links_in(text.text):
            found.setdefault(link, Choice(link, link, when, "→"))
    return list(found.values())[:FILES_SHOWN]


async def pick_queue(app: ActingApp) -> str | None:
    """Ask for any queue; answer its name."""
    queues = app.reader.now(desk.queues, app.me.agent_id, times.now())
    choices = [
        Choice(queue.name, queue.name, f"{queue.cases:,}", str(queue.pin) if queue.pin else " ")
        for queue in queues
    ]
    return await app.push_screen_wait(Picker("Go to queue", choices))


async def pick_folder(app: ActingApp, title: str, current: str = "") -> str | None:
    """Ask for a queue that cases are put into; empty takes it out; None when it was closed."""
    folders = app.reader.now(desk.folder_queues, app.me.agent_id, times.now())
    choices = [Choice(queue.name, queue.name, f"{queue.cases:,}") for queue in folders]
    if current:
        choices.append(Choice(NOBODY, f"out of {current}", "no folder"))
    if not choices:
        app.warn(
            "There is no folder queue to move to yet. A lead makes one with: "
            "centric do queue.add NAME"
        )
        return None
    answer = await app.push_screen_wait(Picker(title, choices, current=current))
    return "" if answer == NOBODY else answer


async def pick_agent(app: ActingApp, title: str, current: str = "") -> str | None:
    """Ask for an agent; empty is nobody; None when it was closed."""
    agents = [agent for agent in app.reader.now(desk.agents) if agent.active]
    choices = [
        Choice(agent.login, agent.name or agent.login, " ".join((f"@{agent.login}", *agent.teams)))
        for agent in agents
    ]
    choices.append(Choice(NOBODY, "nobody", "back to unassigned"))
    answer = await app.push_screen_wait(Picker(title, choices, current=current))
    return "" if answer == NOBODY else answer


async def pick_urgency(app: ActingApp, title: str, current: str = "") -> str | None:
    """Ask how urgent it is."""
    choices = [Choice(name, name, "", URGENCY_SIGNS[name]) for name in URGENCIES]
    return await app.push_screen_wait(Picker(title, choices, current=current or "normal"))


async def pick_resolution(app: ActingApp, title: str) -> str | None:
    """Ask how it ended."""
    choices = [Choice(n, n.replace("_", " "), RESOLUTION_HINTS.get(n, "")) for n in RESOLUTIONS]
    return await app.push_screen_wait(Picker(title, choices))


async def pick_status(app: ActingApp, title: str) -> str | None:
    """Ask where it stands."""
    choices = [Choice(name, name.replace("_", " ")) for name in STATUSES]
    return await app.push_screen_wait(Picker(title, choices))


async def pick_tag(app: ActingApp, title: str) -> str | None:
    """Ask for one tag, known or new."""
    tags = app.reader.now(desk.tags)
    choices = [Choice(name, name, f"{cases}") for name, _, cases in tags]
    picked = await app.push_screen_wait(Picker(title, choices)) if choices else ""
    return picked or await ask_line(app, title)


async def pick_tags(
    app: ActingApp, case_ids: Sequence[int]
) -> tuple[frozenset[str], frozenset[str]] | None:
    """Ask which tags to set and which to take away."""
    tags = app.reader.now(desk.tags, list(case_ids))
    return await app.push_screen_wait(TagPicker(tags, len(case_ids)))


async def ask_line(app: ActingApp, title: str, hint: str = "") -> str | None:
    """Ask for one line."""
    return await app.push_screen_wait(Prompt(title, hint=hint))
