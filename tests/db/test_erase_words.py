"""A person's names, addresses and numbers are found as people write them, and nobody else's."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.erase.words import MASK, Mask, Named, Sieve
from db.schema.catalogue import tables

ADA = Named(
    emails=("ada.byron@lace.example",),
    phones=("+493012345678",),
    handles=("ada_of_lace",),
    names=("Ada Byron", "Zoë Müller-Lüdenscheidt"),
)


@pytest.mark.parametrize(
    "text",
    [
        "Ada Byron",
        "ADA  BYRON",
        "Byron, Ada",
        "ada.byron",
        "ada_byron",
        "Ada\nByron",
        "Ada Byron's invoice",
        "Ada Byrons Rechnung",
        "https://x.example/?q=Ada%20Byron",
        "ada.byron@lace.example",
        "<Ada.Byron@Lace.Example>",
        "ada.byron+shop@lace.example",
        "ada.byron%40lace.example",
        "+49 30 12345678",
        "0049 (0)30 123 456-78",
        "030/12345678",
        "+493012345678",
        "@ada_of_lace",
        "Zoe Muller Ludenscheidt",
        "ZOË MÜLLER-LÜDENSCHEIDT",
        "Zoe Mueller-Luedenscheidt",
        "Zoe\u0308 Mu\u0308ller-Lu\u0308denscheidt",
    ],
)
def test_what_names_the_person_is_masked_whole(text: str) -> None:
    masked = Mask.certain(ADA).text(f"Well, {text} it was")
    assert MASK in masked
    assert not any(word in masked.casefold() for word in ("byron", "1234", "lace", "denscheidt"))
    assert masked.startswith("Well, ")
    assert masked.endswith(" it was")


@pytest.mark.parametrize(
    "text",
    [
        "Ada rang",
        "Byron wrote poems",
        "Canada Byronic",
        "x.ada.byron2@lace.example",
        "grada.byron@lace.example",
        "order 4930123456789",
        "030 12345679",
        "ada_of_laces2",
    ],
)
def test_what_may_be_somebody_else_is_left_in_strangers_texts(text: str) -> None:
    assert Mask.certain(ADA).text(text) == text


def test_in_their_own_conversations_single_words_of_a_name_are_masked() -> None:
    masked = Mask.every(ADA).text("Hi Ada, the box of BYRON's Canada is here")
    assert masked == f"Hi {MASK}, the box of {MASK} Canada is here"


def test_words_can_be_added_and_taken_out() -> None:
    named = Named(names=("Will Stone",), also=("Billy",), without=frozenset({"will"}))
    masked = Mask.every(named).text("Will you ask Billy? Will Stone does. Stone by stone.")
    assert masked == f"Will you ask {MASK}? {MASK} does. {MASK} by {MASK}."


def test_names_without_spaces_are_found_between_their_neighbours() -> None:
    named = Named(names=("王小明",), also=("山田太郎",))
    assert Mask.every(named).text("昨日王小明様から、山田太郎さんへ") == (
        f"昨日{MASK}様から、{MASK}さんへ"
    )


def test_nobody_is_named_by_nothing() -> None:
    assert not Mask.every(Named()).names("Anyone at all")
    assert Mask.every(Named(names=("", " ", "x"), phones=("+49",))).text("x 49") == "x 49"


@given(
    st.lists(
        st.sampled_from(["Ada Byron", "ada", " ", "x", "> quoted\n", "0301234567"]), max_size=30
    ),
    st.lists(st.tuples(st.integers(0, 120), st.integers(1, 60)), max_size=5),
)
def test_folds_stay_around_the_same_words(parts: list[str], cuts: list[tuple[int, int]]) -> None:
    text, end, folds = "".join(parts), 0, []
    for start, length in sorted(cuts):
        start, stop = max(start, end), min(len(text), start + length)
        if start < stop:
            folds.append((start, stop, "quote"))
            end = stop
    mask = Mask.every(ADA)
    masked, kept = mask.folded(text, folds)
    assert masked == mask.text(text)
    assert all(0 <= a < b <= len(masked) for a, b, _ in kept)
    assert [a for a, _, _ in kept] == sorted(a for a, _, _ in kept)
    assert all(one[1] <= other[0] for one, other in pairwise(kept))
    if text == masked:
        assert list(kept) == folds


PIECES = st.sampled_from(
    ["Ada", "BYRON", "byron", "Müller", "Mu\u0308ller", "Lüdenscheidt", "muller", "ue", "49", "030",
     "(0)", "+49", "12345678", "30 123-45 678", "@", "lace.example", "ada.byron", "+x", "_", " ",
     "ada_of_lace", "%20", ", ", "-", "\n", "Augusta"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12))
def test_what_the_sieve_holds_back_names_nobody(parts: list[str]) -> None:
    text = "".join(parts)
    if Mask.every(ADA).names(text):
        assert Sieve(ADA).passes(text)


# Texts stand in any column of text: these are swept by the schema. Bytes are not: what keeps some
# must say here how an erase reaches it.
BYTES = {
    "entry_texts.data": "masked with its entry",
    "entry_revisions.data": "masked or removed with its entry",
    "raws.data": "removed with the original or the file",
    "raws.sha256": "a digest",
    "origins.original": "a digest",
    "quarantine.original": "a digest",
    "received.original": "a digest, forgotten with the original",
    "received.salt": "random",
    "received.sealed": "a digest",
    "received.digest": "a digest",
    "journal.salt": "random, removed with the payload",
    "journal.digest": "a digest",
    "journal.hash": "a digest",
    "erased_marks.digest": "a salted digest",
}


def test_every_column_of_bytes_is_known_to_the_erase() -> None:
    found = {
        f"{table.name}.{column}"
        for table in tables().values()
        for column, kind in table.columns.items()
        if kind == "blob"
    }
    assert found == set(BYTES), "say how an erase reaches the new column"
