"""A cheat sheet as a page to print: one file of HTML without scripts, pictures or links."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from console import sheet_words as words
from console.cli.told import sheet_sections
from console.text import clean
from console.times import now, stamp
from db.records import CheatSheet

_STYLE = """
@page { size: A4; margin: 16mm }
body { font: 10.5pt/1.45 system-ui, sans-serif; color: #111; max-width: 46em; margin: 2em auto }
h1 { font-size: 20pt; margin: 0 }
h2 { font-size: 11pt; margin: 1.2em 0 .2em; border-bottom: 1px solid #999; break-after: avoid }
ul { margin: .2em 0; padding-left: 1.2em }
li { white-space: pre-wrap; overflow-wrap: anywhere; break-inside: avoid }
p { margin: .2em 0 }
.risk { font-weight: bold }
.strip { font-family: monospace }
footer { margin-top: 2em; color: #555; font-size: 9pt }
"""


def page(sheet: CheatSheet) -> Iterator[str]:
    """Yield the lines of the page; what strangers wrote is escaped."""
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield (
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )
    yield f"<title>{_safe(sheet.name)}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{_safe(sheet.name)}{' (VIP)' if sheet.vip else ''}</h1>"
    place = ", ".join(part for part in (sheet.title, sheet.organization) if part)
    figures = words.company_words(sheet.roll_up) if sheet.roll_up else ""
    if place:
        yield f"<p>{_safe(place)}{f' – {figures}' if figures else ''}</p>"
    yield f"<p>Customer {sheet.customer_id}, {_safe(sheet.stage.replace('_', ' '))}</p>"
    if sheet.risk:
        yield f'<p class="risk">At risk: {_safe(sheet.risk)}</p>'
    for title, lines in sheet_sections(sheet):
        if lines:
            yield f"<h2>{title}</h2><ul>"
            yield from (f"<li>{_safe(shown)}</li>" for shown in lines)
            yield "</ul>"
    yield "<h2>History</h2>"
    if sheet.activity:
        yield f'<p class="strip">{words.strip(sheet.activity)}</p>'
    yield f"<p>{sheet.entries:,} entries in {sheet.cases:,} cases</p>"
    if sheet.success_owner:
        yield f"<p>Looked after by {_safe(sheet.success_owner)}</p>"
    yield f"<footer>Centric, {stamp(now())}</footer></body></html>"


def _safe(text: str) -> str:
    return escape(clean(text))
