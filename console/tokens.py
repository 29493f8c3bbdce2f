"""Where the tokens of an account are kept: the system's keyring, else a file that only you read."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from connectors.mail.oauth import Client, Grant, Provider, provider, refresh
from console.accounts import MailAccount, keyring_get, keyring_set
from console.config import ConfigError, state_folder

# A token that runs out while it is on its way is of no use.
EARLY_SECONDS = 120.0


def client_of(account: MailAccount) -> Client:
    """Return the program as the account's provider knows it.

    Raises:
        ConfigError: It is not registered.
    """
    if not account.client_id:
        raise ConfigError(
            f"[mail.{account.label}] needs client_id: register Centric once with your provider as "
            "a desktop program (docs/mail.md says how), or use an app password."
        )
    return Client(account.client_id, account.client_secret)


def access_token(account: MailAccount, where: Provider | None = None) -> str:
    """Return a token to log in with, renewed where it has run out.

    Raises:
        AuthError: The provider took it back.
        ConfigError: Nobody has logged in yet.
    """
    grant = load(account.label)
    if grant is None:
        raise ConfigError(
            f"Nobody has logged in to {account.label} yet: centric connect mail {account.label}"
        )
    if grant.access and grant.expires_at - EARLY_SECONDS > time.time():
        return grant.access
    renewed = refresh(
        where or provider(account.auth, account.tenant), client_of(account), grant.refresh
    )
    keep(account.label, renewed)
    return renewed.access


def forget_access(account: MailAccount) -> None:
    """Let the next login ask for a new token: this one was refused."""
    grant = load(account.label)
    if grant is not None and grant.access:
        keep(account.label, Grant("", grant.refresh, 0.0))


def load(label: str) -> Grant | None:
    """Return what is kept for an account; None for nothing."""
    text = keyring_get(f"{label} token")
    if not text:
        try:
            text = _file(label).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return None
    try:
        stored = json.loads(text)
        return Grant(str(stored["access"]), str(stored["refresh"]), float(stored["expires_at"]))
    except (ValueError, KeyError, TypeError):
        return None


def keep(label: str, grant: Grant) -> None:
    """Keep what a provider gave.

    Raises:
        ConfigError: There is no keyring, and the file cannot be written.
    """
    text = json.dumps(
        {"access": grant.access, "refresh": grant.refresh, "expires_at": grant.expires_at}
    )
    if keyring_set(f"{label} token", text):
        return
    place = _file(label)
    beside = place.with_suffix(f".{os.getpid()}")
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        beside.replace(place)
    except OSError as error:
        raise ConfigError(f"The token cannot be kept in {place}: {error.strerror}.") from None


def _file(label: str) -> Path:
    return state_folder() / "tokens" / f"{label}.json"
