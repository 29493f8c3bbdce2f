"""What the preview says is what the import does."""

from __future__ import annotations

import random

import pytest

from connectors.contract import Address, Batch, Entry, Party, Recognised
from db.identity.own import add_own
from db.ingest import Arrival
from db.preview import PreviewCounter
from db.store import Store

NOON = 1_767_355_200_000
HOUR = 3_600_000
OWN = ("@us.example", "team lead")


def letters(seed: int) -> list[Entry]:
    """Ordinary mail of many customers, some threads answered and some not."""
    dice = random.Random(seed)
    made: list[Entry] = []
    for thread in range(40):
        customer = f"c{dice.randrange(12)}@firm{dice.randrange(4)}.example"
        ids: list[str] = []
        for step in range(dice.randint(1, 5)):
            ours = step > 0 and dice.random() < 0.5
            author, reader = customer, "help@us.example"
            if ours:
                author, reader = reader, author
            number = f"t{thread}.{step}@mail.example"
            made.append(
                Entry(
                    external_id=number,
                    at=NOON + dice.randrange(1000) * HOUR + thread * 60_000 + step,
                    parties=(
                        Party("from", Address("email", author)),
                        Party("to", Address("email", reader)),
                    ),
                    subject=f"{'Re: ' if ids else ''}Subject {dice.randrange(6)}",
                    text="Words.",
                    message_id=number,
                    in_reply_to=tuple(ids[-1:]),
                    references=tuple(ids),
                    automatic="auto-replied" if dice.random() < 0.1 else "",
                    content_key=number,
                )
            )
            ids.append(number)
    dice.shuffle(made)
    return made


def chats() -> list[Entry]:
    """Two chats without recipients: one answered, one not."""
    lines = [("a", "Ada"), ("a", "Team Lead"), ("b", "Bob"), ("b", "Team Lead"), ("b", "Bob")]
    return [
        Entry(
            external_id=f"chat{place}",
            at=NOON + 5000 * HOUR + place,
            channel="chat",
            parties=(Party("author", Address("handle", f"U-{name}", "slack:T1"), name),),
            text="Words.",
            thread=thread,
            content_key=str(place),
        )
        for place, (thread, name) in enumerate(lines)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_the_preview_says_what_the_import_does(store: Store, seed: int) -> None:
    entries = letters(seed) + chats()
    since = NOON + 500 * HOUR
    counter = PreviewCounter(OWN, since, "mail")
    for entry in entries:
        counter.add(entry)
    counter.add(entries[0])
    said = counter.result()
    with store.engine.write() as connection:
        for text in OWN:
            add_own(connection, text)
    sink = store.sink(Recognised("mbox", "mbox", "mail"), "x", Arrival(since))
    for start in range(0, len(entries), 7):
        sink.write(Batch(tuple(entries[start : start + 7])))
    work, history = store.engine.connection().all(
        "select coalesce(sum(unresolved), 0), coalesce(sum(history), 0) from cases"
    )[0]
    assert (said.work, said.history, said.messages) == (work, history, len(entries))
    assert said.first_at == min(entry.at for entry in entries)
    assert said.last_at == max(entry.at for entry in entries)
    assert said.work > 0
    assert said.history > 0


def test_a_preview_of_nothing_is_nothing() -> None:
    said = PreviewCounter((), 0).result()
    assert (said.work, said.history, said.messages, said.first_at) == (0, 0, 0, 0)
