"""The URL of a PostgreSQL store, without its secrets."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

SCHEMES = ("postgresql", "postgres")
_SECRET = frozenset({"password", "sslpassword", "passfile"})


def is_postgres(url: str) -> bool:
    """Say whether a store is named that PostgreSQL keeps."""
    return url.partition("://")[0] in SCHEMES and "://" in url


def redacted(url: str) -> str:
    """Return a URL as it may be shown and logged: without password, user and host kept."""
    scheme, rest, path, query, _ = urlsplit(url)
    who, sign, host = rest.rpartition("@")
    user = who.partition(":")[0]
    options = [(name, value) for name, value in parse_qsl(query) if name.lower() not in _SECRET]
    shown = f"{user}{sign}{host}" if user else host
    return urlunsplit((scheme, shown, path, urlencode(options, quote_via=quote), ""))
