"""Whichever way the search of PostgreSQL takes, it finds the newest of all that match, in order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.engine import postgres_search
from db.engine.interface import Match, Words
from db.engine.tokens import tokens
from db.store import Store
from tests.engines import Places

ROWS = 6_000
pytestmark = pytest.mark.engine("postgresql")  # only this engine chooses between ways
SHARES = {"always": 1, "often": 3, "some": 40, "few": 700, "once": 5_999}


def words_of(number: int) -> str:
    """Return the words of a row; “old” stands only in the older half."""
    words = [word for word, every in SHARES.items() if number % every == 0]
    return " ".join([*words, *(["old"] if number < ROWS // 2 else [])])


@pytest.fixture(scope="module")
def crowded(kept_places: Places) -> Iterator[Store]:
    """Return a store with an index of many rows, of which words have shares of every kind."""

    def fill(store: Store) -> None:
        with store.engine.write(durable=False) as connection:
            connection.full_text.insert(
                {"id": 10 + 3 * n, "subject": "", "body": words_of(n), "who": "", "scope": "i1"}
                for n in range(ROWS)
            )
        store.engine.connection().run("analyze search_rows")

    store = kept_places.look(kept_places.kept("crowded", fill))
    yield store
    store.close()


@settings(deadline=None, max_examples=80)
@given(
    wanted=st.lists(st.sampled_from([*SHARES, "old", "nowhere"]), min_size=1, max_size=2),
    unwanted=st.sampled_from(["", "often", "some"]),
    below=st.integers(0, 3 * ROWS + 20),
    rows=st.integers(1, 300),
    counted=st.booleans(),
)
def test_the_newest_are_found_in_order_and_counted(
    crowded: Store, wanted: list[str], unwanted: str, below: int, rows: int, counted: bool
) -> None:
    match = Match(
        tuple(Words((word,)) for word in wanted), (Words((unwanted,)),) if unwanted else ()
    )
    expected = [
        10 + 3 * number
        for number in range(ROWS - 1, -1, -1)
        if set(wanted) <= set(words_of(number).split()) and unwanted not in words_of(number).split()
    ]
    with crowded.engine.read() as connection:
        if counted:
            found = connection.full_text.count(match, 1_001)
            if len(expected) <= 1_001 or found != 1_001:
                assert found == min(1_001, len(expected))
        page = connection.full_text.newest(match, below, rows)
    assert page == [one for one in expected if one < below][:rows]


def test_a_page_goes_on_where_the_last_ended(crowded: Store) -> None:
    match = Match((Words(("some",)),))
    before, found = 1 << 62, []
    with crowded.engine.read() as connection:
        while page := connection.full_text.newest(match, before, 7):
            found += page
            before = page[-1]
    assert found == [10 + 3 * n for n in range(ROWS - 1, -1, -1) if n % 40 == 0]


def test_what_was_counted_is_forgotten_when_something_is_written(crowded: Store) -> None:
    match = Match((Words(("once",)),))
    with crowded.engine.write() as connection:
        before = connection.full_text.count(match, 100)
        connection.full_text.insert(
            [{"id": 99_999_999, "subject": "once", "body": "", "who": "", "scope": "i1"}]
        )
        assert connection.full_text.newest(match, 1 << 62, 100)[0] == 99_999_999
        assert connection.full_text.count(match, 100) == before + 1
        connection.full_text.remove([{"id": 99_999_999}])
        assert connection.full_text.count(match, 100) == before


def test_words_are_cut_as_the_vectors_say() -> None:
    row = {"subject": "Ölöfen", "body": "it's x_y", "who": "ada@x.example", "scope": "i7 i8"}
    vector = postgres_search.vector(row)
    assert "'olofen':1A" in vector
    assert "'=i7' '=i8'" in vector
    assert all(f"'{word}'" in vector for word in tokens("it's x_y ada@x.example"))
