"""What speaks for and against two customers being one person, each with where it was read.

Evidence is a claim until it is an exact personal key: a display name, a signature and the words of
a mail can be written by anyone. So it only ever adds up to a suggestion.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass

from db.among import among
from db.engine.interface import Connection, Value
from db.identity.alike import LEAST_BITS, NOTHING, RARE_BITS, Likeness, compare
from db.identity.lookup_forms import same
from db.identity.people import Person, Seen, Words
from db.identity.weights import Weights

PHONE_PEOPLE = 3  # a number that so many sign with is a switchboard
SWITCHBOARD_BITS = 2.0
CASES = 5  # of each identity, the newest: where two may have met
MET = 50
VETO_BITS = -40.0
WORD_COUNT = 2_000

_COUNT_PHONE = "select count(*) from identity_facts where kind = 'phone' and value = :value"
_CASES_OF = """
select identity_id, case_id, max(at) from entries
where identity_id in (:among) and direction = 'inbound' and case_id > 0 and removed = 0
group by identity_id, case_id
"""
_WRITERS = """
select case_id, identity_id, max(id), max(at) from entries
where case_id in (:among) and direction = 'inbound' and kind = 'message' and automatic = ''
  and removed = 0
group by case_id, identity_id
"""
_BOTH_ON = """
select e.id, e.at from entries e
join entry_parties p on p.entry_id = e.id and p.identity_id = :one
join entry_parties q on q.entry_id = e.id and q.identity_id = :other
where e.case_id = :case order by e.at desc limit 1
"""


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that speaks for or against.

    Attributes:
        kind: ``name``, ``mailbox``, ``claimed``, ``phone``, ``domain``, ``company``, ``local``,
            ``handle``, ``thread``, or against: ``other_name``, ``other_domain``, ``both_there``,
            ``other_account``, ``veto``.
        bits: log2 of a likelihood ratio; below 0 it speaks against.
        one: What the first has; untrusted text.
        other: What the second has; untrusted text.
        share: How like names are, 0 to 1; else 0.
        entry_id: The entry that carries it; 0 where it is in the addresses themselves.
        at: When that entry was; UTC milliseconds.
        case_id: Where two met.
    """

    kind: str
    bits: float
    one: str = ""
    other: str = ""
    share: float = 0.0
    entry_id: int = 0
    at: int = 0
    case_id: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that speaks for and against one pair.

    Attributes:
        signals: What speaks for it first, the strongest first.
        prior: Bits before any of it.
    """

    one_id: int
    other_id: int
    signals: tuple[Signal, ...]
    prior: float

    @property
    def bits(self) -> float:
        """log2 of the odds that they are one person."""
        return self.prior + sum(signal.bits for signal in self.signals)

    @property
    def probability(self) -> float:
        """0 to 1."""
        return probability(self.bits)

    @property
    def is_grounded(self) -> bool:
        """True where something beside names speaks for it, or a whole name that is rare."""
        return any(signal.bits > 0 and signal.kind != "name" for signal in self.signals) or any(
            signal.kind == "name" and signal.share >= 0.9 for signal in self.signals
        )

    @property
    def vetoed(self) -> bool:
        """True where something says that they cannot be one person."""
        return any(signal.kind == "veto" for signal in self.signals)


def probability(bits: float) -> float:
    """Return odds in bits as a probability."""
    return 1 / (1 + 2 ** -max(-60.0, min(60.0, bits)))


def pack_signals(signals: Iterable[Signal]) -> str:
    """Return signals as they are stored."""
    return json.dumps([asdict(signal) for signal in signals], ensure_ascii=False)


def unpack_signals(packed: str) -> tuple[Signal, ...]:
    """Return what `pack_signals` took."""
    return tuple(Signal(**row) for row in json.loads(packed))


class Judge:
    """Compares customers of one store; remembers how common words and numbers are."""

    def __init__(self, connection: Connection, weights: Weights) -> None:
        self._connection = connection
        self.weights = weights
        self._words: dict[str, float] = {}
        self._loud: dict[int, float] = {}
        self._cases: dict[int, list[int]] = {}
        self._writers: dict[int, dict[int, tuple[int, int]]] = {}

    def evidence(self, one: Person, other: Person) -> Evidence:
        """Return all that speaks for and against two customers being one person."""
        signals = [*self.quick(one, other), *self._met(one, other)]
        signals.sort(key=lambda signal: -signal.bits)
        return Evidence(one.customer_id, other.customer_id, tuple(signals), self.weights.prior)

    def quick(self, one: Person, other: Person) -> list[Signal]:
        """Return what can be said without looking at their messages."""
        signals = list(_vetoes(one, other))
        likeness, left, right = best_names(one, other, self.rarity)
        if likeness is not NOTHING:
            kind = "name" if likeness.bits > 0 else "other_name"
            signals.append(
                Signal(kind, likeness.bits, " ".join(left), " ".join(right), likeness.share)
            )
        number = next((one.numbers[tail] for tail in one.phones if tail in other.phones), "")
        for kind, (mine, theirs) in agreements(one, other).items():
            signals.append(self._weighed(kind, mine, theirs, likeness, number))
        return [signal for signal in signals if signal.bits or signal.kind == "veto"]

    def loudest(self, person: Person) -> float:
        """Return what the rarest of someone's names could say at most."""
        if person.customer_id not in self._loud:
            self._loud[person.customer_id] = max(
                (
                    sum(max(LEAST_BITS, min(RARE_BITS, self.rarity(word))) for word in words)
                    for words in person.called
                ),
                default=0.0,
            )
        return self._loud[person.customer_id]

    def rarity(self, word: str) -> float:
        """Return what it says, in bits, that two customers' names have a word in common."""
        if word not in self._words:
            bearers = self._connection.customer_keys.holders([same(word)], WORD_COUNT)[0]
            # The two who are compared bear it themselves.
            self._words[word] = self.weights.rarity(max(1, len(bearers) - 1))
        return self._words[word]

    def _weighed(
        self, kind: str, mine: Seen, theirs: Seen, likeness: Likeness, number: str
    ) -> Signal:
        bits = self.weights.of(kind)
        if kind == "phone":
            bits = self._phone_bits(number, bits)
        elif kind == "domain":
            bits = self._domain_bits(mine.raw, bits)
        elif kind == "local" and likeness.bits > 4:
            bits = min(bits, 1.0)  # who has the same name has the same word before the @
        elif kind == "company" and likeness is NOTHING:
            bits /= 2
        seen = mine if mine.at >= theirs.at else theirs
        return Signal(kind, bits, mine.raw, theirs.raw, 0.0, seen.entry_id, seen.at)

    def _phone_bits(self, value: str, bits: float) -> float:
        found = int(self._connection.value(_COUNT_PHONE, {"value": value}) or 0)
        return bits if found <= PHONE_PEOPLE else SWITCHBOARD_BITS

    def _domain_bits(self, domain: str, bits: float) -> float:
        found = self._connection.value(
            "select count(*) from customers k join organizations g on g.id = k.organization_id"
            " where g.domain = :domain",
            {"domain": domain},
        )
        return max(1.0, min(bits, self.weights.rarity(max(2, int(found or 0)))))

    # What their messages say

    def read_cases(self, people: Iterable[Person]) -> None:
        """Read at once in which cases many wrote, and who else wrote there."""
        wanted = [one for person in people for one in person.identities if one not in self._cases]
        newest: dict[int, list[tuple[int, int]]] = {one: [] for one in wanted}
        for identity, case_id, at in among(self._connection, _CASES_OF, wanted):
            newest[identity].append((at, case_id))
        for identity, cases in newest.items():
            self._cases[identity] = [case_id for _, case_id in sorted(cases)[-CASES:]]
        cases_ = {case_id for one in wanted for case_id in self._cases[one]} - self._writers.keys()
        self._writers.update((case_id, {}) for case_id in cases_)
        for case_id, identity, entry, at in among(self._connection, _WRITERS, sorted(cases_)):
            if len(self._writers[case_id]) < MET:
                self._writers[case_id][identity] = (entry, at)

    def cases_of(self, person: Person) -> set[int]:
        """Return the newest cases in which someone wrote."""
        if any(identity not in self._cases for identity in person.identities):
            self.read_cases([person])
        return {case_id for identity in person.identities for case_id in self._cases[identity]}

    def writers(self, case_id: int) -> dict[int, tuple[int, int]]:
        """Return who wrote in a case that was read: identity to their last entry and its time."""
        return self._writers.get(case_id, {})

    def _met(self, one: Person, other: Person) -> Iterator[Signal]:
        for case_id in sorted(self.cases_of(one) & self.cases_of(other), reverse=True)[:1]:
            writers = self.writers(case_id)
            places = [writers[each] for each in other.identities if each in writers]
            if not places:
                continue
            together = self._both_on(case_id, one, other)
            if together:
                entry_id, at = together
                bits = self.weights.of("both_there")
                yield Signal("both_there", bits, entry_id=entry_id, at=at, case_id=case_id)
            else:
                entry_id, at = max(places, key=lambda place: place[1])
                bits = self.weights.of("thread")
                yield Signal("thread", bits, entry_id=entry_id, at=at, case_id=case_id)

    def _both_on(self, case_id: int, one: Person, other: Person) -> tuple[int, int] | None:
        """Return an entry on which both were named: one who writes names themselves once."""
        for mine in one.identities[:4]:
            for theirs in other.identities[:4]:
                params: dict[str, Value] = {"case": case_id, "one": mine, "other": theirs}
                row = self._connection.one(_BOTH_ON, params)
                if row is not None:
                    return row[0], row[1]
        return None


