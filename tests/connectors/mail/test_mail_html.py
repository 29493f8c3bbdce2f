from __future__ import annotations

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.mail.html import html_to_text


def text_of(html: str) -> str:
    return html_to_text(html)[0]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<div>One</div><div>Two</div><div><br></div><div>Three</div>", "One\nTwo\n\nThree"),
        ("<p class=MsoNormal>a<p class=MsoNormal>&nbsp;<p class=MsoNormal>b", "a\n\nb"),
        ("a<b>b</b>c  <i> d</i>", "abc d"),
        ("<ul><li>one<ul><li>deep</ul><li>two</ul>", "- one\n  - deep\n- two"),
        ("<ol><li>one<li>two</ol>", "1. one\n2. two"),
        (
            "<table><tr><th>Item<th>Price<tr><td>Pump<td>12&nbsp;EUR</table>",
            "Item | Price\nPump | 12 EUR",
        ),
        ("<table><tr><td><p>a<p>b<td>c</table>", "a\n\nb\n\nc"),
        ("<pre>  keep\n   this</pre>", "  keep\n   this"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2 &amp;lt;", "1 < 2 && 3 > 2 &lt;"),
        (
            '<a href="https://x.example/a?b=1&amp;c=2">here</a>',
            "here <https://x.example/a?b=1&c=2>",
        ),
        ('<a href="https://x.example/">x.example</a>', "x.example"),
        ('<a href="mailto:a@x.example">a@x.example</a>', "a@x.example"),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ('<a href="data:text/html,x">click</a>', "click"),
        ('<p title="a>b">z', "z"),
        ("a<!-- <p>no</p> -->b", "ab"),
        ('<img src="cid:logo@1">', "[image: logo]"),
        ('<img src="https://x.example/i/pump.jpg?x=1">', "[image: pump.jpg]"),
        ('<img alt="A > B" src=x>', "[image: A > B]"),
        ('<img src="https://x.example/t.gif" width=1 height=1>', ""),
        ('<img src="data:image/png;base64,AAAA">', ""),
        ("<script>alert(1)</script><style>p{}</style><title>t</title>x", "x"),
        ('<div style="display: none">no<div>no</div>no</div>yes', "yes"),
        ('<span style="font-size:0px">no <span>no</span> no</span>yes', "yes"),
        ('<span style="font-size:0.9em">yes</span>', "yes"),
        ("<p hidden>no</p>yes", "yes"),
        ('<p data-hidden-note="x">yes</p>', "yes"),
        ("<hr>", "-" * 20),
        ("<frameset><frame src=x></frameset>", ""),
        ("", ""),
    ],
)
def test_markup_becomes_text(html, text):
    assert text_of(html) == text


def test_quotes_and_signatures_that_the_markup_names_are_folds():
    html = (
        "<div>new</div><div class=gmail_quote><div class=gmail_attr>On Sat Ann wrote:</div>"
        "<blockquote type=cite>old<blockquote>older</blockquote></blockquote></div>"
        "<div>answer</div><div class=gmail_signature>Ann<br>Mill</div>"
    )
    text, folds, _ = html_to_text(html)
    assert [(fold.kind, text[fold.start : fold.end]) for fold in folds] == [
        ("quote", "On Sat Ann wrote:\n\n> old\n>\n> > older"),
        ("signature", "Ann\nMill"),
    ]
    assert "\nanswer\n" in text


def test_a_blockquote_that_only_indents_is_not_a_quote():
    html = '<blockquote style="margin:0 0 0 40px;border:none;padding:0px">mine</blockquote>'
    assert html_to_text(html)[:2] == ("mine", ())


def test_html_that_is_nested_too_deeply_is_read_without_layout():
    text, _, defect = html_to_text("<div>" * 5000 + "core")
    assert text == "core"
    assert "nested too deeply" in defect


def test_nothing_is_loaded_from_the_network(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    html = (
        '<link rel=stylesheet href="https://x.example/a.css"><img src="https://x.example/a.png">'
        '<iframe src="https://x.example/"></iframe><form action="https://x.example/">text</form>'
    )
    assert text_of(html) == "[image: a.png]\ntext"


TAGS = (
    *("div", "p", "b", "a", "ul", "ol", "li", "table", "tr", "td", "pre", "blockquote", "span"),
    *("br", "img", "script", "title", "select", "svg"),
)
PIECES = st.sampled_from(
    [f"<{tag}>" for tag in TAGS]
    + [f"</{tag}>" for tag in TAGS]
    + ["x", " ", "\n", "\xa0", "&amp;", "<", ">", '"', "<!--", "-->", "<a href='http://x'>"]
    + ["<div style='display:none'>", "<div class=gmail_signature>", "<p hidden>"]
)


@settings(deadline=None)
@given(st.lists(PIECES | st.text(max_size=5), max_size=40))
def test_any_markup_gives_text_and_folds_in_range(pieces):
    text, folds, _ = html_to_text("".join(pieces))
    position = 0
    for fold in folds:
        assert position <= fold.start < fold.end <= len(text)
        position = fold.end
