"""Which connectors there are, and which of them reads a given file, told by its content."""

from __future__ import annotations

import os
import stat
from importlib import import_module
from typing import cast

from connectors.contract import BadFile, Connector, ConnectorError, Recognised

# In the order they are asked: folders of a Maildir and chat exports state strictly what they are, a
# bare mail hardly does.
BUILT_IN = {
    "maildir": "connectors.mail.maildir:connector",
    "slack": "connectors.chat.slack:connector",
    "whatsapp": "connectors.chat.whatsapp:connector",
    "mbox": "connectors.mail.mbox:connector",
    "eml": "connectors.mail.eml:connector",
}
# Those that read a server; no file is theirs.
LIVE = {"imap": "connectors.mail.imap_source:connector"}
ENTRY_POINTS = "centric.connectors"
HEAD_BYTES = 64 * 1024


class UnknownConnector(ConnectorError):
    """No connector has that name."""


def connector(name: str) -> Connector:
    """Return a connector, importing its module now.

    Args:
        name: A built-in name, a name in the entry-point group `ENTRY_POINTS`, or a reference
            ``module:attribute``.

    Raises:
        UnknownConnector: There is none, or its module cannot be imported.
    """
    target = BUILT_IN.get(name) or LIVE.get(name) or (name if ":" in name else _installed(name))
    module, _, attribute = target.partition(":")
    try:
        return cast(Connector, getattr(import_module(module), attribute))
    except (ImportError, AttributeError) as error:
        raise UnknownConnector(f"The connector {name} cannot be loaded: {error}.") from error


def recognise(path: str) -> Recognised:
    """Say what a file or folder is, by its content.

    Raises:
        BadFile: It is not there, not readable, broken, or of no kind that is supported; the
            sentence names what was seen and what to do.
    """
    head = _head(path)
    for name in BUILT_IN:
        found = connector(name).recognise(path, head)
        if found is not None:
            return found
    from connectors import sniff

    raise BadFile(sniff.unsupported(path, head))


def _installed(name: str) -> str:
    """Return the reference of an installed connector that is not ours."""
    from importlib.metadata import entry_points  # 30 ms, which no built-in connector pays

    for point in entry_points(group=ENTRY_POINTS, name=name):
        return point.value
    known = ", ".join(BUILT_IN)
    raise UnknownConnector(f"There is no connector called {name}. Built in are {known}.")


def _head(path: str) -> bytes:
    """Return the first bytes of a file; none of a folder."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            if not os.access(path, os.R_OK | os.X_OK):
                raise BadFile(f"You may not read the folder {path}. Check its permissions.")
            return b""
        if not stat.S_ISREG(mode):
            raise BadFile(f"{path} is neither a file nor a folder, so it cannot be imported.")
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        raise BadFile(f"There is no file or folder {path}.") from None
    except PermissionError:
        raise BadFile(f"You may not read {path}. Check its permissions.") from None
    except (OSError, ValueError) as error:
        raise BadFile(f"{path} cannot be read: {error}.") from None
    if not head:
        raise BadFile(f"{path} is empty: there is nothing to import.")
    return head
