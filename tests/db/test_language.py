"""The query language: what is understood, what is refused in words, what it means in SQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.engine import sqlite_search
from db.language import (
    CHOICES,
    FIELDS,
    Asker,
    Filter,
    Query,
    QueryError,
    Text,
    moment,
    parse,
)
from db.language_search import match_of
from db.language_sql import where_cases, where_entries
from db.store import Store

NOW = int(datetime(2026, 3, 10, 15, 30, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000
ASKER = Asker(2, NOW)

values = st.one_of(
    st.sampled_from([word for words in CHOICES.values() for word in words]),
    st.sampled_from(["me", "none", "2w", "2026-01-31", "42", "#42", '"a b"', "a,b", "", "ünïcode"]),
    st.text(max_size=8),
)
terms = st.one_of(
    st.text(max_size=12),
    st.builds(
        lambda minus, field, value: f"{minus}{field}:{value}",
        st.sampled_from(["", "-"]),
        st.sampled_from(FIELDS),
        values,
    ),
)
queries = st.lists(terms, max_size=6).map(" ".join)


def parsed(text: str) -> Query | None:
    try:
        return parse(text)
    except QueryError:
        return None


def test_words_phrases_and_properties_are_told_apart() -> None:
    query = parse('refund "no reply" from:ana -tag:spam status:open,pending #42')
    assert query.terms == (
        Text("", ("refund",)),
        Text("", ("no reply",), quoted=True),
        Text("from", ("ana",)),
        Filter("tag", ("spam",), negated=True),
        Filter("status", ("open", "pending")),
        Filter("number", ("42",)),
    )


def test_a_quoted_value_may_hold_spaces_and_commas() -> None:
    assert parse('org:"Acme, Tools","B C"').terms == (Filter("org", ("Acme, Tools", "B C")),)


def test_curly_quotes_and_a_quote_left_open_are_understood() -> None:
    assert parse("“no reply").terms == (Text("", ("no reply",), quoted=True),)


def test_a_link_is_a_word_not_a_property() -> None:
    assert parse("https://shop.example/a").terms == (Text("", ("https://shop.example/a",)),)


def test_signs_without_letters_are_passed_over() -> None:
    assert parse("- -- : ( * ^ #").terms == ()


def test_other_words_for_the_same_thing_are_taken() -> None:
    assert parse("waiting:them status:on-hold is:spam OWNER:nobody").terms == (
        Filter("waiting", ("customer",)),
        Filter("status", ("on_hold",)),
        Filter("is", ("junk",)),
        Filter("owner", ("none",)),
    )


@pytest.mark.parametrize(
    ("text", "named", "possible"),
    [
        ("statsu:open", "statsu", "status"),
        ("status:opne", "opne", "pending"),
        ("is:bored", "bored", "snoozed"),
        ("after:tomorow", "tomorow", "2w"),
        ("after:2026-02-30", "2026-02-30", "2026-01-31"),
        ("number:x", "x", "42"),
        ("tag:", "tag", "name"),
        ("from:--", "from", "address"),
    ],
)
def test_what_is_not_understood_is_named_with_what_is_possible(
    text: str, named: str, possible: str
) -> None:
    with pytest.raises(QueryError) as refused:
        parse(text)
    assert named in str(refused.value)
    assert possible in str(refused.value)


def test_a_query_without_end_is_refused_in_a_sentence() -> None:
    with pytest.raises(QueryError, match="characters"):
        parse("a" * 2_001)
    with pytest.raises(QueryError, match="terms"):
        parse(" ".join(f"w{number}" for number in range(61)))


@pytest.mark.parametrize(
    ("value", "ago"), [("2w", 14 * DAY), ("3d", 3 * DAY), ("12h", DAY // 2), ("1m", 30 * DAY)]
)
def test_a_span_counts_back_from_now(value: str, ago: int) -> None:
    assert moment(value, ASKER) == NOW - ago


def test_a_day_begins_where_the_agent_is() -> None:
    east = Asker(2, NOW, timezone(timedelta(hours=9)))
    assert moment("2026-01-31", ASKER) - moment("2026-01-31", east) == 9 * 3_600_000
    assert moment("today", east) == int(
        datetime(2026, 3, 10, 15, tzinfo=UTC).timestamp() * 1000
    )  # where the eleventh has begun already
    assert moment("yesterday", ASKER) == moment("today", ASKER) - DAY
    assert moment("2026", ASKER) == moment("2026-01-01", ASKER)


@given(st.text(max_size=60))
def test_nothing_typed_raises_anything_but_a_sentence(text: str) -> None:
    parsed(text)


# One store for all of them: it stays empty, what matters is that its engine understands.
@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=queries)
def test_whatever_is_understood_runs(store: Store, text: str) -> None:
    query = parsed(text)
    if query is None:
        return
    connection = store.engine.connection()
    cases = where_cases(query, ASKER)
    connection.all("select c.id from cases c where " + cases.sql, cases.params)
    entries = where_entries(query, ASKER)
    connection.all(
        "select e.id from entries e join cases c on c.id = e.case_id where " + entries.sql,
        entries.params,
    )
    if match := match_of(query, last_word=("a",)):
        connection.all("select rowid from search(:m)", {"m": match})
        connection.full_text.newest(match, 1 << 62, 10)


def test_values_are_never_part_of_the_statement() -> None:
    query = parse("owner:zq1 tag:zq2 queue:zq3 org:zq4 from:zq5 customer:zq6")
    for where in (where_cases(query, ASKER), where_entries(query, ASKER)):
        assert "zq" not in where.sql


def test_every_word_is_quoted_for_the_index() -> None:
    match = match_of(parse('a* NEAR "b c" -d subject:e'))
    assert match is not None
    assert sqlite_search.expression(match) == (
        '({subject body who} : ("a*") AND {subject body who} : ("NEAR")'
        ' AND {subject body who} : ("b c") AND subject : ("e"))'
        ' NOT ({subject body who} : ("d"))'
    )