def best_names(
    one: Person, other: Person, rarity: Callable[[str], float]
) -> tuple[Likeness, Words, Words]:
    """Return how like the likest names of two customers are, and those names."""
    best: tuple[Likeness, Words, Words] = (NOTHING, (), ())
    for left in one.called:
        for right in other.called:
            likeness = compare(left, right, rarity)
            if best[0] is NOTHING or likeness.bits > best[0].bits:
                best = (likeness, left, right)
    return best


def _vetoes(one: Person, other: Person) -> Iterator[Signal]:
    """Yield why two cannot be one person: a system that numbers people numbers them apart."""
    for network in sorted({n for n, _ in one.accounts} & {n for n, _ in other.accounts}):
        mine = sorted(value for name, value in one.accounts if name == network)
        theirs = sorted(value for name, value in other.accounts if name == network)
        yield Signal("veto", VETO_BITS, mine[0], theirs[0])


def agreements(one: Person, other: Person) -> dict[str, tuple[Seen, Seen]]:
    """Return in what two customers agree, or plainly do not, apart from their names."""
    found: dict[str, tuple[Seen, Seen]] = {}
    if one.claims or other.claims:
        _keep(found, "claimed", one.claims, _addresses(other))
        if "claimed" not in found:
            _keep(found, "claimed", _addresses(one), other.claims)
    _keep(found, "mailbox", one.mailboxes, other.mailboxes)
    _keep(found, "phone", one.phones, other.phones)
    domains = one.domains & other.domains
    if domains:
        domain = min(domains)
        found["domain"] = (Seen(domain), Seen(domain))
    else:
        _keep(found, "company", one.companies, other.companies)
        if one.domains and other.domains and "company" not in found:
            found["other_domain"] = (Seen(min(one.domains)), Seen(min(other.domains)))
    if "mailbox" not in found:
        _keep(found, "local", one.locals, other.locals)
        if "local" not in found and (one.handle_words or other.handle_words):
            _keep(found, "handle", one.handle_words, {**other.handle_words, **other.locals})
            if "handle" not in found:
                _keep(found, "handle", one.locals, other.handle_words)
    networks = (
        one.handles
        and other.handles
        and ({network for network, _ in one.handles} & {network for network, _ in other.handles})
    )
    if networks and "handle" not in found:
        network = min(networks)
        mine, theirs = (
            next(value for name, value in sorted(person.handles) if name == network)
            for person in (one, other)
        )
        found["other_account"] = (Seen(f"{mine} ({network})"), Seen(f"{theirs} ({network})"))
    return found


def _addresses(person: Person) -> dict[str, Seen]:
    return {email: Seen(email) for email in person.emails}


def _keep(
    found: dict[str, tuple[Seen, Seen]], kind: str, mine: dict[str, Seen], theirs: dict[str, Seen]
) -> None:
    both = mine.keys() & theirs.keys()
    if both:
        value = min(both)
        found[kind] = (mine[value], theirs[value])
