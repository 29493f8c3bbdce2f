"""Stores on real files, and cases without an import, for tests of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from db import ids
from db.agents import agent_for
from db.records import AgentRow
from db.schema.migrate import prepare
from db.store import Store
from tests.engines import ENGINES, Databases, Files, Places
from tests.servers.postgres import postgres_server as postgres_server

START = 1_760_000_000_000  # a Thursday in October 2025; UTC milliseconds
AddCase = Callable[..., int]

_IDENTITY = """
insert into identities(id, kind, value, raw, name, customer_id)
values(:id, 'email', :value, :value, :name, :customer)
"""
_CUSTOMER = """
insert into customers(id, canonical_id, name, created_at) values(:id, :id, :name, :at)
"""
_CASE = """
insert into cases(id, requester_id, subject, subject_key, channel, status, owner_id,
  waiting_since, unresolved, opened_at, updated_at)
values(:id, :requester, :subject, :subject, 'email', :status, :owner, :at, :unresolved, :at, :at)
"""
_COUNTS = """
update customers set cases = cases + 1, open_cases = open_cases + :unresolved where id = :id
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that has a store on each engine, or on those that it is marked with."""
    if "engine_name" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("engine")
        metafunc.parametrize("engine_name", marker.args if marker else ENGINES, scope="session")


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty SQLite store: copied, it saves each test the migrations (50 ms)."""
    path = tmp_path_factory.mktemp("empty") / "centric.db"
    prepare(path)
    return path


@pytest.fixture(scope="session")
def kept_places(
    engine_name: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Places]:
    """Return where stores are made that outlive a test."""
    made: Places
    if engine_name == "sqlite":
        made = Files(tmp_path_factory.mktemp("stores"))
    else:
        made = Databases(request.getfixturevalue("postgres_server"))
    yield made
    made.close()


@pytest.fixture
def places(kept_places: Places) -> Iterator[Places]:
    """Return where stores are made; at the end of the test they go."""
    yield kept_places
    kept_places.close()


@pytest.fixture
def make_store(places: Places) -> Callable[[], Store]:
    """Return a function that makes an empty store."""
    return places.empty


@pytest.fixture
def store(places: Places) -> Store:
    """Return an empty store of the test's own."""
    return places.empty()


def insert_case(
    store: Store,
    *,
    customer: str = "Ada Byron",
    subject: str = "Invoice 17 is wrong",
    status: str = "new",
    owner_id: int | None = None,
    customer_id: int = 0,
    at: int = START,
) -> int:
    """Insert a case with its customer and identity, as ingest leaves them; return its number.

    Args:
        customer_id: An existing customer, asking through a further address; 0 for a new one.
    """
    with store.engine.write() as connection:
        identity = ids.take(connection, "identities")
        case_id = ids.take(connection, "cases")
        if not customer_id:
            customer_id = ids.take(connection, "customers")
            connection.run(_CUSTOMER, {"id": customer_id, "name": customer, "at": at})
        value = f"person{identity}@customers.example"
        connection.run(
            _IDENTITY,
            {"id": identity, "value": value, "name": customer, "customer": customer_id},
        )
        unresolved = int(status not in ("resolved", "closed"))
        connection.run(
            _CASE,
            {
                "id": case_id,
                "requester": identity,
                "subject": subject,
                "status": status,
                "owner": owner_id,
                "at": at,
                "unresolved": unresolved,
            },
        )
        connection.run(_COUNTS, {"id": customer_id, "unresolved": unresolved})
    return case_id


@pytest.fixture(scope="session")
def put_case() -> AddCase:
    """Return `insert_case`, for stores that a test opens itself."""
    return insert_case


@pytest.fixture
def add_case(store: Store) -> AddCase:
    """Return a function that adds a case to ``store``; see `insert_case`."""
    minutes = count()

    def add(**fields: object) -> int:
        fields.setdefault("at", START + next(minutes) * 60_000)
        return insert_case(store, **fields)  # type: ignore[arg-type]  # each field as named there

    return add


@pytest.fixture
def ana(store: Store) -> AgentRow:
    """Return the lead of ``store``."""
    return agent_for(store.engine, "ana", "Ana Lima")


@pytest.fixture
def ben(store: Store, ana: AgentRow) -> AgentRow:
    """Return an agent of ``store``."""
    return agent_for(store.engine, "ben", "Ben Okri")
