"""A headless command as a child process of the desk, with its progress as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Sequence

from console.text import one_line
from db.frozen import dataclass

MAX_LINE_BYTES = 262_144
SAID_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Told:
    """How far a child is.

    Attributes:
        path: What it reads.
        done: Of ``total``, in any unit; ``total`` is 0 when it is not known.
        read: Items so far.
    """

    path: str
    done: int
    total: int
    read: int


class Child:
    """One run of ``centric`` beside the desk."""

    def __init__(
        self,
        arguments: Sequence[str],
        told: Callable[[Told], None],
        event: Callable[[dict[str, object]], None] = lambda event: None,
    ) -> None:
        """Make a run that has not begun.

        Args:
            arguments: Of ``centric``.
            told: Told how far it is.
            event: Told everything else that it says in JSON lines.
        """
        self._arguments = tuple(arguments)
        self._told = told
        self._event = event
        self._process: asyncio.subprocess.Process | None = None
        self.said = ""  # its last sentence; untrusted

    async def run(self) -> int:
        """Run it to its end and return its exit code."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "console",
            *self._arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=MAX_LINE_BYTES,
        )
        out, err = self._process.stdout, self._process.stderr
        if out is None or err is None:
            raise RuntimeError("The child has no pipes.")
        await asyncio.gather(self._lines(out, self._line), self._lines(err, self._sentence))
        return await self._process.wait()

    def stop(self) -> None:
        """Ask it to end between two batches; what it committed stays."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    async def _lines(self, stream: asyncio.StreamReader, take: Callable[[str], None]) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # a line that is too long is not one of ours
                continue
            if not line:
                return
            take(line.decode("utf-8", "replace").strip())

    def _line(self, line: str) -> None:
        try:
            value = json.loads(line)
        except ValueError:
            return self._sentence(line)
        progress = value.get("progress") if isinstance(value, dict) else None
        if isinstance(progress, dict):
            self._told(
                Told(
                    str(progress.get("path", "")),
                    _number(progress.get("done")),
                    _number(progress.get("total")),
                    _number(progress.get("read")),
                )
            )
        elif isinstance(value, dict):
            self._event(value)
        return None

    def _sentence(self, line: str) -> None:
        if line:
            self.said = one_line(line.removeprefix("centric: "), SAID_CHARACTERS)


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
