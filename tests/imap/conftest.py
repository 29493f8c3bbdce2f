"""Real mail servers for the tests, and users that no other test has."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest

from tests.servers.dovecot import Dovecot, find_dovecot, running

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Return a Dovecot of this session; it knows every user."""
    if not find_dovecot():
        reason = "Dovecot is not installed: run `make servers`"
        if os.environ.get("CENTRIC_REQUIRE_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with running() as server:
        yield server


@pytest.fixture
def user() -> str:
    """Return a user whose mailbox is empty."""
    return f"u{os.getpid()}x{next(_NUMBERS)}"
