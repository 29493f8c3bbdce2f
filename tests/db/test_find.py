"""Find in everything: what is found, in which order, with which words around it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Address, Attachment, Batch, Entry, Fold, Party, Recognised
from db.ingest import Arrival
from db.language import QueryError
from db.queries.find import find, find_as_typed
from db.queries.snippets import SNIPPET_CHARACTERS, fold, pattern_of, snippet
from db.records import FindPage
from db.search import collect_terms
from db.store import Store

DAY = 86_400_000
NOW = 1_780_000_000_000
MAIL = Recognised("mbox", "mbox mail file", "mail")


def mail(number: int, text: str, author: str = "ada", days: int = 0, **more: object) -> Entry:
    made = Entry(
        external_id=f"m{number}",
        at=NOW - days * DAY + number,
        parties=(
            Party("from", Address("email", f"{author}@customers.example"), author.title()),
            Party("to", Address("email", "help@desk.example"), "Desk"),
        ),
        subject="Lamp",
        text=text,
        message_id=f"m{number}@x.example",
        content_key=f"k{number}",
    )
    return replace(made, **more)  # type: ignore[arg-type]


def arrive(store: Store, *entries: Entry) -> None:
    with store.engine.write() as connection:
        connection.run(
            "insert into own_addresses values('email', 'help@desk.example') on conflict do nothing"
        )
    assert store.sink(MAIL, "inbox", Arrival(0)).write(Batch(entries)).new == len(entries)


def found(store: Store, text: str, **more: object) -> list[str]:
    page: FindPage = store.ask(find, text, 2, NOW, **more)  # type: ignore[arg-type]
    return [hit.snippet for hit in page.hits]


def test_the_newest_comes_first_and_pages_meet(store: Store) -> None:
    arrive(store, *(mail(n, f"lamp number {n}", days=30 - n) for n in range(1, 24)))
    seen: list[str] = []
    before = 0
    while True:
        page = store.ask(find, "lamp", 2, NOW, before, 7)
        seen += [hit.snippet for hit in page.hits]
        assert page.total == 23
        before = page.before
        if not before:
            break
    assert seen == [f"lamp number {number}" for number in range(23, 0, -1)]


def test_words_must_all_be_there_and_a_phrase_in_a_row(store: Store) -> None:
    arrive(store, mail(1, "red lamp broke"), mail(2, "the lamp is red"))
    assert found(store, "red lamp") == ["the lamp is red", "red lamp broke"]
    assert found(store, '"red lamp"') == ["red lamp broke"]
    assert found(store, "lamp -broke") == ["the lamp is red"]
    assert found(store, "-broke") == ["the lamp is red"]


def test_case_and_accents_do_not_matter(store: Store) -> None:
    arrive(store, mail(1, "Die Prüfung im Café"))
    page = store.ask(find, "CAFE prufung", 2, NOW)
    (hit,) = page.hits
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["Prüfung", "Café"]


def test_what_is_quoted_is_neither_found_nor_shown(store: Store) -> None:
    text = "I agree\n> the turbine exploded"
    arrive(store, mail(1, text, folds=(Fold(8, len(text)),)))
    assert found(store, "turbine") == []
    assert found(store, "agree") == ["I agree"]


def test_from_means_who_wrote_it_not_who_got_it(store: Store) -> None:
    arrive(store, mail(1, "one", "ada"), mail(2, "two", "ben"))
    assert found(store, "from:ada") == ["one"]
    assert found(store, "from:BEN@customers") == ["two"]
    assert found(store, "from:desk") == []
    assert found(store, "to:desk from:ada,ben") == ["two", "one"]
    assert found(store, "-from:ada") == ["two"]


def test_properties_narrow_what_is_found(store: Store) -> None:
    arrive(
        store,
        mail(1, "lamp old", days=40),
        mail(2, "lamp new", attachments=(Attachment("a.pdf"),)),
        mail(3, "lamp robot", "cyd", automatic="auto-replied"),
    )
    assert found(store, "lamp after:2w -is:automatic") == ["lamp new"]
    assert found(store, "before:2w") == ["lamp old"]
    assert found(store, "has:attachment") == ["lamp new"]
    assert found(store, "is:automatic") == ["lamp robot"]
    assert found(store, "channel:email,chat -has:attachment lamp") == ["lamp robot", "lamp old"]


def test_a_case_asked_for_by_number_comes_first(store: Store) -> None:
    arrive(store, mail(1, "first words"), mail(2, "room 1 please", "ben"))
    case_id = next(hit.case_id for hit in store.ask(find, "first", 2, NOW).hits)
    assert case_id == 1
    assert found(store, "#1") == ["first words"]
    assert found(store, "1") == ["first words", "room 1 please"]
    assert found(store, "#404") == []


def test_a_customers_timeline_can_be_searched_alone(store: Store) -> None:
    arrive(store, mail(1, "lamp one", "ada"), mail(2, "lamp two", "ben"))
    hit = store.ask(find, "two", 2, NOW).hits[0]
    assert found(store, "lamp", customer_id=hit.customer_id) == ["lamp two"]
    assert found(store, "", customer_id=hit.customer_id) == ["lamp two"]
    assert found(store, f"lamp customer:{hit.customer_id}") == ["lamp two"]
    assert found(store, "customer:ada lamp") == ["lamp one"]
    assert found(store, "lamp", customer_id=999) == []


def test_linked_customers_are_searched_as_one(store: Store) -> None:
    arrive(store, mail(1, "lamp one", "ada"), mail(2, "lamp two", "ben"), mail(3, "lamp", "cyd"))
    with store.engine.write() as connection:
        connection.run("update customers set canonical_id = 1 where id = 2")
    assert found(store, "lamp", customer_id=2) == ["lamp two", "lamp one"]


def test_the_best_match_can_be_asked_for(store: Store) -> None:
    arrive(
        store,
        mail(1, "lamp lamp lamp"),
        mail(2, "a long story of many words in which once a lamp is named and then no more " * 3),
    )
    assert found(store, "lamp", best=True)[0] == "lamp lamp lamp"
    assert found(store, "lamp")[1] == "lamp lamp lamp"


def test_the_last_word_may_be_unfinished(store: Store) -> None:
    arrive(store, mail(1, "invoice lost"), mail(2, "invitation lost"), mail(3, "nothing"))
    collect_terms(store.engine)
    page = store.ask(find_as_typed, "lost inv", 2, NOW)
    assert [hit.snippet for hit in page.hits] == ["invitation lost", "invoice lost"]
    assert [page.hits[1].snippet[start:end] for start, end in page.hits[1].marks] == ["inv", "lost"]
    assert store.ask(find_as_typed, "lost inv ", 2, NOW).hits == ()
    assert len(store.ask(find_as_typed, "lost status:ne", 2, NOW).hits) == 2
    assert len(store.ask(find_as_typed, "lost from:", 2, NOW).hits) == 2
    with pytest.raises(QueryError, match="ne"):
        store.ask(find, "lost status:ne", 2, NOW)


def test_a_filter_that_lets_little_through_still_reaches_the_end(store: Store) -> None:
    arrive(store, *(mail(n, f"lamp {n}", days=10) for n in range(1, 301)))
    with store.engine.write() as connection:
        connection.run("update entries set pinned = 1 where preview = 'lamp 7'")
    assert found(store, "lamp is:pinned") == ["lamp 7"]
    assert found(store, "is:pinned") == ["lamp 7"]


def test_a_hit_says_whose_it_is(store: Store) -> None:
    arrive(store, mail(1, "lamp"))
    (hit,) = store.ask(find, "lamp", 2, NOW).hits
    assert (hit.customer, hit.author, hit.subject, hit.status) == ("Ada", "Ada", "Lamp", "new")
    assert (hit.kind, hit.channel, hit.direction, hit.case_id) == ("message", "email", "inbound", 1)


def test_a_removed_entry_is_not_found(store: Store) -> None:
    arrive(store, mail(1, "lamp"))
    with store.engine.write() as connection:
        connection.run("update entries set removed = 1")
    assert found(store, "is:open") == []
    assert found(store, "-spoon") == []


def test_a_snippet_begins_before_the_match() -> None:
    text = "word " * 100 + "needle in the hay " + "more " * 100
    cut, marks = snippet(text, (), pattern_of(["needle"]))
    assert [cut[start:end] for start, end in marks] == ["needle"]
    assert 0 < marks[0][0] <= 110
    assert len(cut) <= SNIPPET_CHARACTERS


def test_a_part_of_a_word_is_not_marked() -> None:
    cut, marks = snippet("lamps lamp clamp lamp-shade", (), pattern_of(["lamp"]))
    assert [start for start, _ in marks] == [6, 17]
    assert cut == "lamps lamp clamp lamp-shade"


@given(st.text(max_size=80), st.text(max_size=8), st.text(max_size=8))
def test_marks_lie_inside_the_snippet(text: str, word: str, begin: str) -> None:
    assert len(fold(text)) == len(text)
    cut, marks = snippet(text, (), pattern_of([word], [begin]))
    assert all(0 <= start < end <= len(cut) for start, end in marks)
    assert "\n" not in cut
