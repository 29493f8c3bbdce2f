"""The customer finder: half-remembered letters, and an index that never drifts."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Address, Batch, Entry, Party, Recognised
from db.commands.customers import EditCustomer
from db.identity import lookup
from db.identity.lookup import find_customers
from db.identity.lookup_index import index_customers, rebuild
from db.identity.lookup_keys import Findable, company_words, findable, index_keys, words_of
from db.ingest import Arrival
from db.records import AgentRow, CustomerHit
from db.store import Store
from tests.engines import Places, keys_of, writes_so_far

PEOPLE = (
    ("Ada Moreno", "Northwind Optics Ltd", "ada.moreno@northwind.example", "+351912345678"),
    ("Ada Byron", "", "abyron@mail.example", ""),
    ("Jonathan Hartwell", "Acme Tools", "jhartwell@acme.example", "+442071234567"),
    ("Юлия Смирнова", "", "ysmirnova@post.example", ""),
    ("王伟", "Harbour Works GmbH", "wangwei@harbour.example", ""),
    ("Jürgen Großmann", "Blackford Robotics BV", "j.grossmann@blackford.example", ""),
    ("Mary Ellen O'Neil", "", "meo@mail.example", "+17185550142"),
    ("Søren Kjær", "Acme Tools", "skjaer@acme.example", ""),
)


@pytest.fixture
def people(store: Store) -> Store:
    return filled(store)


@pytest.fixture(scope="module")
def kept_people(kept_places: Places) -> Iterator[Store]:
    """The same, for tests that only read."""

    def fill(store: Store) -> None:
        filled(store)

    store = kept_places.look(kept_places.kept("people", fill))
    yield store
    store.close()


def filled(store: Store) -> Store:
    with store.engine.write() as connection:
        companies: dict[str, int] = {}
        for number, (name, company, email, phone) in enumerate(PEOPLE, 1):
            if company and company not in companies:
                companies[company] = len(companies) + 1
                connection.run(
                    "insert into organizations(id, name, created_at) values(:id, :name, 0)",
                    {"id": companies[company], "name": company},
                )
            connection.run(
                "insert into customers(id, canonical_id, name, organization_id, created_at,"
                " last_inbound_at) values(:id, :id, :name, :company, 0, :id)",
                {"id": number, "name": name, "company": companies.get(company)},
            )
            for kind, value in (("email", email), ("phone", phone)):
                if value:
                    connection.run(
                        "insert into identities(id, kind, value, raw, name, customer_id)"
                        " values(:id, :kind, :value, :value, :name, :customer)",
                        {
                            "id": number * 10 + (kind == "phone"),
                            "kind": kind,
                            "value": value,
                            "name": name,
                            "customer": number,
                        },
                    )
        connection.run(
            "insert into identities(id, kind, network, value, raw, customer_id)"
            " values(1, 'handle', 'chat', 'countess', 'countess', 2)"
        )
        index_customers(connection, range(1, len(PEOPLE) + 1))
    return store


def hits(store: Store, text: str) -> tuple[CustomerHit, ...]:
    return store.ask(find_customers, text)


@pytest.mark.parametrize(
    ("typed", "name", "why"),
    [
        ("ada moreno", "Ada Moreno", "name"),
        ("moreno ada", "Ada Moreno", "name"),
        ("ada moerno", "Ada Moreno", "name"),
        ("adda morebo", "Ada Moreno", "name"),
        ("more", "Ada Moreno", "name"),
        ("jon hart", "Jonathan Hartwell", "name"),
        ("hartwel", "Jonathan Hartwell", "name"),
        ("jonathan hart well", "Jonathan Hartwell", "name"),
        ("j hartwell", "Jonathan Hartwell", "name"),
        ("yuliya smirnova", "Юлия Смирнова", "name"),
        ("Юлия", "Юлия Смирнова", "name"),
        ("wang wei", "王伟", "name"),
        ("王伟", "王伟", "name"),
        ("jurgen grossman", "Jürgen Großmann", "name"),
        ("oneil mary", "Mary Ellen O'Neil", "name"),
        ("ada northwind", "Ada Moreno", "name and company"),
        ("blakford robotics", "Jürgen Großmann", "company"),
        ("wei harbour works", "王伟", "name and company"),
        ("jhartwell", "Jonathan Hartwell", "e-mail"),
        ("abyron@mail.example", "Ada Byron", "e-mail"),
        ("abyrom@mail.example", "Ada Byron", "e-mail"),
        ("skjaer@", "Søren Kjær", "e-mail"),
        ("345678", "Ada Moreno", "phone"),
        ("+351 912", "Ada Moreno", "phone"),
        ("0142", "Mary Ellen O'Neil", "phone"),
        ("207 123", "Jonathan Hartwell", "phone"),
        ("351912355678", "Ada Moreno", "phone"),
        ("jonny hartwell", "Jonathan Hartwell", "name"),
        ("juergen grossmann", "Jürgen Großmann", "name"),
        ("ada maria moreno", "Ada Moreno", "name"),
        ("johnathan heartwell", "Jonathan Hartwell", "name"),
        ("adamoreno", "Ada Moreno", "name"),
        ("j blackford robotics", "Jürgen Großmann", "name and company"),
        ("Blackfrod Robotics B.V.", "Jürgen Großmann", "company"),
        ("j.grosmann@blackford.example", "Jürgen Großmann", "e-mail"),
        ("j.grossmann@blackfrod.example", "Jürgen Großmann", "e-mail"),
        ("(0)718 555 0142", "Mary Ellen O'Neil", "phone"),
        ("@countess", "Ada Byron", "handle"),
        ("countes", "Ada Byron", "handle"),
    ],
)
def test_half_remembered_letters_find_who_was_meant(
    kept_people: Store, typed: str, name: str, why: str
) -> None:
    found = hits(kept_people, typed)
    assert found, typed
    assert (found[0].name, found[0].why) == (name, why)
    assert 0 < found[0].score <= 100


def test_a_number_that_stands_in_a_message_finds_who_wrote_it(store: Store) -> None:
    parties = (
        Party("from", Address("email", "ada@mail.example"), "Ada Moreno"),
        Party("to", Address("email", "help@us.example")),
    )
    entry = Entry(external_id="1", at=1, parties=parties, subject="Where?", text="Order AC-10293.")
    store.sink(Recognised("mbox", "mbox mail file", "mail"), "x", Arrival(0)).write(Batch((entry,)))
    (hit,) = hits(store, "AC-10293")
    assert (hit.name, hit.why, hit.matched) == ("Ada Moreno", "message", "AC-10293")
    case = store.ask(lambda connection: connection.value("select min(id) from cases"))
    assert [hit.why for hit in hits(store, f"#{case}")] == ["case"]
    assert hits(store, "AC-10294") == ()


def test_a_name_that_is_a_company_too_brings_both(people: Store) -> None:
    with people.engine.write() as connection:
        connection.run("insert into organizations(id, name, created_at) values(90, 'Kjær', 0)")
        connection.run("update customers set organization_id = 90 where id = 2")
        index_customers(connection, [2])
    assert {hit.why for hit in hits(people, "kjaer")} == {"name", "company"}


def test_a_company_brings_everyone_there(kept_people: Store) -> None:
    assert {hit.name for hit in hits(kept_people, "acme tools")} == {
        "Jonathan Hartwell",
        "Søren Kjær",
    }
    assert {hit.organization for hit in hits(kept_people, "acme")} == {"Acme Tools"}


def test_noise_finds_nobody(kept_people: Store) -> None:
    for typed in (
        "qqqq zzzz",
        "AND",
        "OR (",
        "NOT x*",
        "***",
        "99999",
        "x@y",
        "\x00",
        '"',
        "a" * 5_000,
    ):
        assert hits(kept_people, typed) == ()


def test_nothing_typed_brings_whoever_was_in_touch_last(people: Store) -> None:
    assert hits(people, "") == ()
    with people.engine.write() as connection:
        for number, identity in enumerate((20, 30, 10), 1):
            connection.run(
                "insert into entries(identity_id, at, id, kind, direction, channel, case_id,"
                " author, subject, preview, characters, lines)"
                " values(:who, :at, :at, 'message', 'inbound', 'email', 1, '', '', '', 0, 1)",
                {"who": identity, "at": number},
            )
    found = hits(people, " ")
    assert [hit.customer_id for hit in found] == [3, 2, 1]
    assert {hit.why for hit in found} == {"recent"}


def test_linked_customers_are_one_hit_under_the_name_they_are_shown_by(people: Store) -> None:
    with people.engine.write() as connection:
        connection.run("update customers set canonical_id = 1 where id = 2")
    found = hits(people, "byron")
    assert [(hit.customer_id, hit.name, hit.matched) for hit in found] == [
        (1, "Ada Moreno", "byron")
    ]
    assert [hit.customer_id for hit in hits(people, "ada")] == [1]


def test_a_new_name_is_found_and_the_old_one_is_not(people: Store) -> None:
    assert hits(people, "oneil")[0].customer_id == 7
    with people.engine.write() as connection:
        connection.run("update customers set name = 'Greta Lund' where id = 7")
        connection.run("update identities set name = '' where customer_id = 7")
        index_customers(connection, [7])
    assert hits(people, "greta lund")[0].customer_id == 7
    assert hits(people, "oneil") == ()


def test_an_edited_name_is_found_and_undo_brings_the_old_one_back(people: Store) -> None:
    ana = AgentRow(2, "ana", "Ana")
    with people.engine.write() as connection:
        connection.run("insert into agents(id, login, name) values(2, 'ana', 'Ana')")
        connection.run("update identities set name = '' where customer_id = 7")
    people.do(EditCustomer(7, "name", "Greta Lund"), ana)
    assert hits(people, "greta lund")[0].customer_id == 7
    assert hits(people, "oneil") == ()
    people.undo(ana)
    assert hits(people, "oneil")[0].customer_id == 7
    assert hits(people, "greta lund") == ()


def test_a_deleted_customer_is_gone_from_the_index(people: Store) -> None:
    with people.engine.write() as connection:
        connection.run("delete from identities where customer_id = 3")
        connection.run("delete from customers where id = 3")
        index_customers(connection, [3])
    assert hits(people, "hartwell") == ()
    connection = people.engine.connection()
    assert connection.customer_keys.holders(["whartwell"], 10) == [[]]


def test_an_unchanged_customer_is_not_written_again(people: Store) -> None:
    with people.engine.write() as connection:
        before = writes_so_far(people, connection)
        index_customers(connection, range(1, len(PEOPLE) + 1))
        assert writes_so_far(people, connection) == before


def test_a_name_met_elsewhere_finds_them_too(people: Store) -> None:
    with people.engine.write() as connection:
        connection.run("update identities set name = 'Augusta King' where id = 20")
        index_customers(connection, [2])
    assert hits(people, "augusta king")[0].name == "Ada Byron"


def test_at_most_a_few_hundred_are_ranked(people: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ranked: list[Findable] = []
    score = lookup.Ranker.score
    monkeypatch.setattr(
        lookup.Ranker, "score", lambda self, one: ranked.append(one) or score(self, one)
    )
    with people.engine.write() as connection:
        for number in range(100, 1_100):
            connection.run(
                "insert into customers(id, canonical_id, name, created_at)"
                " values(:id, :id, :name, 0)",
                {"id": number, "name": f"Adam Morena{number}"},
            )
        index_customers(connection, range(100, 1_100))
    assert hits(people, "ada moreno")[0].name == "Ada Moreno"
    assert len(ranked) <= lookup.CANDIDATES
    ranked.clear()
    hits(people, "xda mxrenx")
    assert len(ranked) <= lookup.CANDIDATES


def test_of_many_with_one_name_those_in_touch_last_come_first(people: Store) -> None:
    with people.engine.write() as connection:
        connection.many(
            "insert into customers(id, canonical_id, name, created_at, last_inbound_at)"
            " values(:id, :id, :name, 0, :at)",
            [
                {"id": number, "name": f"Zora Lind{number}", "at": 5 * (number == 1_990)}
                for number in range(100, 2_000)
            ],
        )
        connection.run(
            "insert into identities(id, kind, value, raw, customer_id)"
            " values(900, 'email', 'z@mail.example', 'z@mail.example', 1990)"
        )
        connection.run(
            "insert into entries(identity_id, at, id, kind, direction, channel, case_id,"
            " author, subject, preview, characters, lines)"
            " values(900, 5, 5, 'message', 'inbound', 'email', 1, '', '', '', 0, 1)"
        )
        index_customers(connection, range(100, 2_000))
    assert hits(people, "zora")[0].customer_id == 1_990


names = st.text(max_size=30)
handles = st.tuples(st.sampled_from(["email", "phone", "handle", "name"]), st.text(max_size=20))


@given(st.lists(names, max_size=4), names, st.lists(handles, max_size=4))
def test_the_stored_text_says_all_that_the_keys_are_made_of(
    variants: list[str], company: str, identities: list[tuple[str, str]]
) -> None:
    person = findable(variants, company, identities)
    again = Findable.from_text(person.text())
    assert again == person
    assert index_keys(again) == index_keys(person)
    assert all(key.replace("_", "").isalnum() and key.isascii() for key in index_keys(person))


@settings(deadline=None, max_examples=60)
@given(text=st.text(max_size=30))
def test_nothing_typed_is_an_error(kept_people: Store, text: str) -> None:
    for hit in hits(kept_people, text):
        assert hit.name


def test_the_index_after_many_changes_is_the_index_made_anew(people: Store) -> None:
    draw = random.Random(1)
    for _ in range(30):
        with people.engine.write() as connection:
            who = draw.randint(1, len(PEOPLE))
            name = " ".join(draw.choices(["Ana", "Bo", "Ceylan", "Дарья", "Moreno"], k=2))
            connection.run("update customers set name = :n where id = :id", {"n": name, "id": who})
            index_customers(connection, [who])
    lived = _index(people)
    with people.engine.write() as connection:
        assert rebuild(connection) == len(PEOPLE)
    assert lived == _index(people)


def _index(store: Store) -> tuple[object, ...]:
    connection = store.engine.connection()
    return (
        keys_of(store),
        connection.all("select customer_id, text from customer_texts order by 1"),
    )


def test_a_legal_form_is_not_what_a_company_is_called() -> None:
    assert company_words("Northwind Optics Ltd.") == ("northwind", "optics")
    assert company_words("Company AG") == ("company", "ag")
    assert words_of("Ana-María O'Neil") == ("ana", "maria", "oneil")
