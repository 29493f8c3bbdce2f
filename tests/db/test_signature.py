"""What a signature says of its writer, and what is none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from db.identity.domains import is_disposable, is_free
from db.identity.facts import mailbox
from db.identity.signature import card_facts, facts_in, signature_of

SIGNED = """The lamp is dark again.

Kind regards
Ada Moreno
Head of Purchasing | Moreno Lamps GmbH
Phone: +49 30 901820
Fax: +49 30 901821
www.moreno-lamps.example
"""


def facts(text: str, domain: str = "") -> set[tuple[str, str]]:
    return {(fact.kind, fact.value) for fact in facts_in(signature_of(text, ()), domain)}


def test_number_company_and_title_are_read_and_the_fax_is_not() -> None:
    assert facts(SIGNED) == {
        ("phone", "+4930901820"),
        ("company", "moreno lamps"),
        ("title", "head of purchasing"),
    }


def test_a_marked_signature_is_read_wherever_it_stands() -> None:
    text = "Hello\n-- \nAda Moreno, +44 20 7946 0958\nlater words"
    start = text.index("-- ")
    folds = ((start, text.index("later"), "signature"),)
    assert [fact.raw for fact in facts_in(signature_of(text, folds))] == ["+44 20 7946 0958"]


def test_the_country_of_the_address_reads_national_numbers() -> None:
    text = "Bye\nBest regards\nTel. 030 901820"
    assert facts(text, "lamps.de") == {("phone", "+4930901820")}
    assert facts(text, "lamps.com") == set()


def test_what_is_quoted_belongs_to_someone_else() -> None:
    text = "Yes.\n> Best regards\n> Bo, +44 20 7946 0958"
    assert signature_of(text, ((5, len(text), "quote"),)) == ""


def test_numbers_in_sentences_are_not_the_writers() -> None:
    assert facts("Please call my wife on +44 20 7946 0958 about order 1234567.") == set()


@given(st.text(max_size=3000))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    facts_in(signature_of(f"{text}\nRegards\n{text}", ()), "lamps.de")


def test_who_gives_addresses_to_anyone_names_no_organization() -> None:
    assert is_free("gmail.com")
    assert is_free("mailinator.com")
    assert is_disposable("mailinator.com")
    assert not is_free("moreno-lamps.example")


def test_plus_tags_and_dots_at_gmail_are_one_mailbox() -> None:
    assert mailbox("ada.moreno+news@googlemail.com") == "adamoreno@gmail.com"
    assert mailbox("ada.moreno+news@x.example") == "ada.moreno@x.example"


def test_the_writers_own_contact_card_is_read_and_another_one_is_not() -> None:
    text = (
        "Here I am.\n"
        "[contact: Ada Moreno, Head of Sales, Moreno Lamps GmbH, Ada@lamps.de, 030 901820]\n"
        "[contact: Bo Ek, Ek Ltd, bo@ek.example, +44 20 7946 0958]"
    )
    assert {(fact.kind, fact.value) for fact in card_facts(text, "ada@lamps.de")} == {
        ("title", "head of sales"),
        ("company", "moreno lamps"),
        ("phone", "+4930901820"),
    }
