"""Mail accounts as ``config.toml`` names them; passwords are named there and never written.

A password is looked for in this order: what ``password_command`` prints, the variable
``CENTRIC_PASSWORD_NAME``, the system's keyring, and at last a question where somebody can answer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from console.config import Config, ConfigError, config_path
from db.frozen import dataclass

COMMAND_SECONDS = 10
SECRET_CHARACTERS = 100_000
KEYRING_SERVICE = "centric"
TLS = ("tls", "starttls", "none")
AUTHS = ("password", "google", "microsoft", "token")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

_TEXTS = (
    *("address", "host", "user", "tls", "auth", "ca_file", "work_since", "name", "signature"),
    *("client_id", "client_secret", "tenant"),
)
_NUMBERS = ("port", "poll_seconds", "patience_seconds")
_LISTS = ("folders", "own", "password_command")
_OTHER = ("insecure", "outgoing")


@dataclass(frozen=True, slots=True)
class MailAccount:
    """One mailbox to be pulled.

    Attributes:
        label: As the configuration calls it.
        address: Its own; always one of ours.
        user: Who logs in; the address where nothing else is said.
        tls: One of `TLS`.
        auth: One of `AUTHS`; ``token`` takes what ``password_command`` prints as an access token.
        folders: Patterns; empty for all but drafts, junk and trash.
        own: Further addresses that are ours.
        work_since: Since when mail is work at the first pull; empty for the usual.
        name: Of the sender, for replies.
        outgoing: The server for replies, as written.
    """

    label: str
    address: str
    host: str
    user: str
    port: int = 0
    tls: str = "tls"
    auth: str = "password"
    folders: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    password_command: tuple[str, ...] = ()
    ca_file: str = ""
    insecure: bool = False
    work_since: str = ""
    poll_seconds: int = 120
    patience_seconds: int = 60
    name: str = ""
    signature: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    tenant: str = ""
    outgoing: Mapping[str, object] = field(default_factory=dict)

    def settings(self, *, watch: bool = False) -> dict[str, str]:
        """Return what the connector is told; no secrets."""
        return {
            "account": self.label,
            "host": self.host,
            "user": self.user,
            "port": str(self.port or ""),
            "tls": self.tls,
            "auth": "password" if self.auth == "password" else "xoauth2",
            "ca_file": self.ca_file,
            "insecure": "true" if self.insecure else "",
            "folders": "\n".join(self.folders),
            "poll_seconds": str(self.poll_seconds),
            "patience_seconds": str(self.patience_seconds),
            "watch": "true" if watch else "",
        }


def mail_accounts(config: Config) -> tuple[MailAccount, ...]:
    """Return the accounts of a configuration.

    Raises:
        ConfigError: One is not complete, or says what cannot be.
    """
    return tuple(_account(str(label), table) for label, table in config.mail.items())


def find_account(config: Config, label: str) -> MailAccount:
    """Return one account.

    Raises:
        ConfigError: There is none of that name.
    """
    found = mail_accounts(config)
    for account in found:
        if label in (account.label, account.address):
            return account
    known = ", ".join(account.label for account in found) or "none yet"
    raise ConfigError(f"There is no mail account “{label}” in {config_path()}: {known}.")


def _account(label: str, table: object) -> MailAccount:
    where = f"{config_path()}: [mail.{label}]"
    if not _NAME.fullmatch(label):
        raise ConfigError(f"{where}: a name has letters, digits, - and _ only.")
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where} must be a table.")
    if "password" in table:
        raise ConfigError(
            f"{where}: a password does not belong into a file. Name a command that prints it: "
            'password_command = ["pass", "show", "mail"], or use centric connect mail.'
        )
    values = {key: _checked(where, key, value) for key, value in table.items()}
    for key in ("address", "host"):
        if not values.get(key):
            raise ConfigError(f"{where} needs {key}.")
    values.setdefault("user", values["address"])
    _one_of(where, "tls", values.get("tls", "tls"), TLS)
    _one_of(where, "auth", values.get("auth", "password"), AUTHS)
    if values.get("auth") == "token" and not values.get("password_command"):
        raise ConfigError(f"{where}: auth = “token” needs a password_command that prints one.")
    return MailAccount(label, **values)  # type: ignore[arg-type]  # checked above, one by one


def _checked(where: str, key: str, value: object) -> object:
    if key in _TEXTS:
        if isinstance(value, str):
            return value
        raise ConfigError(f"{where}: {key} must be a text in quotes.")
    if key in _NUMBERS:
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65_536:
            return value
        raise ConfigError(f"{where}: {key} must be a number.")
    if key in _LISTS:
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise ConfigError(f"{where}: {key} must be a list of texts in quotes.")
    if key == "insecure" and isinstance(value, bool):
        return value
    if key == "outgoing" and isinstance(value, dict):
        return value
    known = ", ".join((*_TEXTS, *_NUMBERS, *_LISTS, *_OTHER))
    raise ConfigError(f"{where} has a setting “{key}” that is not known or wrong: {known}.")


def _one_of(where: str, key: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ConfigError(f"{where}: {key} must be one of {', '.join(allowed)}.")


def variable_of(account: MailAccount) -> str:
    """Return the environment variable that may hold an account's password."""
    return f"CENTRIC_PASSWORD_{account.label.upper().replace('-', '_')}"


