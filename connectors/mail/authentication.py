"""Whether the receiving server found a sender to be who they say (RFC 8601), as far as it tells."""

from __future__ import annotations

import re

from connectors.mail.headers import Headers

_RESULT = re.compile(r"\b(dmarc|spf|dkim)\s{0,5}=\s{0,5}([a-z]{2,12})", re.IGNORECASE)
_CHARS = 4000


def is_forged(headers: Headers) -> bool:
    """Say whether the newest check of the sender failed.

    The server that received a mail last writes its results above those that came along. Without a
    result nothing is known, and nothing is said.
    """
    if "authentication-results" not in headers.fields:
        return False
    results: dict[str, set[str]] = {}
    for method, result in _RESULT.findall(headers.first("authentication-results")[:_CHARS]):
        results.setdefault(method.lower(), set()).add(result.lower())
    if "dmarc" in results:
        return "fail" in results["dmarc"] and "pass" not in results["dmarc"]
    return "fail" in results.get("spf", ()) and "pass" not in results.get("dkim", ())
