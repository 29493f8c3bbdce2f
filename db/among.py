"""Look many keys up at once, with few different statements, so that each stays prepared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from db.engine.interface import Bound, Connection, Row, Value

# Sizes of the lists in the statements; a shorter one is filled up with its last value.
SIZES = (1, 4, 16, 64)
_NAMES = {size: ", ".join(f":among_{number}" for number in range(size)) for size in SIZES}
_KEYS = tuple(f"among_{number}" for number in range(SIZES[-1]))


def among(
    connection: Connection, sql: str, values: Iterable[Value], **params: Bound
) -> Iterator[Row]:
    """Yield the rows of a query for each of many keys.

    Args:
        connection: Where to ask.
        sql: With ``in (:among)`` where the keys go.
        values: The keys; each is asked for once.
        params: The other parameters.
    """
    wanted = list(dict.fromkeys(values))
    largest = SIZES[-1]
    for start in range(0, len(wanted), largest):
        chunk = wanted[start : start + largest]
        size = next(size for size in SIZES if size >= len(chunk))
        chunk.extend(chunk[-1:] * (size - len(chunk)))
        bound = {**params, **dict(zip(_KEYS, chunk, strict=False))}
        yield from connection.all(sql.replace(":among", _NAMES[size]), bound)
