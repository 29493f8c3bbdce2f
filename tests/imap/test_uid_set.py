"""Sets of UIDs behave as sets, and are written as IMAP writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mail.uid_set import UidSet

UIDS = st.sets(st.integers(1, 60), max_size=40)


@given(UIDS, UIDS)
def test_subtraction_is_that_of_sets(one: set[int], other: set[int]) -> None:
    assert set(UidSet.of(one).minus(UidSet.of(other))) == one - other


@given(UIDS)
def test_what_is_written_is_read_again(uids: set[int]) -> None:
    found = UidSet.of(uids)
    assert UidSet.parse(str(found)) == found
    assert list(found) == sorted(uids)
    assert list(found.newest_first()) == sorted(uids, reverse=True)
    assert len(found) == len(uids)
    assert (found.first, found.last) == (min(uids, default=0), max(uids, default=0))


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), max_size=20))
def test_ranges_that_meet_become_one(parts: list[tuple[int, int]]) -> None:
    grown, expected = UidSet(), set()
    for first, more in parts:
        grown.add(first, first + more)
        expected.update(range(first, first + more + 1))
    assert set(grown) == expected
    assert grown == UidSet.of(expected)
    assert all((uid in grown) == (uid in expected) for uid in range(1, 75))


@pytest.mark.parametrize("text", ["x", "1:2:3", "0", "1,,2", "99999999999", "-1", "*"])
def test_what_is_no_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="UIDs"):
        UidSet.parse(text)
