"""What a Slack export holds besides messages: where its day files are, who is who, which team.

Shapes as in Slack's help article "How to read Slack data exports": ``users.json`` (``org_users``
on Grid), ``channels.json``, ``groups.json`` (private), ``mpims.json`` (groups of people),
``dms.json``; a folder for each conversation, named after it (after its id for direct messages),
with a file for each day.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from connectors.archive import Archive, DamagedMember, Member
from connectors.contract import Address, BadFile, Party, Role

MAX_INDEX_BYTES = 64 * 1024 * 1024
MAX_DAY_BYTES = 64 * 1024 * 1024
_DAY = re.compile(r"\d{4}-\d\d-\d\d\.json\Z")
_TEAM = re.compile(r"[TE][A-Z0-9]{1,20}\Z")
_LEVELS = 100

T = TypeVar("T")


class Profile(msgspec.Struct):
    """The part of a user's profile that we use."""

    real_name: str | None = None
    display_name: str | None = None
    email: str | None = None
    name: str | None = None


class User(msgspec.Struct):
    """One line of ``users.json``."""

    id: str
    name: str | None = None
    real_name: str | None = None
    team_id: str | None = None
    enterprise_id: str | None = None
    is_bot: bool | None = None
    is_stranger: bool | None = None
    profile: Profile | None = None

    def shown(self) -> str:
        """Return the name that a person would know them by."""
        profile = self.profile or Profile()
        return (
            profile.real_name or self.real_name or profile.display_name or self.name or ""
        ).strip()


class Channel(msgspec.Struct):
    """One line of ``channels.json``, ``groups.json``, ``mpims.json`` or ``dms.json``."""

    id: str
    name: str | None = None
    members: list[str] | None = None


@dataclass(frozen=True, slots=True)
class DayFile:
    """The messages of one channel on one day of the workspace.

    Attributes:
        folder: Name of the channel's folder; untrusted.
        day: ``2026-01-31.json``.
    """

    folder: str
    day: str
    member: Member


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are in the archive.

    Attributes:
        index: Members at the top, by file name.
        days: Sorted by folder and day.
    """

    index: dict[str, Member]
    days: tuple[DayFile, ...]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Who is who in an export.

    Attributes:
        team: Id of the workspace that exported it.
        users: By id.
        names: Display names by user id, none of them empty.
        channel_ids: By the name of the folder.
        channel_names: By channel id; direct messages have none.
        grid: Whether the workspace is part of an Enterprise Grid, where another team id may
            still be us.
    """

    team: str
    users: dict[str, User]
    names: dict[str, str]
    channel_ids: dict[str, str]
    channel_names: dict[str, str]
    grid: bool

    def party(self, user_id: str, role: Role, profile: Profile | None = None) -> Party:
        """Return someone as a party; a profile from the message serves for unknown users."""
        user = self.users.get(user_id)
        network = f"slack:{self.team}"
        if user is None:
            known = profile or Profile()
            name = known.real_name or known.display_name or known.name or ""
            return Party(role, Address("handle", user_id, network), name)
        email = (user.profile.email or "").strip() if user.profile else ""
        same_as = (Address("email", email),) if "@" in email else ()
        bot = bool(user.is_bot) or user_id == "USLACKBOT"
        return Party(role, Address("handle", user_id, network), user.shown(), same_as, bot)

    def is_outsider(self, user_id: str, message_team: str) -> bool:
        """Tell whether the source is sure that someone belongs to another company."""
        user = self.users.get(user_id)
        if user is not None and user.is_stranger:
            return True
        if self.grid or not self.team:
            return False
        team = (user.team_id if user is not None else None) or message_team
        return bool(team) and team != self.team


def layout(archive: Archive) -> Layout | None:
    """Find the parts of an export, also below a folder; None where it is not one."""
    roots = sorted(
        (
            member.name.rpartition("/")[0]
            for member in archive.members
            if member.name.rpartition("/")[2] in ("channels.json", "dms.json", "groups.json")
        ),
        key=len,
    )
    if not roots:
        return None
    prefix = f"{roots[0]}/" if roots[0] else ""
    index: dict[str, Member] = {}
    days: list[DayFile] = []
    for member in archive.members:
        if not member.name.startswith(prefix):
            continue
        folder, _, name = member.name[len(prefix) :].rpartition("/")
        if not folder:
            index.setdefault(name, member)
        elif "/" not in folder and _DAY.match(name):
            days.append(DayFile(folder, name, member))
    if not days and not {"users.json", "org_users.json"} & index.keys():
        return None
    days.sort(key=lambda day: (day.folder, day.day))
    return Layout(index, tuple(days))


