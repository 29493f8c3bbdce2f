"""Mail that programs wrote: newsletters and out-of-office replies. Stored, marked, no work."""

from __future__ import annotations

import random

from console.demo.mails import Mail
from console.demo.stories import DAY, HOUR

_LETTER = """Dear readers,

this month we look at everything that makes a house calm.

To leave this list, follow the link below."""

_NEWS = (
    "Trade fair newsletter: hall plan is out",
    "Five ideas for a calmer breakfast room",
    "Linen prices this month",
    "Your invitation to the innkeepers' round table",
)


def automatic_mails(chance: random.Random, now: int, to: str) -> tuple[Mail, ...]:
    """Return about thirty automatic mails of the last year, sent to ``to``."""
    found: list[Mail] = []
    for number in range(24):
        found.append(
            Mail(
                message_id=f"news-{number}@letters.example",
                sender=("Innkeepers' Letter", "letter@letters.example"),
                to=("Tidewater", to),
                at=now - int(chance.uniform(0.2, 360) * DAY),
                zone="UTC",
                subject=chance.choice(_NEWS),
                text=_LETTER,
                extra=(("List-Id", "<letter.letters.example>"), ("Precedence", "bulk")),
            )
        )
    for number, name in enumerate(("Heike Petersen", "Fiona MacAskill", "Giulia Ferraris")):
        found.append(
            Mail(
                message_id=f"away-{number}@letters.example",
                sender=(name, f"{name.split()[0].lower()}.away@letters.example"),
                to=("Tidewater", to),
                at=now - (number * 5 + 1) * DAY - 3 * HOUR,
                zone="UTC",
                subject="Out of office",
                text="I am away until Monday and read mail when the ferry is late.",
                extra=(("Auto-Submitted", "auto-replied"),),
            )
        )
    return tuple(found)
