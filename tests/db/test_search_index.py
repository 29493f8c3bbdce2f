"""What can be found, and that the index never says more or less than what is stored."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from connectors.contract import Address, Batch, Entry, Fold, Party, Recognised
from db.engine.interface import Column, Match, Words
from db.identity.own import add_own
from db.ingest import Arrival
from db.search import catch_up, collect_terms, forget_entry, index_entry, rebuild
from db.store import Store
from tests.engines import postings

NOON = 1_767_355_200_000
US = "support@us.example"


def mail(
    number: str, text: str, *, subject: str = "Invoice", folds: tuple[Fold, ...] = ()
) -> Entry:
    return Entry(
        external_id=number,
        at=NOON,
        parties=(
            Party("from", Address("email", "ada@acme.example"), "Ada Byron"),
            Party("to", Address("email", US), "Help"),
            Party("cc", Address("email", "bob@acme.example"), "Bob Stone"),
        ),
        subject=subject,
        text=text,
        folds=folds,
        message_id=number,
        content_key=text + subject,
    )


@pytest.fixture
def ours(store: Store) -> Store:
    with store.engine.write() as connection:
        add_own(connection, US)
    return store


def take_in(store: Store, *entries: Entry) -> None:
    store.sink(Recognised("mbox", "mbox", "mail"), "x", Arrival(0)).write(Batch(entries))


def hits(store: Store, *words: str, column: Column = "", scope: str = "") -> list[int]:
    """Return what holds all of these words or phrases, on an identity's timeline where named."""
    wanted = [Words((word,), column) for word in words]
    if scope:
        wanted.append(Words((scope,), "scope"))
    return store.engine.connection().full_text.newest(Match(tuple(wanted)), 1 << 62, 100)


def test_subject_words_names_and_addresses_are_found(ours: Store) -> None:
    take_in(ours, mail("a", "The payment failed twice."))
    for query in ("payment", "invoice", "byron", "stone", "acme example"):
        assert len(hits(ours, query)) == 1, query
    assert len(hits(ours, "bob", column="who")) == 1
    assert hits(ours, "bob", column="subject") == []
    assert hits(ours, "acme payment") == []


def test_quoted_words_are_not_found_but_new_ones_around_them_are(ours: Store) -> None:
    text = "First\n> old words\nsecond"
    take_in(ours, mail("a", text, folds=(Fold(6, 17),)))
    assert hits(ours, "second")
    assert hits(ours, "first")
    assert not hits(ours, "old")


def test_a_search_can_be_kept_to_the_identities_of_a_customer(ours: Store) -> None:
    take_in(ours, mail("a", "payment"))
    connection = ours.engine.connection()
    for address, expected in (("ada@acme.example", 1), ("bob@acme.example", 1), (US, 0)):
        number = connection.value("select id from identities where value = :v", {"v": address})
        assert len(hits(ours, "payment", scope=f"i{number}")) == expected


def test_a_changed_entry_is_found_by_its_new_words_only(ours: Store) -> None:
    take_in(ours, mail("a", "payment failed"))
    take_in(ours, mail("a", "delivery late", subject="Parcel"))
    assert hits(ours, "delivery", "parcel")
    assert not hits(ours, "payment")
    assert not hits(ours, "invoice")


def test_a_forgotten_entry_leaves_nothing_behind(ours: Store) -> None:
    take_in(ours, mail("a", "payment failed " * 50))
    with ours.engine.write() as connection:
        number = connection.value("select id from entries")
        forget_entry(connection, number)
    assert postings(ours) == []
    with ours.engine.write() as connection:
        index_entry(connection, number)
    assert hits(ours, "payment") == [number]


def test_a_rebuilt_index_equals_the_one_that_grew(ours: Store) -> None:
    dice = random.Random(7)
    words = ["payment", "invoice", "late", "müller", "straße", "κόσμος", "東京", "�", "x\x00y"]
    for step in range(80):
        text = "\n".join(" ".join(dice.choices(words, k=6)) for _ in range(5))
        first = dice.randrange(len(text))
        folds = (Fold(first, first + 20), Fold(len(text) - 5, len(text) + 9, "signature"))
        entry = mail(f"m{dice.randrange(40)}", text, subject=dice.choice(words), folds=folds)
        take_in(
            ours, replace(entry, at=NOON + dice.randrange(9) * 86_400_000, content_key=str(step))
        )
    grown = postings(ours)
    with ours.engine.write() as connection:
        walked = rebuild(connection)
    assert postings(ours) == grown
    assert walked == ours.engine.connection().value("select count(*) from entries")
    assert grown


def test_the_vocabulary_counts_entries_and_forgets_words_that_are_gone(ours: Store) -> None:
    take_in(ours, mail("a", "payment payment"), mail("b", "payment late"))
    collect_terms(ours.engine)
    terms = dict(ours.engine.connection().all("select term, entries from terms"))
    assert terms["payment"] == 2
    assert terms["late"] == 1
    assert not any(term.startswith("i1") for term in terms)
    take_in(ours, mail("b", "payment"))
    assert collect_terms(ours.engine) == len(terms) - 1
    assert "late" not in dict(ours.engine.connection().all("select term, entries from terms"))


def terms_of(store: Store) -> dict[str, int]:
    return dict(store.ask(lambda c: c.all("select term, entries from terms")))


def test_the_words_of_a_few_mails_are_counted_as_they_come_in(ours: Store) -> None:
    for number, words in enumerate(
        ("Straße Ångström naïve", "Ελένη, Юлия; 王伟 x-ray", "a_b don't")
    ):
        take_in(ours, mail(f"m{number}", f"{words} payment", subject=words))
    counted = terms_of(ours)
    assert counted["payment"] == 3
    collect_terms(ours.engine)
    assert terms_of(ours) == counted


def test_the_words_of_many_mails_are_read_from_the_index_afterwards(
    ours: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.search.TERMS_AT_ONCE", 2)
    take_in(ours, *(mail(f"m{n}", f"word{n}") for n in range(5)))
    assert "word3" not in terms_of(ours)
    catch_up(ours.engine)
    assert terms_of(ours)["word3"] == 1
    with ours.engine.write() as connection:
        connection.run("delete from terms")
    catch_up(ours.engine)  # nothing is behind: the index is not walked
    assert terms_of(ours) == {}