def workspace(archive: Archive, found: Layout, team: str = "") -> Workspace:
    """Read who is who.

    Args:
        archive: The open export.
        found: What `layout` returned for it.
        team: The workspace's id where it is known already.

    Raises:
        BadFile: An index is damaged.
    """
    users = {
        user.id: user
        for name in ("org_users.json", "users.json")
        for user in _index(archive, found, name, User)
    }
    channel_ids: dict[str, str] = {}
    channel_names: dict[str, str] = {}
    for name in ("channels.json", "groups.json", "mpims.json", "dms.json"):
        for channel in _index(archive, found, name, Channel):
            channel_ids[channel.id] = channel.id
            channel_ids[channel.name or channel.id] = channel.id
            if channel.name:
                channel_names[channel.id] = channel.name
    return Workspace(
        team=team or _own_team(users.values()) or _team_in_messages(archive, found),
        users=users,
        names={user.id: name for user in users.values() if (name := user.shown())},
        channel_ids=channel_ids,
        channel_names=channel_names,
        grid="org_users.json" in found.index or any(u.enterprise_id for u in users.values()),
    )


def records(payload: bytes) -> list[msgspec.Raw | object]:
    """Split a JSON array into its records, undecoded where the JSON is sound.

    Raises:
        ValueError: It is not a JSON array, in any reading of it.
    """
    try:
        return list(
            msgspec.json.decode(payload.removeprefix(b"\xef\xbb\xbf"), type=list[msgspec.Raw])
        )
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    try:
        decoded = json.loads(payload.decode("utf-8-sig", "replace"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(decoded, list):
        raise ValueError("it is not a list")
    return [_clean(record, _LEVELS) for record in decoded]


def record(raw: msgspec.Raw | object, kind: type[T]) -> T:
    """Return one record in its shape, mending text that is not Unicode.

    Raises:
        ValueError: It has another shape.
    """
    try:
        if not isinstance(raw, msgspec.Raw):
            return msgspec.convert(raw, kind, strict=False)
        try:
            return msgspec.json.decode(raw, type=kind)
        except msgspec.ValidationError:
            return msgspec.json.decode(raw, type=kind, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError):
            mended = json.loads(bytes(raw).decode("utf-8", "replace"))
            return msgspec.convert(_clean(mended, _LEVELS), kind, strict=False)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _index(archive: Archive, found: Layout, name: str, kind: type[T]) -> Iterator[T]:
    """Yield the sound records of an index file; nothing where there is no such file."""
    member = found.index.get(name)
    if member is None:
        return
    try:
        raws = records(archive.read(member, MAX_INDEX_BYTES))
    except (DamagedMember, ValueError) as error:
        raise BadFile(
            f"The Slack export is damaged: {name} cannot be read ({error}). "
            "Nothing was imported; export it again."
        ) from None
    for raw in raws:
        try:
            yield record(raw, kind)
        except ValueError:
            continue  # someone whose record is broken is still known by id


def _own_team(users: Iterable[User]) -> str:
    """Return the team that most users belong to who are not marked as strangers."""
    teams = Counter(
        user.team_id
        for user in users
        if user.team_id and not user.is_stranger and _TEAM.match(user.team_id)
    )
    # The smallest id among equals, so that every reading comes to the same.
    return min(teams, key=lambda team: (-teams[team], team), default="")


class _Teams(msgspec.Struct):
    """The team of a message."""

    team: str | None = None
    user_team: str | None = None


def _team_in_messages(archive: Archive, found: Layout) -> str:
    """Return the commonest team of the first day's messages; empty where none is stated."""
    teams: Counter[str] = Counter()
    for day in found.days[:3]:
        try:
            for raw in records(archive.read(day.member, MAX_DAY_BYTES)):
                message = record(raw, _Teams)
                teams[message.team or message.user_team or ""] += 1
        except (DamagedMember, ValueError):
            continue
    teams.pop("", None)
    return min(teams, key=lambda team: (-teams[team], team), default="")


def _clean(value: object, levels: int) -> object:
    """Replace lone surrogates, and numbers that JSON does not have, at any depth."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if levels == 0:
        return None
    if isinstance(value, list):
        return [_clean(part, levels - 1) for part in value]
    if isinstance(value, dict):
        return {str(_clean(k, 1)): _clean(part, levels - 1) for k, part in value.items()}
    return value
