"""Which written addresses are the same, and which are ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Address
from db.identity.normalise import (
    Key,
    best_name,
    email_key,
    is_role,
    name_from,
    normalise,
    person_likeness,
    phone_key,
    sound,
)
from db.identity.own import own_addresses, parse_own


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Ada@Acme.Example", "ada@acme.example"),
        (" <ada@acme.example> ", "ada@acme.example"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("a.d.a+news@gmail.com", "a.d.a+news@gmail.com"),
        ('"odd@local"@acme.example', '"odd@local"@acme.example'),
        ("no address", ""),
        ("@acme.example", ""),
        ("ada@", ""),
    ],
)
def test_an_email_address_is_one_key_however_it_is_written(written: str, key: str) -> None:
    assert email_key(written) == key


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("+49 30 / 123-4567", "+49301234567"),
        ("0049 30 1234567", "+49301234567"),
        ("+49 (0)30 1234567", "+49301234567"),
        ("tel:+49301234567", "+49301234567"),
        ("030 1234567", "0301234567"),
        ("12", ""),
        ("+1" * 16, ""),
    ],
)
def test_a_phone_number_is_its_digits_and_no_country_is_guessed(written: str, key: str) -> None:
    assert phone_key(written) == key


def test_a_handle_is_unique_within_its_network() -> None:
    one = normalise(Address("handle", "@Ada", "slack:T1"), "s")
    other = normalise(Address("handle", "ada", "slack:T2"), "s")
    assert one == Key("handle", "slack:T1", "ada")
    assert other is not None
    assert other != one


def test_a_bare_name_means_one_person_in_one_chat_only() -> None:
    here = normalise(Address("name", "Maria  Sol"), "whatsapp:a")
    there = normalise(Address("name", "Maria Sol"), "whatsapp:b")
    assert here == Key("name", "whatsapp:a", "maria sol")
    assert here != there


@given(st.sampled_from(["email", "phone", "handle", "external_id", "name"]), st.text(max_size=700))
def test_a_key_is_its_own_key(kind: str, written: str) -> None:
    key = normalise(Address(kind, written, "net"), "scope")  # type: ignore[arg-type]
    if key is not None:
        again = normalise(Address(kind, key.value, key.network), "scope")  # type: ignore[arg-type]
        assert again is not None
        assert len(key.value) <= 320
        key.value.encode()
        if kind in ("email", "phone", "external_id"):
            assert again == key


@given(st.text())
def test_sound_text_can_be_stored_and_keeps_its_length(text: str) -> None:
    assert len(sound(text)) == len(text)
    sound(text).encode()
    assert sound("a\ud800b") == "a\ufffdb"


def test_a_name_that_looks_like_a_persons_is_shown_before_a_label() -> None:
    names = [("ACME | Support", 9), ("ada@acme.example", 9), ("Ada Byron", 2), ("ada", 5)]
    assert best_name(names) == "Ada Byron"
    assert best_name([("Ada B.", 2), ("Ada Byron", 2)]) == "Ada Byron"
    assert best_name([("", 3)]) == ""
    assert person_likeness("小林さくら") == 3
    assert person_likeness("12345") == 0
    assert name_from(Key("email", "", "ada@acme.example")) == "ada"


def test_function_mailboxes_are_not_persons() -> None:
    assert is_role(Key("email", "", "info@acme.example"))
    assert is_role(Key("email", "", "support+42@acme.example"))
    assert not is_role(Key("email", "", "ada@acme.example"))
    assert not is_role(Key("handle", "", "info"))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Support@US.example", (("email", "support@us.example"),)),
        ("@us.example", (("domain", "us.example"),)),
        ("+49 30 1234567", (("phone", "+49301234567"),)),
        ("Team  Lead", (("handle", "team lead"), ("name", "team lead"))),
        ("@max", (("handle", "max"), ("name", "max"))),
    ],
)
def test_what_a_person_types_becomes_an_own_address(
    text: str, rows: tuple[tuple[str, str], ...]
) -> None:
    assert parse_own(text) == rows


@pytest.mark.parametrize("text", ["", "  ", "@", "+1"])
def test_nonsense_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse_own(text)


def test_a_name_makes_a_chat_party_ours_but_never_a_mail() -> None:
    own = own_addresses(parse_own("Team Lead"))
    assert own.has(Key("handle", "slack:T1", "u17"), "Team Lead")
    assert own.has(Key("name", "chat", "team lead"))
    assert not own.has(Key("email", "", "eve@evil.example"), "Team Lead")


def test_a_domain_covers_its_addresses_alone() -> None:
    own = own_addresses(parse_own("@us.example"))
    assert own.has(Key("email", "", "max@us.example"))
    assert not own.has(Key("email", "", "max@notus.example"))
    assert not own.has(Key("email", "", "max@us.example.evil.example"))