def find_secret(account: MailAccount, ask: Callable[[str], str] | None = None) -> str:
    """Return an account's password, or its access token, renewed where it has run out.

    Args:
        account: Whose.
        ask: Asks a person; None where nobody can answer.

    Raises:
        ConfigError: It is not to be found; the sentence says where it was looked for.
    """
    if account.password_command:
        return _printed(account)
    if account.auth in ("google", "microsoft"):
        from console.tokens import access_token

        return access_token(account)
    named = os.environ.get(variable_of(account), "")
    if named:
        return named
    kept = keyring_get(account.label)
    if kept:
        return kept
    if ask is not None:
        return ask(f"Password of {account.user} at {account.host}")
    raise ConfigError(
        f"The password of {account.label} is not known: set password_command in {config_path()}, "
        f"the variable {variable_of(account)}, or run centric connect mail."
    )


def _printed(account: MailAccount) -> str:
    """Run the command that prints a password and return its first line."""
    import subprocess  # 8 ms that most do not need

    words = account.password_command
    try:
        done = subprocess.run(  # an argument list of the person's own, never a shell
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise ConfigError(
            f"The password_command of {account.label}: no program {words[0]}."
        ) from None
    except subprocess.TimeoutExpired:
        raise ConfigError(
            f"The password_command of {account.label} took longer than {COMMAND_SECONDS} seconds."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"The password_command of {account.label} cannot be run: {error.strerror}."
        ) from None
    secret = done.stdout[:SECRET_CHARACTERS].decode("utf-8", "replace").split("\n")[0].rstrip("\r")
    if done.returncode or not secret:
        raise ConfigError(
            f"The password_command of {account.label} printed nothing (exit {done.returncode})."
        )
    return secret


def keyring_get(label: str) -> str:
    """Return what the system's keyring holds for an account; empty without a keyring."""
    try:
        import keyring  # type: ignore[import-not-found]  # an extra; most have none
    except ImportError:
        return ""
    try:
        return str(keyring.get_password(KEYRING_SERVICE, label) or "")
    except Exception:  # each backend raises what it likes; without one there is no password
        return ""


def keyring_set(label: str, secret: str) -> bool:
    """Keep a secret in the system's keyring; return whether there is one that took it."""
    try:
        import keyring
    except ImportError:
        return False
    try:
        keyring.set_password(KEYRING_SERVICE, label, secret)
        return bool(keyring.get_password(KEYRING_SERVICE, label) == secret)
    except Exception:  # as above: no backend, a locked one, one without a display
        return False
