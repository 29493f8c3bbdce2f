"""Pulling a mailbox: each message once, whatever the server and the line do in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from connectors.contract import (
    AuthError,
    ConnectorError,
    Context,
    Entry,
    Item,
    Quarantined,
    RateLimited,
    State,
    Transient,
)
from connectors.mail import limits
from connectors.mail.imap_cursor import Cursor
from connectors.mail.imap_folders import choose_folders, is_sent
from connectors.mail.imap_replies import Fetched, Folder, parse_fetch
from connectors.mail.imap_source import connector
from tests.servers.dovecot import PASSWORD
from tests.servers.faulty_imap import VALIDITY, Plan, faulty, message

if TYPE_CHECKING:
    from tests.servers.dovecot import Dovecot


class Reader:
    """Pulls again and again from where it was left, as the runner does."""

    def __init__(self, port: int, user: str = "ada", **settings: str) -> None:
        self.settings = {
            "host": "127.0.0.1", "port": str(port), "tls": "none", "user": user,
            "account": "support", "patience_seconds": "1", **settings,
        }  # fmt: skip
        self.cursor = ""
        self.items: list[Entry | Quarantined] = []
        self.committed: list[Entry | Quarantined] = []

    def pull(self, stop_after: int = 1_000_000) -> list[Entry | Quarantined]:
        """Return what came; after so many items the reader is killed between two of them."""
        came: list[Entry | Quarantined] = []
        pending: list[Entry | Quarantined] = []
        try:
            for item in self._items():
                if isinstance(item, State):
                    self.cursor = item.cursor
                    self.committed += pending
                    pending = []
                elif isinstance(item, Entry | Quarantined):
                    came.append(item)
                    pending.append(item)
                if len(came) >= stop_after:
                    break
        finally:
            self.items += came
        return came

    def _items(self) -> Iterator[Item]:
        return connector.pull(Context(settings=self.settings, cursor=self.cursor, secret=PASSWORD))


def entries(items: list[Entry | Quarantined]) -> list[Entry]:
    return [item for item in items if isinstance(item, Entry)]


def places(items: list[Entry | Quarantined]) -> list[tuple[str, int]]:
    return [(item.place.folder, item.place.uid) for item in items if item.place is not None]


def test_every_folder_is_read_newest_first_and_nothing_twice(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, [message(number) for number in range(1, 501)])
    dovecot.deliver(user, [message(number) for number in range(501, 511)], "Sent")
    dovecot.deliver(user, [message(600)], "Trash")
    reader = Reader(dovecot.plain_port, user)
    came = reader.pull()
    assert len(came) == len(set(places(came))) == 510
    assert min(uid for _folder, uid in places(came[:300])) > 200
    assert [folder for folder, _uid in places(came[300:310])] == ["Sent"] * 10
    assert {entry.original for entry in entries(came)} == {message(one) for one in range(1, 511)}
    assert reader.pull() == []
    dovecot.deliver(user, [message(700)])
    assert [entry.subject for entry in entries(reader.pull())] == ["Letter 700"]


def test_a_pull_that_is_killed_anywhere_goes_on_where_it_was(dovecot: Dovecot, user: str) -> None:
    letters = [message(number) for number in range(1, 401)]
    dovecot.deliver(user, letters)
    reader = Reader(dovecot.plain_port, user)
    for stop_after in (1, 7, 19, 90, 150, 1_000):
        reader.pull(stop_after)
    assert len({entry.external_id for entry in entries(reader.committed)}) == 400
    # What was read and not committed came again; nothing that was committed did.
    assert len(places(reader.committed)) == len(set(places(reader.committed)))


def test_a_mailbox_that_was_numbered_anew_brings_the_same_letters(
    dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, [message(number) for number in range(1, 31)])
    reader = Reader(dovecot.plain_port, user)
    before = {entry.external_id for entry in entries(reader.pull())}
    dovecot.renumber(user)
    again = entries(reader.pull())
    assert {entry.external_id for entry in again} == before
    assert reader.pull() == []


def test_a_letter_that_was_moved_is_the_same_letter(dovecot: Dovecot, user: str) -> None:
    files = dovecot.deliver(user, [message(1), message(2)])
    dovecot.deliver(user, [message(3)], "Archive")
    reader = Reader(dovecot.plain_port, user)
    before = {entry.external_id for entry in entries(reader.pull())}
    files[0].rename(dovecot.maildir(user, "Archive") / "new" / files[0].name)
    moved = reader.pull()
    assert [place[0] for place in places(moved)] == ["Archive"]
    assert {entry.external_id for entry in entries(moved)} < before


def test_a_pull_without_news_asks_for_no_message() -> None:
    letters = {uid: message(uid) for uid in range(1, 6)}
    with faulty(Plan(messages=letters)) as server:
        reader = Reader(server.port)
        assert len(reader.pull()) == 5
        server.commands.clear()
        assert reader.pull() == []
        words = [command.split(" ")[0] for command in server.commands]
        assert words == ["CAPABILITY", "LOGIN", "CAPABILITY", "LIST", "LOGOUT"]
        assert not server.asked("FETCH") + server.asked("EXAMINE")


def test_a_large_letter_comes_in_pieces_and_whole(dovecot: Dovecot, user: str) -> None:
    large = message(1, 3_000_000)
    dovecot.deliver(user, [large, message(2)])
    came = entries(Reader(dovecot.plain_port, user).pull())
    assert sorted(len(entry.original) for entry in came) == [len(message(2)), len(large)]
    assert max(came, key=lambda entry: len(entry.original)).original == large


def test_a_letter_over_the_limit_is_a_stub_with_its_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MESSAGE_BYTES", 500_000)
    letters = {1: message(1), 2: message(2, 600_000)}
    with faulty(Plan(messages=letters)) as server:
        small, stub = Reader(server.port).pull()
        assert isinstance(stub, Quarantined)
        assert "limit" in stub.reason
        assert stub.raw == letters[2][: limits.QUARANTINE_BYTES]
        assert isinstance(small, Entry)


@pytest.mark.parametrize("mode", ["drop", "stall", "toosmall", "nonsense", "bye", "hugeliteral"])
def test_one_letter_that_breaks_the_line_does_not_hold_up_the_rest(mode: str) -> None:
    letters = {uid: message(uid) for uid in range(1, 6)}
    plan = Plan(mode, letters, troubled=frozenset({3}))
    with faulty(plan) as server:
        reader = Reader(server.port, patience_seconds="0.3")
        came = reader.pull()
        assert {uid for _folder, uid in places(came)} == {1, 2, 3, 4, 5}
        (stub,) = [item for item in came if isinstance(item, Quarantined)]
        assert stub.place is not None
        assert (stub.place.uid, stub.place.validity) == (3, VALIDITY)
        assert "does not send it" in stub.reason
        assert reader.pull() == []


@pytest.mark.parametrize("mode", ["drop", "short", "nil", "stall"])
def test_a_passing_fault_leaves_every_letter_whole(mode: str) -> None:
    letters = {uid: message(uid) for uid in range(1, 6)}
    with faulty(Plan(mode, dict(letters), times=1)) as server:
        reader = Reader(server.port, patience_seconds="0.3")
        reader.pull()
        reader.pull()
        assert sorted(entry.original for entry in entries(reader.items)) == sorted(letters.values())
        assert not any(entry.defects for entry in entries(reader.items))


def test_a_size_that_is_not_kept_is_noted_with_the_letter() -> None:
    with faulty(Plan(messages={1: message(1)}, sizes={1: 700})) as server:
        (entry,) = entries(Reader(server.port).pull())
        assert entry.original == message(1)
        assert any("700 bytes" in defect for defect in entry.defects)


def test_a_letter_the_server_never_gives_is_asked_for_three_times() -> None:
    with faulty(Plan("nil", {1: message(1), 2: message(2)}, frozenset({2}))) as server:
        reader = Reader(server.port)
        for _ in range(4):
            reader.pull()
        assert [type(item) for item in reader.items] == [Entry, Quarantined]
        server.commands.clear()
        assert reader.pull() == []
        assert not server.asked("FETCH")


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("authfail", AuthError), ("overquota", RateLimited), ("limit", RateLimited),
     ("throttled", RateLimited), ("unavailable", Transient), ("silent", Transient)],
)  # fmt: skip
def test_what_the_server_refuses_ends_the_pull_after_one_try(
    mode: str, kind: type[ConnectorError]
) -> None:
    with faulty(Plan(mode, {1: message(1)})) as server:
        with pytest.raises(kind):
            Reader(server.port, patience_seconds="0.3").pull()
        assert server.connections == 1


def test_gmail_is_read_once_with_its_names_and_labels() -> None:
    answer = parse_fetch(
        [
            b"* 4 FETCH (X-GM-MSGID 12 X-GM-THRID 1712345678901234567 X-GM-LABELS "
            b'(\\Inbox "Big \\"deal\\"" Kunden/S&APw-d) UID 9 RFC822.SIZE 2 BODY[]<0> {2}\r\n',
            b"ab",
            b")\r\n",
        ]
    )
    assert answer == Fetched(
        9, 2, "", "[]", 0, b"ab", "1712345678901234567", '\\Inbox\nBig "deal"\nKunden/Süd'
    )
    listed = [
        Folder(b"INBOX", "INBOX", frozenset()),
        Folder(b"[Gmail]", "[Gmail]", frozenset({"noselect"})),
        Folder(b"[Gmail]/All Mail", "[Gmail]/All Mail", frozenset({"all"})),
        Folder(b"[Gmail]/Spam", "[Gmail]/Spam", frozenset({"junk"})),
        Folder(b"Work", "Work", frozenset()),
    ]
    assert [one.name for one in choose_folders(listed, gmail=True)] == ["[Gmail]/All Mail"]


def test_folders_are_chosen_by_use_or_by_pattern() -> None:
    names = ("Archive/2024", "Deleted Items", "INBOX", "Gesendet", "Entwürfe", "Kunden", "Spam")
    listed = [Folder(name.encode(), name, frozenset()) for name in names]
    chosen = [one.name for one in choose_folders(listed)]
    assert chosen == ["INBOX", "Gesendet", "Archive/2024", "Kunden"]
    assert [one.name for one in choose_folders(listed, ["inbox", "archive/*"])] == [
        "INBOX", "Archive/2024",
    ]  # fmt: skip
    assert "Kunden" not in [one.name for one in choose_folders(listed, ["!kun*"])]
    assert [one.name for one in listed if is_sent(one)] == ["Gesendet"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"folders": {"INBOX": [1]}}', '{"day": 7}'])
def test_a_cursor_that_cannot_be_read_is_as_none(text: str) -> None:
    assert Cursor(text).folders == {}


def test_a_cursor_is_written_as_it_is_read() -> None:
    cursor = Cursor()
    read = cursor.of(Folder(b"Entw&APw-rfe", "Entwürfe", frozenset()))
    read.validity, read.next, read.exists = 7, 12, 4
    read.read.add(1, 11)
    read.owed[5] = 2
    cursor.count(3, 400)
    assert str(Cursor(str(cursor))) == str(cursor)
