"""How far a job is: a bar on a terminal, JSON lines on a pipe."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from typing import Protocol

from connectors.contract import Outcome, Progress
from console.output import json_text
from console.text import fit, one_line

BAR_CELLS = 24
BAR_SECONDS = 0.1  # ten times a second is as fast as anyone reads
LINE_SECONDS = 0.5
_EIGHTHS = " ▏▎▍▌▋▊▉█"


class Teller(Protocol):
    """Who tells a person or a program how far a job is."""

    def begin(self, what: str) -> None:
        """Begin with a file."""
        ...

    def update(self, progress: Progress, outcome: Outcome) -> None:
        """Tell how far it is."""
        ...

    def end(self) -> None:
        """Take away what should not stay."""
        ...


class Silent:
    """Tells nothing."""

    def begin(self, what: str) -> None:
        """Begin with a file."""

    def update(self, progress: Progress, outcome: Outcome) -> None:
        """Tell how far it is."""

    def end(self) -> None:
        """Take away what should not stay."""


class Bar:
    """One line on standard error that is drawn over, with count, rate and remaining time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._what = ""
        self._began = self._drawn = 0.0
        self._first = -1

    def begin(self, what: str) -> None:
        """Begin with a file."""
        self._what = what
        self._began = self._clock()
        self._drawn = 0.0
        self._first = -1

    def update(self, progress: Progress, outcome: Outcome) -> None:
        """Draw, if a tenth of a second has passed."""
        if self._first < 0:
            self._first = progress.done
        now = self._clock()
        if now - self._drawn < BAR_SECONDS:
            return
        self._drawn = now
        cells = shutil.get_terminal_size((80, 24)).columns - 1
        line = self.line(progress, outcome, now - self._began, cells)
        sys.stderr.write(f"\r{line}\x1b[K")
        sys.stderr.flush()

    def end(self) -> None:
        """Wipe the line."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._drawn = 0.0

    def line(self, progress: Progress, outcome: Outcome, seconds: float, cells: int) -> str:
        """Return the line for a width in cells."""
        read = items_read(outcome)
        parts = [f"{read:,} read"]
        if seconds >= 1:
            parts.append(f"{read / seconds:,.0f}/s")
        remaining = self._remaining(progress, seconds)
        if remaining:
            parts.append(remaining)
        told = " · ".join(parts)
        name = one_line(self._what, max(8, cells - BAR_CELLS - len(told) - 10))
        return fit(f"{name}  {self._bar(progress)}  {told}", cells)

    def _bar(self, progress: Progress) -> str:
        if progress.total <= 0:
            return ""
        share = min(1.0, progress.done / progress.total)
        if "utf" not in (sys.stderr.encoding or "").lower():
            full = int(share * BAR_CELLS)
            return f"[{'#' * full}{'.' * (BAR_CELLS - full)}] {share:4.0%}"
        eighths = int(share * BAR_CELLS * 8)
        full, part = divmod(eighths, 8)
        bar = "█" * full + (_EIGHTHS[part] if full < BAR_CELLS else "")
        return f"{bar.ljust(BAR_CELLS)} {share:4.0%}"

    def _remaining(self, progress: Progress, seconds: float) -> str:
        done = progress.done - max(0, self._first)
        if seconds < 2 or done <= 0 or progress.total <= progress.done:
            return ""
        left = seconds * (progress.total - progress.done) / done
        if left < 90:
            return f"{max(1, round(left))} s left"
        return f"{round(left / 60)} min left" if left < 5400 else f"{left / 3600:.1f} h left"


class Lines:
    """A JSON line on standard output at most twice a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._what = ""
        self._written = 0.0

    def begin(self, what: str) -> None:
        """Begin with a file."""
        self._what = what
        self._written = 0.0

    def update(self, progress: Progress, outcome: Outcome) -> None:
        """Write, if half a second has passed."""
        now = self._clock()
        if now - self._written < LINE_SECONDS:
            return
        self._written = now
        write_json_line(
            "progress",
            {
                "path": self._what,
                "done": progress.done,
                "total": progress.total,
                "unit": progress.unit,
                "read": items_read(outcome),
            },
        )

    def end(self) -> None:
        """Take away nothing: what was written stays."""


def write_json_line(kind: str, value: dict[str, object]) -> None:
    """Write ``{"kind": {…}}`` and hand it to the reader at once."""
    sys.stdout.write(json_text({kind: value}) + "\n")
    sys.stdout.flush()


def items_read(outcome: Outcome) -> int:
    """Return how many items an outcome counts: each exactly once."""
    read = (outcome.new, outcome.same, outcome.revised, outcome.quarantined, outcome.held)
    return sum((*read, outcome.erased))
