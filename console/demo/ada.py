"""Plays one customer's written story (``ada.toml``) into the script."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from console.demo.script import Script, Thread
from console.demo.stories import DAY, MINUTE, Turn

AGENT = "mira"


def _at(now: int, days: int, clock: str) -> int:
    """Return the time of a line: ``HH:MM`` of that day, or ``-HH:MM`` before the present."""
    hours, minutes = (int(part) for part in clock.lstrip("-").split(":"))
    offset = (hours * 60 + minutes) * MINUTE
    if clock.startswith("-"):
        return now - offset
    return now - now % DAY - days * DAY + offset


def play_ada(script: Script) -> None:
    """Add every line of the story, and her profile when the first note is pinned."""
    data = tomllib.loads((files("console.demo") / "ada.toml").read_text("utf-8"))
    person = script.cast.named(data["name"])
    thread = Thread("", person, "ada")
    way = "mail"
    for days, clock, who, text in data["lines"]:
        turn = Turn(_at(script.now, days, clock), "c", text)
        if who == "thread":
            thread = Thread(text, person, f"ada-{days}")
        elif who == "do":
            script.act(turn.at, AGENT, thread, *text.split(" "))
        elif who in ("note", "pin"):
            pinned = ("true",) if who == "pin" else ()
            script.act(turn.at, AGENT, thread, "note.add", text, *pinned)
            for field, value in data["profile"].items() if pinned else ():
                script.act(turn.at, AGENT, thread, "customer.edit", field, value)
        elif who == "call":
            script.call(thread, turn)
        else:
            agent = AGENT if who == "reply" else ""
            way = way if agent else who
            if way == "mail":
                script.mail(thread, turn, agent=agent, language="en", subject=thread.subject)
            else:
                script.chat(thread, turn, way, agent=agent)
