"""The search indexes of PostgreSQL; what is in them is made by `db.engine.postgres_search`.

``fastupdate`` is off: a list of pending entries would be read whole by every search.
"""

from __future__ import annotations

SEARCH_TABLES = """
create table schema_version(
  version bigint not null
);
create table search_rows(
  id bigint primary key,
  words tsvector not null
);
create index search_rows_words on search_rows using gin(words) with (fastupdate = off);
create function search(match tsquery) returns table(rowid bigint) language sql stable as
  'select s.id from search_rows s where s.words @@ match';
create table customer_keys(
  customer_id bigint primary key,
  keys tsvector not null
);
create index customer_keys_keys on customer_keys using gin(keys) with (fastupdate = off);
"""
