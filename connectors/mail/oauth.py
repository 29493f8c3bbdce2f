"""Tokens instead of passwords: how Google and Microsoft give them, renew them and refuse them.

Microsoft shows a code that is typed on any device (RFC 8628). Google does not give mail that way: a
browser on this machine is sent to a port that listens here for the answer (RFC 8252), with a proof
that only who asked can use it (RFC 7636).
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address

from connectors.contract import AuthError, ConnectorError, Transient
from connectors.mail.imap_replies import one_line

REQUEST_SECONDS = 20.0
ANSWER_BYTES = 256 * 1024
BROWSER_SECONDS = 300.0
# RFC 8628 3.5: what to add to the interval when the server says “slow down”.
SLOWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider gives tokens.

    Attributes:
        device_url: Empty where there is no code to be typed.
        browser_url: Empty where no browser is needed.
        scope: What is asked for: reading and sending mail.
    """

    name: str
    token_url: str
    scope: str
    device_url: str = ""
    browser_url: str = ""


def provider(name: str, tenant: str = "") -> Provider:
    """Return a provider by the name of the configuration: ``google`` or ``microsoft``."""
    if name == "google":
        return Provider(
            "Google",
            token_url="https://oauth2.googleapis.com/token",  # an address, not a secret
            scope="https://mail.google.com/",
            browser_url="https://accounts.google.com/o/oauth2/v2/auth",
        )
    base = f"https://login.microsoftonline.com/{urllib.parse.quote(tenant or 'organizations')}"
    return Provider(
        "Microsoft",
        token_url=f"{base}/oauth2/v2.0/token",
        scope=(
            "https://outlook.office.com/IMAP.AccessAsUser.All "
            "https://outlook.office.com/SMTP.Send offline_access"
        ),
        device_url=f"{base}/oauth2/v2.0/devicecode",
    )


@dataclass(frozen=True, slots=True)
class Client:
    """The program as the provider knows it: registered by the team that uses it."""

    client_id: str
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a provider gave.

    Attributes:
        access: For the next hour or so.
        refresh: For a new one; empty where none was given.
        expires_at: Seconds since the epoch.
    """

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires_at: float = 0.0


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a person types where.

    Attributes:
        user_code: To be typed.
        url: Where.
        code: What we ask with meanwhile.
        interval: Seconds between two questions.
        expires_at: When it is too late; monotonic seconds.
    """

    user_code: str
    url: str
    code: str = field(repr=False)
    interval: float = 5.0
    expires_at: float = 0.0


def refresh(where: Provider, client: Client, token: str) -> Grant:
    """Return a new grant for an old one.

    Raises:
        AuthError: It was taken back: somebody must log in again.
        Transient: The provider cannot be reached.
    """
    answer = _post(where.token_url, client, {"grant_type": "refresh_token", "refresh_token": token})
    if "access_token" not in answer:
        raise _refused(where, answer)
    grant = _grant(answer)
    return grant if grant.refresh else Grant(grant.access, token, grant.expires_at)


def begin_device(where: Provider, client: Client) -> DeviceCode:
    """Ask for a code that a person types into a browser.

    Raises:
        AuthError: The provider does not know the program, or refuses.
    """
    answer = _post(where.device_url, client, {"scope": where.scope})
    url = str(answer.get("verification_uri") or answer.get("verification_url") or "")
    if not answer.get("device_code") or not url:
        raise _refused(where, answer)
    return DeviceCode(
        one_line(str(answer.get("user_code", ""))),
        one_line(url),
        str(answer["device_code"]),
        max(1.0, _number(answer.get("interval"), 5.0)),
        time.monotonic() + _number(answer.get("expires_in"), 900.0),
    )


def finish_device(
    where: Provider,
    client: Client,
    device: DeviceCode,
    wait: Callable[[float], None] = time.sleep,
) -> Grant:
    """Wait until the code was typed, and return what was given.

    Raises:
        AuthError: It was refused, or nobody typed it in time.
    """
    interval = device.interval
    while time.monotonic() < device.expires_at:
        wait(interval)
        answer = _post(
            where.token_url,
            client,
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
                "device_code": device.code,
            },
        )
        if "access_token" in answer:
            return _grant(answer)
        problem = answer.get("error")
        if problem == "slow_down":
            interval += SLOWER_SECONDS
        elif problem != "authorization_pending":
            raise _refused(where, answer)
    raise AuthError(f"The code of {where.name} was not typed in time. Try again.")


