"""The written stories, and how one of them becomes a case of one customer."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from console.demo.people import Person

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Who = Literal["c", "a", "n", "p", "w", "s"]
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")

GREETINGS = {
    "en": ("Hello,\n\n", "Hi there,\n\n", "Good morning,\n\n", "", ""),
    "de": ("Guten Tag,\n\n", "Hallo zusammen,\n\n", ""),
    "fr": ("Bonjour,\n\n", ""),
    "es": ("Hola:\n\n", ""),
}
CLOSINGS = {
    "en": ("\n\nKind regards", "\n\nBest wishes", "\n\nMany thanks", "", ""),
    "de": ("\n\nViele Grüße", "\n\nMit freundlichen Grüßen", ""),
    "fr": ("\n\nCordialement", "\n\nBien à vous", ""),
    "es": ("\n\nUn saludo", "\n\nSaludos cordiales", ""),
}


@dataclass(frozen=True, slots=True)
class Story:
    """A written course of events with slots to fill.

    Attributes:
        turns: ``(who, text)`` in order; see the head of ``stories_english.toml``.
        channel: Where it begins: ``email`` or ``chat``.
    """

    subject: str
    language: str
    channel: str
    queue: str
    urgency: str
    tags: tuple[str, ...]
    turns: tuple[tuple[Who, str], ...]
    attachment: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that happens in a case.

    Attributes:
        at: UTC milliseconds.
        who: As in `Story.turns`.
    """

    at: int
    who: Who
    text: str
    attachment: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Plot:
    """A story as it happened to one customer.

    Attributes:
        finished: False where it is still going on.
        agent: Login of the agent who takes it; empty while nobody has.
        channel: ``email``, ``slack`` or ``whatsapp``.
    """

    story: Story
    person: Person
    channel: str
    subject: str
    agent: str
    turns: tuple[Turn, ...]
    finished: bool


def load_stories() -> tuple[Story, ...]:
    """Read the story files."""
    found: list[Story] = []
    for name in ("stories_english.toml", "stories_world.toml"):
        data = tomllib.loads((files("console.demo") / name).read_text("utf-8"))
        for row in data["story"]:
            attachment = row.get("attachment")
            found.append(
                Story(
                    subject=row["subject"],
                    language=row.get("language", "en"),
                    channel=row.get("channel", "email"),
                    queue=row["queue"],
                    urgency=row.get("urgency", "normal"),
                    tags=tuple(row["tags"]),
                    turns=tuple((who, text) for who, text in row["turns"]),
                    attachment=(attachment[0], attachment[1]) if attachment else None,
                )
            )
    return tuple(found)


def _slots(person: Person, chance: random.Random) -> dict[str, str]:
    return {
        "first": person.first,
        "email": person.email,
        "invoice": f"TW-{chance.randint(18_000, 29_999)}",
        "room": str(chance.randint(2, 28)),
        "amount": f"{chance.randint(29, 890)},{chance.randint(0, 99):02d} €",
        "month": chance.choice(MONTHS),
        "weekday": chance.choice(WEEKDAYS),
    }


def _filled(text: str, slots: dict[str, str]) -> str:
    for name, value in slots.items():
        text = text.replace("{" + name + "}", value)
    return text


def _dressed(text: str, language: str, chance: random.Random) -> str:
    """Return a short mail with a greeting and a closing, so that no two are quite the same."""
    if "\n\n" in text or language not in GREETINGS:
        return text
    return chance.choice(GREETINGS[language]) + text + chance.choice(CLOSINGS[language])


def _gaps(story: Story, channel: str, chance: random.Random) -> list[int]:
    """Return the milliseconds between the turns, first one 0."""
    scale = 1.0 if channel == "email" else 0.06
    gaps = [0]
    for who, _ in story.turns[1:]:
        if who == "p":
            hours = chance.uniform(0.05, 0.4)
        elif who == "n":
            hours = chance.uniform(0.1, 1.5)
        elif who == "a":
            hours = chance.uniform(0.3, 9) * scale
        else:
            hours = chance.uniform(0.5, 30) * scale
        gaps.append(max(MINUTE, int(hours * HOUR)))
    return gaps


def _channel(story: Story, person: Person, chance: random.Random) -> str:
    if story.channel == "email" and chance.random() < 0.8:
        return "email"
    ways = [
        name for name, has in (("slack", person.slack_id), ("whatsapp", person.whatsapp)) if has
    ]
    return chance.choice(ways) if ways else "email"


def tell(
    story: Story,
    person: Person,
    agent: str,
    chance: random.Random,
    *,
    now: int,
    end: int,
    last: int,
) -> Plot:
    """Let a story happen to a customer.

    Args:
        now: The present, UTC milliseconds: nothing happens after it.
        end: When its last turn happens.
        last: How many turns happen; fewer than the story has leaves it unfinished.
    """
    slots = _slots(person, chance)
    channel = _channel(story, person, chance)
    told = story.turns[:last]
    gaps = _gaps(story, channel, chance)[:last]
    at = min(end, now) - sum(gaps)
    attachment = None
    if story.attachment:
        attachment = (_filled(story.attachment[0], slots), story.attachment[1])
    answers = [number for number, (who, _) in enumerate(told) if who == "a"]
    carrier = answers[-1] if answers else -1
    turns: list[Turn] = []
    for number, ((who, text), gap) in enumerate(zip(told, gaps, strict=True)):
        at += gap
        text = _filled(text, slots)
        if who in "ca" and channel == "email":
            text = _dressed(text, story.language, chance)
        turns.append(Turn(at, who, text, attachment if number == carrier else None))
    return Plot(
        story=story,
        person=person,
        channel=channel,
        subject=_filled(story.subject, slots),
        agent=agent,
        turns=tuple(turns),
        finished=last == len(story.turns),
    )
