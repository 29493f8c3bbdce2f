"""Make a store that a group of the system shares: its folder, its permissions, its people."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from db.agents import agent_for
from db.commands.people import EditAgent
from db.errors import Refused, StoreError, Unavailable
from db.frozen import dataclass
from db.store import open_store

FOLDER_MODE = 0o2770  # what is made in it belongs to the group; nobody else looks in


@dataclass(frozen=True, slots=True)
class TeamStore:
    """A store that was made for a team.

    Attributes:
        path: Absolute.
        group: Of the system; its members read and write the store.
        roles: Login to role.
        closed: A folder above it that the group may not pass; empty when there is none.
    """

    path: str
    group: str
    roles: dict[str, str]
    closed: str


def create_team_store(
    path: Path,
    group: str,
    *,
    lead: str,
    members: Sequence[str] = (),
    readers: Sequence[str] = (),
) -> TeamStore:
    """Make a store with a folder of its own.

    Args:
        path: Of the file that is made.
        group: A group of the system that is there already.
        lead: Login of its lead.
        members: Logins of agents.
        readers: Logins of those who may look and not act.

    Raises:
        Refused: There is such a file already, no such group, or the folder is used for other
            things.
        Unavailable: The folder or the file cannot be made.
    """
    path = Path(os.path.abspath(path.expanduser()))
    if path.exists():
        raise Refused(f"{path} is there already. Name a file that is not.")
    _make_folder(path.parent, _group_id(group), group)
    store = open_store(str(path), create=True, team=True)
    try:
        first = agent_for(store.engine, lead)
        for login in (*members, *readers):
            agent_for(store.engine, login)
        for login in readers:
            store.do(EditAgent(login, "role", "read_only"), first)
        roles = {lead: first.role, **dict.fromkeys(members, "agent")}
        roles |= dict.fromkeys(readers, "read_only")
    except StoreError:
        store.close()
        path.unlink()
        raise
    store.close()
    return TeamStore(str(path), group, roles, _closed(path.parent.parent))


def _group_id(group: str) -> int:
    import grp

    try:
        return grp.getgrnam(group).gr_gid
    except KeyError as error:
        raise Refused(
            f"There is no group “{group}” on this machine. Make it and put your colleagues in: "
            f"sudo groupadd {group}; sudo usermod -aG {group} LOGIN"
        ) from error


def _make_folder(folder: Path, group_id: int, group: str) -> None:
    """Make the folder, or take one that is empty or the group's already."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = folder.stat()
        if found.st_gid == group_id and stat.S_IMODE(found.st_mode) & 0o2070 == 0o2070:
            return
        if any(folder.iterdir()):
            raise Refused(
                f"{folder} is used for other things, and the group would see them all. Give the "
                f"store a folder of its own: {folder}/centric/team.db"
            )
        os.chown(folder, -1, group_id)
        os.chmod(folder, FOLDER_MODE)
    except PermissionError as error:
        raise Unavailable(
            f"{folder} cannot be given to the group {group}: you must own the folder and be in the "
            "group (after a change of groups, log in again)."
        ) from error
    except OSError as error:
        raise Unavailable(f"{folder} cannot be made: {error.strerror}.") from error


def _closed(folder: Path) -> str:
    """Return the first folder on the way that others may not pass."""
    for one in reversed((folder, *folder.parents)):
        if not one.stat().st_mode & (stat.S_IXOTH | stat.S_IXGRP):
            return str(one)
    return ""
