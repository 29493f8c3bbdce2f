"""Tokens: asked for, renewed and kept, against a provider on this machine."""

from __future__ import annotations

import http.server
import json
import stat
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors.contract import AuthError, ConnectorError, Transient
from connectors.mail.oauth import (
    Client,
    Grant,
    Provider,
    begin_device,
    finish_device,
    log_in_by_browser,
    provider,
    refresh,
)
from console import tokens
from console.accounts import MailAccount
from console.config import ConfigError

Answer = Callable[[str, dict[str, str]], tuple[int, dict[str, object]]]


@contextmanager
def provider_at(answer: Answer) -> Iterator[tuple[Provider, list[dict[str, str]]]]:
    """Run a provider that answers as told; yield it and what it was asked."""
    asked: list[dict[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            form = dict(urllib.parse.parse_qsl(data.decode()))
            asked.append(form)
            status, found = answer(self.path, form)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield Provider("Test", f"{base}/token", "mail", f"{base}/device", f"{base}/auth"), asked
    finally:
        server.shutdown()
        server.server_close()


def test_a_code_that_is_typed_elsewhere_gives_a_token() -> None:
    states = iter(["authorization_pending", "slow_down", ""])

    def answer(path: str, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        if path == "/device":
            return 200, {
                "device_code": "d", "user_code": "AB-12\x1b[2J", "interval": 3,
                "verification_uri": "https://x.example/device", "expires_in": 900,
            }  # fmt: skip
        state = next(states)
        if state:
            return 400, {"error": state}
        return 200, {"access_token": "a", "refresh_token": "r", "expires_in": 3600}

    waits: list[float] = []
    with provider_at(answer) as (where, asked):
        device = begin_device(where, Client("id"))
        grant = finish_device(where, Client("id"), device, waits.append)
    assert device.user_code == "AB-12 [2J"
    assert waits == [3.0, 3.0, 8.0]
    assert (grant.access, grant.refresh) == ("a", "r")
    assert asked[0] == {"client_id": "id", "scope": "mail"}


def test_a_token_is_renewed_and_the_old_key_kept_where_no_new_one_comes() -> None:
    with provider_at(lambda *_: (200, {"access_token": "new", "expires_in": "60"})) as (where, _):
        grant = refresh(where, Client("id", "secret"), "old")
    assert (grant.access, grant.refresh) == ("new", "old")
    assert "new" not in repr(grant)


@pytest.mark.parametrize(
    ("status", "found", "kind"),
    [
        (400, {"error": "invalid_grant", "error_description": "Token was revoked."}, AuthError),
        (503, {}, Transient),
        (200, {}, AuthError),
    ],
)
def test_a_refusal_is_told_apart_from_a_failure(
    status: int, found: dict[str, object], kind: type[ConnectorError]
) -> None:
    with (
        provider_at(lambda *_: (status, found)) as (where, _),
        pytest.raises(kind),
    ):
        refresh(where, Client("id"), "old")


def test_a_browser_comes_back_with_a_code_that_only_we_can_use() -> None:
    def show(url: str) -> None:
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        assert query["code_challenge_method"] == "S256"

        def browse() -> None:
            for state in ("forged", query["state"]):
                back = urllib.parse.urlencode({"code": f"code-{state == 'forged'}", "state": state})
                try:
                    urllib.request.urlopen(f"{query['redirect_uri']}?{back}", timeout=5).read()
                except urllib.error.HTTPError:
                    assert state == "forged"

        threading.Thread(target=browse, daemon=True).start()

    with provider_at(lambda *_: (200, {"access_token": "a"})) as (where, asked):
        assert log_in_by_browser(where, Client("id"), "a@x.example", show).access == "a"
    assert asked[0]["code"] == "code-False"
    assert len(asked[0]["code_verifier"]) >= 43


def test_tokens_go_over_https_alone() -> None:
    with pytest.raises(ConnectorError, match="not https"):
        refresh(Provider("X", "http://mail.example/token", ""), Client("id"), "old")
    for name in ("google", "microsoft"):
        assert provider(name).token_url.startswith("https://")


def account(**more: str) -> MailAccount:
    return MailAccount(
        "support", "s@x.example", "imap.x.example", "s@x.example", auth="microsoft", **more
    )


def test_a_token_is_kept_where_only_its_owner_reads_it_and_renewed_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match="Nobody has logged in"):
        tokens.access_token(account(client_id="id"))
    tokens.keep("support", Grant("a", "r", time.time() + 3600))
    place = tmp_path / "centric" / "tokens" / "support.json"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert tokens.access_token(account(client_id="id")) == "a"
    tokens.forget_access(account())
    with provider_at(lambda *_: (200, {"access_token": "b", "expires_in": 3600})) as (where, asked):
        assert tokens.access_token(account(client_id="id"), where) == "b"
        assert tokens.access_token(account(client_id="id"), where) == "b"
    assert [form["refresh_token"] for form in asked] == ["r"]


def test_an_account_without_a_registered_program_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    tokens.keep("support", Grant("", "r", 0.0))
    with pytest.raises(ConfigError, match="client_id"):
        tokens.access_token(account())
