"""Makes a mailbox of any size from the demo's stories: real messages, deterministic."""

from __future__ import annotations

import random
from pathlib import Path

from console.demo.mails import Mail, render
from console.demo.people import load_cast
from console.demo.stories import HOUR, load_stories

START = 1_577_836_800_000  # 1 January 2020, UTC milliseconds
WORDS = (
    "the booking calendar shows room guest tonight invoice please thank reception breakfast ferry "
    "late summer key portal price change again morning family question answer screen printer "
    "update slow because would should could window table house email phone number weekend second"
).split()


def _text(chance: random.Random, base: str) -> str:
    sentences = [
        " ".join(chance.choices(WORDS, k=chance.randint(6, 18))).capitalize() + "."
        for _ in range(chance.randint(1, 14))
    ]
    return base + "\n\n" + " ".join(sentences)


def mailbox(path: Path, count: int, seed: int = 3) -> int:
    """Write an mbox of ``count`` mails in threads of up to eight; return its size in bytes."""
    chance = random.Random(seed)
    cast = load_cast()
    stories = load_stories()
    at = START
    written = 0
    with path.open("wb") as out:
        while written < count:
            person = chance.choice(cast.people)
            customer = (f"{person.name} {written % 5000}", f"c{written % 5000}.{person.email}")
            team = (cast.team.name, cast.team.address)
            last: Mail | None = None
            for turn in range(min(count - written, chance.randint(1, 8))):
                at += chance.randint(1, 40) * HOUR // 60
                inbound = turn % 2 == 0
                story = chance.choice(stories)
                last = Mail(
                    message_id=f"bench-{written}@corpus.example",
                    sender=customer if inbound else team,
                    to=team if inbound else customer,
                    at=at,
                    zone="UTC",
                    subject=story.subject if last is None else last.subject,
                    text=_text(chance, story.turns[0][1]),
                    answers=last,
                    signature=f"{customer[0]}\n{person.phone}" if inbound else "",
                    rich=chance.random() < 0.4,
                )
                body = render(last).replace(b"\nFrom ", b"\n>From ")
                out.write(b"From - Thu Jan  1 00:00:00 2026\n" + body + b"\n")
                written += 1
    return path.stat().st_size
