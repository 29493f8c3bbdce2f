"""After an erase: rewrite what still lies about in free space, the search index and the log.

A row that is deleted is overwritten at once (``secure_delete``), but a full-text index keeps its
words until its segments are merged, and cells that were moved within the file leave copies behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.engine.interface import Engine
from db.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What was rewritten.

    Attributes:
        log: True where the log was emptied; false where a reader holds it.
        file: True where the whole file was written anew.
    """

    log: bool
    file: bool


VACUUM_BYTES = 256 << 20
"""A file up to this size is written anew in seconds; a larger one when it is asked for."""


def scrub(engine: Engine, *, whole: bool | None = None) -> Scrubbed:
    """Rewrite what may still hold erased words.

    Args:
        engine: Of the store; nobody waits longer than for an act, unless the file is written anew.
        whole: Write the whole file anew; None leaves it to its size.
    """
    from db.search import collect_terms

    collect_terms(engine)
    if engine.name == "sqlite":
        from db.engine.sqlite_scrub import empty_log, merge_index, write_anew

        merge_index(engine)
        file = whole if whole is not None else engine.size() <= VACUUM_BYTES
        if file:
            file = write_anew(engine)
        return Scrubbed(empty_log(engine), file)
    from db.engine.postgres_scrub import vacuum

    return Scrubbed(True, vacuum(engine, whole=bool(whole)))
