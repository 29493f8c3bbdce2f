"""Links are found in strangers' text without what encloses them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.links import links_in


def test_links_lose_what_encloses_them_and_are_named_once() -> None:
    text = "See <https://a.example/x?y=1>, (http://b.example). Again https://a.example/x?y=1!"
    assert links_in(text) == ["https://a.example/x?y=1", "http://b.example"]


def test_other_schemes_are_not_links() -> None:
    assert links_in("javascript:alert(1) file:///etc/passwd ftp://x.example") == []


@given(st.text(max_size=400))
def test_any_text_gives_printable_links(text: str) -> None:
    for link in links_in(text):
        assert link.isprintable()
        assert link.lower().startswith(("http://", "https://", "mailto:"))
