"""What people write in a large store: the demo's stories, told again with other details."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence

from console.demo.stories import CLOSINGS, GREETINGS, MONTHS, WEEKDAYS, Story

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_DETAILS = {
    "en": (
        "The booking is {code}, in the name of {guest}.",
        "It is about {guest}, who arrives on {day} {month}.",
        "Our reference is {code}.",
        "{guest} paid {amount} on {day} {month} and asks for a receipt.",
        "The guest in room {room}, {guest}, noticed it first.",
        "Please see {code} as well, {guest} had the same.",
    ),
    "de": (
        "Die Buchung ist {code}, auf den Namen {guest}.",
        "Es geht um {guest}, Anreise am {day}.{number}.",
        "Unser Zeichen: {code}.",
    ),
    "fr": ("La réservation est {code}, au nom de {guest}.", "Notre référence : {code}."),
    "es": ("La reserva es {code}, a nombre de {guest}.", "Nuestra referencia: {code}."),
}


class Prose:
    """Tells stories; the same draw, the same words."""

    def __init__(
        self, stories: Sequence[Story], draw: random.Random, guests: Sequence[str]
    ) -> None:
        """Take what can be told.

        Args:
            stories: The written ones.
            draw: Where chance comes from.
            guests: Names that may stand in a text; the first are met often.
        """
        self._draw = draw
        self._guests = guests
        self._stories: dict[str, list[Story]] = {}
        sentences: dict[str, dict[str, None]] = {}
        for story in stories:
            self._stories.setdefault(story.language, []).append(story)
            for who, text in story.turns:
                if who in "ca":
                    found = sentences.setdefault(story.language, {})
                    found.update(dict.fromkeys(_SENTENCE.split(text.replace("\n", " "))))
        self._sentences = {language: list(found) for language, found in sentences.items()}
        self._weights = {
            language: list(itertools.accumulate(1 / (place + 2.7) for place in range(len(found))))
            for language, found in self._sentences.items()
        }
        self._abroad = [language for language in self._stories if language != "en"]

    def story(self) -> Story:
        """Return what a case is about: three of four are told in English."""
        draw = self._draw
        language = "en" if draw.random() < 0.75 else draw.choice(self._abroad)
        return draw.choice(self._stories[language])

    def slots(self, email: str, first: str) -> dict[str, str]:
        """Return what fills the gaps of a story for one case."""
        draw = self._draw
        return {
            "first": first,
            "email": email,
            "invoice": f"TW-{draw.randrange(10_000, 100_000)}",
            "code": f"B{draw.randrange(100_000, 1_000_000)}",
            "room": str(draw.randint(2, 28)),
            "amount": f"{draw.randint(29, 890)},{draw.randint(0, 99):02d} €",
            "month": draw.choice(MONTHS),
            "weekday": draw.choice(WEEKDAYS),
            "day": str(draw.randint(1, 28)),
            "number": str(draw.randint(1, 12)),
            "guest": self._guests[int(len(self._guests) * draw.random() ** 2.2)],
        }

    def subject(self, story: Story, slots: dict[str, str]) -> str:
        """Return the subject of a case."""
        return _filled(story.subject, slots)

    def text(self, story: Story, turn: int, slots: dict[str, str]) -> str:
        """Return what is written in one turn of a story; after its end people go on."""
        draw = self._draw
        language = story.language
        said = [text for who, text in story.turns if who in "ca"]
        words = said[turn] if turn < len(said) else ""
        count = draw.choice((0, 1, 1, 2, 3, 5)) + (not words)
        more = draw.choices(self._sentences[language], cum_weights=self._weights[language], k=count)
        if draw.random() < 0.6 and language in _DETAILS:
            more.insert(draw.randint(0, len(more)), draw.choice(_DETAILS[language]))
        body = "\n\n".join(part for part in (words, " ".join(more)) if part) or slots["code"]
        if language in GREETINGS and not words.startswith(("Hello", "Good", "Dear", "Hi")):
            body = draw.choice(GREETINGS[language]) + body + draw.choice(CLOSINGS[language])
        return _filled(body, slots)


def _filled(text: str, slots: dict[str, str]) -> str:
    if "{" not in text:
        return text
    for name, value in slots.items():
        text = text.replace("{" + name + "}", value)
    return text
