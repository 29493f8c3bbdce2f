"""Bytes become responses however they are cut, and nothing grows without limit."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import AuthError, RateLimited, Transient
from connectors.mail.imap_replies import (
    FolderGone,
    decode_name,
    parse_fetch,
    parse_list,
    parse_status,
    quoted,
    refusal,
)
from connectors.mail.imap_stream import LINE_BYTES, Cutter, Deadline, Violation

TALK = (
    b"* OK ready\r\n"
    b'* 3 FETCH (UID 9 RFC822.SIZE 5 INTERNALDATE "02-Nov-2026 10:00:00 +0000" '
    b"BODY[]<0> {5}\r\nhel\r\n FLAGS (\\Seen))\r\n"
    b'* LIST (\\HasNoChildren) "/" {3}\r\na"b\r\n'
    b"* 4 FETCH (UID 10 RFC822.SIZE 0 BODY[] {0}\r\n)\r\n"
    b"+ go ahead\r\n"
    b"\r\n"
    b"TAG1 OK done {5}\r\n"
)
WHOLE = [
    [b"* OK ready\r\n"],
    [
        b'* 3 FETCH (UID 9 RFC822.SIZE 5 INTERNALDATE "02-Nov-2026 10:00:00 +0000" '
        b"BODY[]<0> {5}\r\n",
        b"hel\r\n",
        b" FLAGS (\\Seen))\r\n",
    ],
    [b'* LIST (\\HasNoChildren) "/" {3}\r\n', b'a"b', b"\r\n"],
    [b"* 4 FETCH (UID 10 RFC822.SIZE 0 BODY[] {0}\r\n", b"", b")\r\n"],
    [b"+ go ahead\r\n"],
    [b"TAG1 OK done {5}\r\n"],
]


@given(st.lists(st.integers(1, len(TALK) - 1), max_size=30))
def test_responses_do_not_depend_on_how_bytes_arrive(cuts: list[int]) -> None:
    cutter, found = Cutter(b"TAG"), []
    edges = [0, *sorted(cuts), len(TALK)]
    for start, end in pairwise(edges):
        found += cutter.feed(TALK[start:end])
    assert found == WHOLE
    assert not cutter.inside


@given(st.binary(max_size=300))
def test_any_bytes_give_responses_or_a_violation(data: bytes) -> None:
    cutter = Cutter(b"TAG")
    try:
        responses = cutter.feed(data)
    except Violation:
        return
    for parts in responses:
        assert parts[0].startswith((b"* ", b"+", b"TAG"))


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=3))
def test_any_answer_is_read_or_refused(parts: list[bytes]) -> None:
    try:
        parse_fetch([b"* 1 FETCH (" + parts[0], *parts[1:]])
    except Violation:
        return


@pytest.mark.parametrize(
    "data",
    [
        b"* 1 FETCH (BODY[] {99999999999}\r\n",
        b"* 1 FETCH (X " + b"a" * (LINE_BYTES + 1),
        b"HTTP/1.1 200 OK\r\n",
        b"* 1 FETCH \x00\r\n",
        b"OTHER1 OK done\r\n",
        b"* " + b"X {1}\r\na" * 100,
    ],
)
def test_what_no_server_may_send_is_refused(data: bytes) -> None:
    with pytest.raises(Violation):
        Cutter(b"TAG").feed(data)


def test_a_fetch_is_read_with_all_that_it_says() -> None:
    found = parse_fetch(WHOLE[1])
    assert found is not None
    assert (found.uid, found.size, found.body, found.section) == (9, 5, b"hel\r\n", "[]")
    assert found.received.startswith("02-Nov-2026")


def test_a_body_that_is_longer_than_announced_is_refused() -> None:
    with pytest.raises(Violation, match="more bytes"):
        parse_fetch([b"* 1 FETCH (UID 1 BODY[] {3}\r\n", b"abc", b"yyyy)\r\n"])


def test_folders_are_listed_by_any_name() -> None:
    hostile = parse_list(b'(\\Noselect \\Sent) "/" "a \\"b\\" \\\\c"')
    assert hostile is not None
    assert (hostile.wire, hostile.flags) == (b'a "b" \\c', frozenset({"noselect", "sent"}))
    assert quoted(hostile.wire) == b'"a \\"b\\" \\\\c"'
    literal = parse_list((b'() "/" {3}', b'a"b'))
    assert literal is not None
    assert literal.wire == b'a"b'
    assert parse_list(b'() "/" "INBOX/\x1b[2J"') is None
    climbing = parse_list(b'() NIL "../../x"')
    assert climbing is not None
    assert climbing.name == "../../x"


@pytest.mark.parametrize(
    ("wire", "name"),
    [
        (b"Entw&APw-rfe", "Entwürfe"),
        (b"R&AOk-ponses", "Réponses"),
        (b"A &- B", "A & B"),
        (b"broken&APw", "broken&APw"),
        (b"broken&!!!-", "broken&!!!-"),
        ("schön".encode(), "schön"),
    ],
)
def test_folder_names_are_decoded_or_left_as_they_are(wire: bytes, name: str) -> None:
    assert decode_name(wire) == name


def test_the_state_of_a_folder_is_read() -> None:
    found = parse_status(b'"a b" (MESSAGES 5 UIDNEXT 9 UIDVALIDITY 7 HIGHESTMODSEQ 3)')
    assert found is not None
    name, status = found
    assert name == b"a b"
    assert (status.validity, status.next, status.mod, status.exists) == (7, 9, 3, 5)
    assert parse_status(b"nonsense") is None


@pytest.mark.parametrize(
    ("text", "at_login", "kind"),
    [
        ("[AUTHENTICATIONFAILED] no", True, AuthError),
        ("go away", True, AuthError),
        ("[UNAVAILABLE] later", True, Transient),
        ("[LIMIT] no more", True, RateLimited),
        ("[ALERT] Too many simultaneous connections. (Failure)", True, RateLimited),
        ("[OVERQUOTA] Account exceeded command or bandwidth limits.", False, RateLimited),
        ("User is authenticated but not connected.", False, Transient),
        ("[NONEXISTENT] no such folder", False, FolderGone),
    ],
)
def test_a_refusal_becomes_the_error_that_it_is(
    text: str, at_login: bool, kind: type[Exception]
) -> None:
    assert type(refusal("It failed", text, at_login=at_login)) is kind


def test_a_server_says_how_long_to_wait() -> None:
    error = refusal("No", "Request is throttled. Suggested Backoff Time: 299000 milliseconds")
    assert isinstance(error, RateLimited)
    assert error.after_seconds == 299
    quota = refusal("No", "[OVERQUOTA] too much")
    assert isinstance(quota, RateLimited)
    assert quota.after_seconds >= 900


def test_what_a_server_says_cannot_act_on_a_terminal() -> None:
    assert "\x1b" not in str(refusal("No", "\x1b]52;c;eA==\x07 \x9b2J" + "x" * 5000))


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_sender_by_drops_is_given_up_and_a_slow_line_is_not() -> None:
    clock = _Clock()
    deadline = Deadline(10, clock)
    for _ in range(300):  # 4,000 bytes a second, for five minutes
        clock.now += 1
        deadline.received(4000, inside=True, completed=False)
    with pytest.raises(Violation, match="middle"):  # noqa: PT012 - it may take any of them
        for _ in range(300):
            clock.now += 1
            deadline.received(20, inside=True, completed=False)


def test_silence_in_the_middle_and_without_an_answer_ends() -> None:
    clock = _Clock()
    deadline = Deadline(10, clock)
    deadline.received(5, inside=True, completed=False)
    clock.now += 11
    with pytest.raises(Violation):
        deadline.check(waiting=True)
    asked = Deadline(10, clock)
    clock.now += 11
    asked.check(waiting=False)
    asked.asked()
    clock.now += 11
    with pytest.raises(Transient, match="did not answer"):
        asked.check(waiting=True)
