"""What can go wrong in the store; every ``str()`` is a sentence fit to show an agent.

::

    StoreError
    ├── Unavailable      the store cannot be opened or written now
    │   ├── NoStore      there is no store at that place
    │   └── WrongSchema  it is not ours, or newer than we are
    ├── NotFound         no such case, customer, entry, queue, agent
    ├── Refused          the command makes no sense here
    │   └── NotAllowed   the agent's role does not allow it
    └── Conflict         something newer stands there: both values are named
"""

from __future__ import annotations


class StoreError(Exception):
    """The store could not do what was asked."""


class Unavailable(StoreError):
    """The store cannot be opened, read or written at the moment."""


class NoStore(Unavailable):
    """There is no store at that place."""


class WrongSchema(Unavailable):
    """The file is not a store, or its schema is newer than this program."""


class NotFound(StoreError):
    """Nothing has that number or name."""


class Refused(StoreError):
    """The command makes no sense in this state, or this role may not give it."""


class NotAllowed(Refused):
    """This agent's role may not give that command."""


class Conflict(StoreError):
    """What a command would overwrite has changed since it was decided on.

    Attributes:
        expected: What the command was decided on.
        found: What stands there now.
    """

    def __init__(self, message: str, expected: object = None, found: object = None) -> None:
        super().__init__(message)
        self.expected = expected
        self.found = found
