"""The search indexes of SQLite: content-less, walked newest first by row id.

An entry's id carries its day in the high bits, so row-id order is day order. The index holds no
copy of the text; on SQLite 3.40 a delete needs the exact old values, so `db.search` alone writes
it.
"""

from __future__ import annotations

SEARCH_TABLES = """
create virtual table search using fts5(
  subject, body, who, scope,
  content='', tokenize='unicode61 remove_diacritics 2'
);
create virtual table customer_keys using fts5(
  keys,
  content='', columnsize=0, detail=none, tokenize="ascii tokenchars '_'"
);
"""
