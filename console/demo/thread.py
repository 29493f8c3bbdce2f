"""One case of a large store as it is told, entry by entry: the customer and the team in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.demo.stories import Story
from db.search import indexed
from db.texts import pack, pack_folds

if TYPE_CHECKING:
    from console.demo.large import Large

AGENTS = 12
OUR_IDENTITY = 1
SOURCE = 1
Folds = tuple[tuple[int, int, str], ...]


class Thread:
    """One case as it is told, entry by entry."""

    def __init__(self, large: Large, case_id: int, customer: int, requester: int) -> None:
        self._large = large
        self._draw = large.draw
        self._case_id = case_id
        self._customer = customer
        self._person = large.persons[customer - 1]
        self._requester = requester
        self._story: Story = large.prose.story()
        self._slots = large.prose.slots(self._person.email, self._person.name.split(" ")[0])
        self._agent = self._draw.randint(2, AGENTS + 1)
        self._before = ""
        self.channel = "email" if requester % 2 == 0 else "chat"
        self.subject = large.prose.subject(self._story, self._slots)
        self.answered = False
        self.waiting_since = 0
        self.counted = 0

    def entry(self, turn: int, at: int, *, last: bool, unresolved: bool) -> None:
        """Add one entry: the customer and the team in turn, and a note now and then."""
        draw = self._draw
        text = self._large.prose.text(self._story, turn, self._slots)
        if turn and draw.random() < 0.05:
            self._add(at, "note", "internal", text, (), self._agent)
            return
        # Half of the open cases are ours to answer; closed ones end with our words.
        reply = turn % 2 == 1
        if last and turn and not reply:
            reply = not unresolved or draw.random() < 0.4
        folds: Folds = ()
        if self._before and self.channel == "email" and draw.random() < 0.45:
            quoted = "\n".join(f"> {line}" for line in self._before.split("\n"))
            folds = ((len(text) + 2, len(text) + 2 + len(quoted), "quote"),)
            text = f"{text}\n\n{quoted}"
        if reply:
            self.answered, self.waiting_since = True, 0
        else:
            self.answered, self.waiting_since = False, self.waiting_since or at
        self._before = text[: folds[0][0] - 2] if folds else text
        self._add(at, "message", "outbound" if reply else "inbound", text, folds, 0)

    def _add(
        self,
        at: int,
        kind: str,
        direction: str,
        text: str,
        folds: Folds,
        agent: int,
    ) -> None:
        large, rows, draw = self._large, self._large.rows, self._draw
        number = large.entry_id(at)
        inbound = direction == "inbound"
        name = self._person.name
        author_id = self._requester if inbound else OUR_IDENTITY
        shown = text[: folds[0][0]] if folds else text
        reply = f"Re: {self.subject}" if self.counted else self.subject
        rows.add(
            "entries", self._requester, at, number, kind, direction, self.channel, self._case_id,
            self._case_id if kind == "message" else 0, 0 if agent else author_id, agent,
            name if inbound else large.team.name, reply, " ".join(shown.split())[:160], len(text),
            text.count("\n") + 1, 0, int(draw.random() < 0.002),
        )  # fmt: skip
        rows.add("entry_texts", number, *pack(text), pack_folds(folds))
        who: list[tuple[str, str]] = []
        others: list[int] = []
        if kind == "message":
            self.counted += 1
            who = [(large.team.name, large.team.address), (name, self._address())]
            parties = [(OUR_IDENTITY, large.team.name), (self._requester, name)]
            for role, (identity, called) in zip(
                ("to", "from") if inbound else ("from", "to"), parties, strict=True
            ):
                rows.add("entry_parties", number, role, 0, identity, called)
            if draw.random() < 0.03:
                others = self._copied(number, at, who)
            mail = f"{number}@tidewater.example"
            rows.add("origins", SOURCE, mail, number, mail, mail if self.channel == "email" else "")
        on = (self._requester, *others)
        large.index.append(indexed(number, reply, text, folds, who, on))

    def _copied(self, number: int, at: int, who: list[tuple[str, str]]) -> list[int]:
        """Let one entry be seen by somebody else too."""
        other = self._large.customer()
        if other == self._customer:
            return []
        person = self._large.persons[other - 1]
        self._large.rows.add("entry_parties", number, "cc", 0, other * 2, person.name)
        self._large.rows.add("entry_identities", other * 2, at, number)
        who.append((person.name, person.email))
        return [other * 2]

    def _address(self) -> str:
        return phone_of(self._customer) if self._requester % 2 else self._person.email


def phone_of(customer: int) -> str:
    """Return a number of the country code that no country has."""
    return f"+999{customer:09}"
