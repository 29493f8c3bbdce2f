"""Match review: which of these are the same person, and why; one key decides, the next is there.

What was decided leaves the list at once and is carried out behind it, in the order given: the agent
never waits for the store. An act that is refused comes back with its sentence.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console.keymap import bindings_of
from console.screens.base import Showing
from console.screens.desk_status import show_place
from console.screens.picker import Confirm, Prompt
from console.text import one_line, pad, width
from console.widgets.lean import Cell
from console.widgets.lines import Lines
from console.widgets.list_messages import Moved, Opened
from console.widgets.paged_list import PagedList
from console.widgets.pair_lines import pair_lines
from console.widgets.status_line import StatusLine
from db.commands.base import Command
from db.commands.bulk import BULK_COMMANDS, Bulk
from db.commands.links import MergeCustomers, RejectMatch
from db.errors import StoreError
from db.queries.matching import match_side, suggestions
from db.records import MatchPair, MatchSide

PAIRS = 500
NAMED = 3  # pairs in the preview of a bulk act
EVIDENCE_CHARACTERS = 400

Pair = tuple[int, int]


class PairRows:
    """Pairs that are all there already."""

    def __init__(self, pairs: Sequence[MatchPair]) -> None:
        self._pairs = tuple(pairs)

    def fetch(self, after_key: object) -> tuple[Sequence[MatchPair], None]:
        """Return all of them."""
        return self._pairs, None


class PairFormat:
    """Draws a pair: how likely, who and who, why."""

    def key(self, row: MatchPair) -> Hashable:
        """Return both customers."""
        return (row.one_id, row.other_id)

    def version(self, row: MatchPair) -> Hashable:
        """Return all that is drawn."""
        return row

    def cells(self, row: MatchPair, width_: int) -> list[Cell]:
        """Return the line."""
        share = f"{100 * row.score:5.1f} "
        group = f"{row.group}× " if row.group > 2 else "   "
        room = max(0, width_ - width(share) - width(group))
        side = min(26, int(room * 0.27))
        left = room - 2 * side - 4
        return [
            Cell(share, "accent"),
            Cell(group, "muted"),
            Cell(pad(one_line(row.one, side), side), "strong"),
            Cell(" ~ ", "muted"),
            Cell(pad(one_line(row.other, side), side + 1), "strong"),
            Cell(one_line(row.sentence, left), "muted"),
        ]

    def header(self, width_: int) -> list[Cell]:
        """Return nothing: the columns speak for themselves."""
        return []


class MatchScreen(Showing):
    """Which of these are the same person?"""

    PLACE = "matches"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("match")

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[MatchPair] = []
        self._gone: set[Pair] = set()
        self._skipped: dict[Pair, None] = {}
        self._sides: dict[Pair, tuple[MatchSide, MatchSide]] = {}

    def compose(self) -> ComposeResult:
        """Lay out the list, and the pair under the cursor below it."""
        with Vertical(id="match-panes"):
            pairs: PagedList[MatchPair] = PagedList(
                PairFormat(),
                id="match-pairs",
                markable=False,
                empty="Nobody is suggested to be somebody else. Every import may bring some.",
            )
            yield pairs
            yield Lines(id="match-pair")
            yield Static(
                Content("y same · n different · s skip · Y same above a score · w why · u undo"),
                id="match-hint",
            )
        yield StatusLine(id="status")

    @property
    def pairs(self) -> PagedList[MatchPair]:
        """The list."""
        return self.query_one("#match-pairs", PagedList)

    def on_mount(self) -> None:
        """Read the suggestions."""
        self.set_focus(self.pairs)
        self.reload()

    def keeper(self) -> PagedList[MatchPair]:
        """Return the list."""
        return self.pairs

    def reload(self) -> None:
        """Read again, in a thread; what was decided here and is under way stays away."""
        self.desk.reader.later(
            "matches", partial(suggestions, limit=PAIRS), self._arrived, self.desk.refuse
        )

    def _arrived(self, found: Sequence[MatchPair]) -> None:
        known = {(pair.one_id, pair.other_id): pair for pair in found}
        self._gone &= known.keys()
        self._sides.clear()
        first = [pair for key, pair in known.items() if key not in self._skipped]
        last = [known[key] for key in self._skipped if key in known]
        under_way = self.desk.reader.waiting > 0
        self.waiting = [
            pair
            for pair in (*first, *last)
            if not (under_way and (pair.one_id, pair.other_id) in self._gone)
        ]
        self._show(self.pairs.cursor)

    def _show(self, cursor: int) -> None:
        """Show what waits, with the cursor where it was: on what came next."""
        self.pairs.load(PairRows(self.waiting), count=len(self.waiting))
        if self.waiting:
            self.pairs.move_to(min(cursor, len(self.waiting) - 1))
        self._show_pair()

    @on(PagedList.Moved, "#match-pairs")
    def _moved(self, event: Moved) -> None:
        self._show_pair()

    def _show_pair(self) -> None:
        pair, view = self.pairs.row, self.query_one(Lines)
        place = ("matches", "review")
        count = f"{len(self.waiting):,} to decide"
        show_place(self.query_one(StatusLine), (*place, count))
        if pair is None:
            view.show(lambda width: ())
            return
        sides = self._sides_of(pair)
        if sides is not None:
            view.show(lambda width: pair_lines(pair, *sides, width))

    def _sides_of(self, pair: MatchPair) -> tuple[MatchSide, MatchSide] | None:
        key = (pair.one_id, pair.other_id)
        if key not in self._sides:
            try:
                self._sides[key] = (
                    self.desk.reader.now(match_side, pair.one_id),
                    self.desk.reader.now(match_side, pair.other_id),
                )
            except StoreError as error:
                self.desk.warn(str(error))
                return None
        return self._sides[key]

    # What the agent says

    def action_same(self) -> None:
        """Say that both are one person."""
        if (pair := self.pairs.row) is not None:
            self._decide(pair, MergeCustomers(pair.one_id, pair.other_id, _evidence(pair)))

    def action_different(self) -> None:
        """Say that both are different people, and remember it."""
        if (pair := self.pairs.row) is not None:
            self._decide(pair, RejectMatch(pair.one_id, pair.other_id))

    def action_skip(self) -> None:
        """Decide later: the pair goes to the end."""
        pair, cursor = self.pairs.row, self.pairs.cursor
        if pair is None:
            return
        self._skipped[pair.one_id, pair.other_id] = None
        self.waiting.remove(pair)
        self.waiting.append(pair)
        self._show(cursor)

    def _decide(self, pair: MatchPair, command: Command) -> None:
        cursor = self.pairs.cursor
        self._gone.add((pair.one_id, pair.other_id))
        self.waiting.remove(pair)
        self._show(cursor)
        self.desk.act(command)

    def action_same_above(self) -> None:
        """Say the same of all pairs above a score, after a look at how many that are."""
        self.desk.ask(self._same_above())

    async def _same_above(self) -> None:
        pair = self.pairs.row
        if pair is None:
            return
        typed = await self.app.push_screen_wait(
            Prompt(
                "Same person for every pair that is at least so likely (%)",
                hint="50 to 100 · enter shows how many that are · esc closes",
                value=f"{100 * pair.score:.1f}",
            )
        )
        try:
            least = float((typed or "").strip().rstrip("%").replace(",", ".")) / 100
        except ValueError:
            if typed:
                self.desk.say("That is no number: write 99.5, for instance.")
            return
        wanted = [one for one in self.waiting if round(one.score, 4) >= round(least, 4)]
        wanted = wanted[:BULK_COMMANDS]
        if not wanted:
            self.desk.say(f"No pair is {100 * least:.1f} % likely.")
            return
        if await self.app.push_screen_wait(Confirm(_preview(wanted, least), "Yes, all")) == "yes":
            gone = {(one.one_id, one.other_id) for one in wanted}
            self._gone |= gone
            self.waiting = [one for one in self.waiting if (one.one_id, one.other_id) not in gone]
            self._show(0)
            self.desk.act(
                Bulk(tuple(MergeCustomers(p.one_id, p.other_id, _evidence(p)) for p in wanted))
            )

    @on(PagedList.Opened, "#match-pairs")
    def _opened(self, event: Opened) -> None:
        self.desk.show_customer(event.row.one_id)

    def action_scroll(self, by: int) -> None:
        """Scroll the pair."""
        self.query_one(Lines).scroll_lines(by)

    def customer_shown(self) -> int:
        """Return the customer on the left."""
        pair = self.pairs.row
        return pair.one_id if pair is not None else 0

    def other_shown(self) -> int:
        """Return the customer on the right."""
        pair = self.pairs.row
        return pair.other_id if pair is not None else 0

    def go_top(self) -> None:
        """Go to the first pair."""
        self.pairs.action_first()


def _evidence(pair: MatchPair) -> str:
    return pair.sentence[:EVIDENCE_CHARACTERS]


def _preview(wanted: Sequence[MatchPair], least: float) -> str:
    named = "; ".join(f"{pair.one} = {pair.other}" for pair in wanted[:NAMED])
    more = f"; and {len(wanted) - NAMED:,} more" if len(wanted) > NAMED else ""
    count = "1 pair is" if len(wanted) == 1 else f"{len(wanted):,} pairs are"
    return one_line(f"{count} {100 * least:.1f} % likely or more: {named}{more}", 400)