def log_in_by_browser(
    where: Provider, client: Client, address: str, show: Callable[[str], None]
) -> Grant:
    """Send a browser to the provider, and return what was given.

    Args:
        where: The provider.
        client: As it knows us.
        address: Whose mailbox.
        show: Given the address to open.

    Raises:
        AuthError: It was refused, or nobody came back in time.
    """
    proof, state = secrets.token_urlsafe(64), secrets.token_urlsafe(24)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(proof.encode()).digest()).rstrip(b"=")
    with _listener(state) as (port, wait):
        redirect = f"http://127.0.0.1:{port}/"
        asked = {
            "client_id": client.client_id, "redirect_uri": redirect, "response_type": "code",
            "scope": where.scope, "state": state, "code_challenge": challenge.decode(),
            "code_challenge_method": "S256", "access_type": "offline", "prompt": "consent",
            "login_hint": address,
        }  # fmt: skip
        show(f"{where.browser_url}?{urllib.parse.urlencode(asked)}")
        answer = wait()
    if "code" not in answer:
        raise _refused(where, dict(answer))
    given = _post(
        where.token_url,
        client,
        {
            "grant_type": "authorization_code", "code": answer["code"],
            "redirect_uri": redirect, "code_verifier": proof,
        },
    )  # fmt: skip
    if "access_token" not in given:
        raise _refused(where, given)
    return _grant(given)


@contextmanager
def _listener(state: str) -> Iterator[tuple[int, Callable[[], dict[str, str]]]]:
    """Listen on this machine alone for the browser that comes back."""
    found: dict[str, str] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
            ours = secrets.compare_digest(query.get("state", "").encode(), state.encode())
            if ours and not found:
                found.update(query)
            self.send_response(200 if ours else 400)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.end_headers()
            self.wfile.write(b"You can close this window." if ours else b"This was not asked for.")

        def log_message(self, *_: object) -> None:
            """Write nothing: the address holds the code."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    server.timeout = 0.5

    def wait() -> dict[str, str]:
        until = time.monotonic() + BROWSER_SECONDS
        while not found and time.monotonic() < until:
            server.handle_request()
        if not found:
            raise AuthError("Nobody came back from the browser in time. Try again.")
        return found

    try:
        yield server.server_port, wait
    finally:
        server.server_close()


def _post(url: str, client: Client, fields: dict[str, str]) -> dict[str, object]:
    """Post a form and return the answer, whether it grants or refuses."""
    _need_safe(url)
    form = {"client_id": client.client_id, **fields}
    if client.client_secret:
        form["client_secret"] = client.client_secret
    asked = urllib.request.Request(  # https, or this machine: checked above
        url, urllib.parse.urlencode(form).encode(), {"Accept": "application/json"}
    )
    host = urllib.parse.urlsplit(url).hostname
    try:
        with urllib.request.urlopen(asked, timeout=REQUEST_SECONDS) as answer:
            data = answer.read(ANSWER_BYTES)
    except urllib.error.HTTPError as error:
        data = error.read(ANSWER_BYTES)
        if error.code >= 500:
            raise Transient(f"{host} answers with status {error.code}.") from None
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise Transient(f"{host} cannot be reached: {one_line(str(reason))}.") from None
    try:
        found = json.loads(data)
    except ValueError:
        raise Transient(f"{host} answers with what is no answer.") from None
    return found if isinstance(found, dict) else {}


def _need_safe(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https":
        return
    try:
        if parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback:
            return
    except ValueError:
        pass
    raise ConnectorError(f"Tokens are not sent to {one_line(url)}: it is not https.")


def _grant(answer: dict[str, object]) -> Grant:
    return Grant(
        str(answer["access_token"]),
        str(answer.get("refresh_token") or ""),
        time.time() + _number(answer.get("expires_in"), 3600.0),
    )


def _refused(where: Provider, answer: dict[str, object]) -> AuthError:
    said = one_line(str(answer.get("error_description") or answer.get("error") or "no reason"))
    return AuthError(f"{where.name} gives no token: {said}")


def _number(value: object, default: float) -> float:
    try:
        return min(86_400.0 * 365, float(str(value)))
    except ValueError:
        return default
