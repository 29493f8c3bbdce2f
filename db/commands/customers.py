"""Edit what the team knows of a customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from db import ids
from db.commands.base import Act, Argument, Command
from db.commands.wording import brief, has_controls, listed, meant, spoken
from db.engine.interface import Value
from db.errors import Conflict, NotFound, Refused
from db.words import CHANNELS, STAGES

FIELDS = (
    "name",
    "title",
    "stage",
    "vip",
    "risk",
    "goals",
    "language",
    "time_zone",
    "preferred_channel",
    "organization",
    "success_owner",
)
CUSTOMER_CHARACTERS = 2_000
NAME_CHARACTERS = 200
LANGUAGE_CHARACTERS = 35  # BCP 47, the longest that RFC 5646 4.4.1 asks for
_SHORT = {"name": NAME_CHARACTERS, "title": NAME_CHARACTERS, "organization": NAME_CHARACTERS}
_YES, _NO = ("1", "yes", "true", "on"), ("0", "no", "false", "off", "")

_MEMBERS = """
select m.id, m.name, m.canonical_id from customers k
join customers m on m.canonical_id = k.canonical_id
where k.id = :id order by
  case when m.id = m.face_id then 0 when m.id = m.canonical_id then 1 else 2 end, m.id
"""
_STORED = """
select k.name, k.title, k.stage, k.vip, k.risk, k.goals, k.language, k.time_zone,
  k.preferred_channel, coalesce(g.name, ''), coalesce(a.login, '')
from customers k left join organizations g on g.id = k.organization_id
left join agents a on a.id = k.success_owner_id where k.id = :id
"""
_AGENTS = "select id, login from agents where active = 1 and login <> 'system' order by login"
# Few organizations share a name but for the case of its letters.
_ORGANIZATIONS = "select id, name from organizations where lower(name) = lower(:name) order by id"


@dataclass(frozen=True, slots=True)
class EditCustomer(Command):
    """Set one field of a customer's profile."""

    name: ClassVar[str] = "customer.edit"
    title: ClassVar[str] = "Edit customer"
    help: ClassVar[str] = "Set a field of a customer's profile; an empty value clears it."

    customer_id: Annotated[int, Argument("Customer number", kind="customer")]
    field: Annotated[str, Argument("What to set", kind="choice", choices=FIELDS)]
    value: Annotated[str, Argument("The new value", characters=CUSTOMER_CHARACTERS)]
    expected: Annotated[
        str | None, Argument("The value that you saw", option=True, characters=CUSTOMER_CHARACTERS)
    ] = None

    def apply(self, act: Act) -> str:
        """Set it; see `Command.apply`."""
        members = act.connection.all(_MEMBERS, {"id": self.customer_id})
        if not members:
            raise NotFound(f"There is no customer {self.customer_id} in this store.")
        shown_id, name, canonical_id = members[0]
        act.subjects.append(("customer", canonical_id))
        values = self._values(act)
        self._compare(act, shown_id, name)
        changed = act.change("customers", shown_id, **values)
        if not any(values.values()):
            # Linked profiles complete each other, so what is cleared is cleared in all of them.
            for member_id, _, _ in members[1:]:
                changed = act.change("customers", member_id, **values) or changed
        what = spoken(self.field)
        if not changed:
            return f"The {what} of {name} is that already"
        if self.field == "name":
            return f"Renamed {name} to {values['name']!s}"
        if self.field == "vip":
            return f"Marked {name} as {'VIP' if values['vip'] else 'no longer VIP'}"
        shown = brief(" ".join(self.value.split()))
        return f"Set the {what} of {name} to {shown}" if shown else f"Cleared the {what} of {name}"

    def _compare(self, act: Act, shown_id: int, name: str) -> None:
        if self.expected is None:
            return
        row = act.connection.one(_STORED, {"id": shown_id}) or ()
        stored = dict(zip(FIELDS, _shown(row), strict=True))[self.field]
        if stored != self.expected.strip():
            raise Conflict(
                f"The {spoken(self.field)} of {name} is already “{brief(stored)}”; you saw "
                f"“{brief(self.expected)}”. Set it again to change it.",
                self.expected,
                stored,
            )

    def _values(self, act: Act) -> dict[str, Value]:
        written = self.value.strip()
        if self.field == "organization":
            self.columns(act.now)
            name = " ".join(written.split())
            return {"organization_id": organization_of(act, name) if name else None}
        if self.field == "success_owner":
            return {"success_owner_id": _agent(act, written) if written else None}
        return self.columns(act.now)

    def columns(self, now: int) -> dict[str, Value]:
        """Return the columns to set, as far as the value alone tells.

        Args:
            now: UTC milliseconds.

        Raises:
            Refused: The value is not possible in this field.
        """
        written = self.value.strip()
        if len(written) > _SHORT.get(self.field, CUSTOMER_CHARACTERS):
            raise Refused(f"The {self.field} holds at most {_SHORT[self.field]} characters.")
        if self.field in ("name", "title", "organization"):
            written = " ".join(written.split())
        if has_controls(written, "\n\t" if self.field in ("goals", "risk") else ""):
            raise Refused(f"The {spoken(self.field)} takes text without control characters.")
        match self.field:
            case "name":
                if not written:
                    raise Refused("A customer needs a name.")
                return {"name": written, "named": 1}
            case "stage":
                return {"stage": _word("stage", written, STAGES)}
            case "preferred_channel":
                channel = _word("preferred channel", written, CHANNELS) if written else ""
                return {"preferred_channel": channel}
            case "vip":
                return {"vip": _flag(written)}
            case "risk":
                return {"risk": written, "risk_at": now if written else 0}
            case "language":
                return {"language": _language(written)}
            case "time_zone":
                return {"time_zone": _time_zone(written)}
        return {self.field: written}


def _shown(row: tuple[Value, ...]) -> list[str]:
    """Return stored values as people type them."""
    values = [str(value) for value in row]
    values[FIELDS.index("vip")] = "yes" if row[FIELDS.index("vip")] else "no"
    return values


def _word(what: str, written: str, words: tuple[str, ...]) -> str:
    word = written.casefold().replace(" ", "_").replace("-", "_")
    if word not in words:
        raise Refused(
            f"The {what} is one of {listed(words)}; “{brief(written)}” is none"
            f"{meant(written, words)}."
        )
    return word


def _flag(written: str) -> int:
    word = written.casefold()
    if word not in (*_YES, *_NO):
        raise Refused(f"VIP is yes or no; “{brief(written)}” is neither.")
    return int(word in _YES)


def _language(written: str) -> str:
    parts = written.replace("_", "-").split("-")
    sound = all(part.isascii() and part.isalnum() and len(part) <= 8 for part in parts)
    if written and (not sound or len(written) > LANGUAGE_CHARACTERS or len(parts[0]) < 2):
        raise Refused(f"“{brief(written)}” is no language tag; write it like de, en or pt-BR.")
    return "-".join(parts)


def _time_zone(written: str) -> str:
    import zoneinfo

    if not written:
        return ""
    try:
        return zoneinfo.ZoneInfo(written).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        zones = tuple(zoneinfo.available_timezones())
        raise Refused(
            f"There is no time zone “{brief(written)}”{meant(written, zones)}; "
            "write it like Europe/Lisbon."
        ) from None


def _agent(act: Act, written: str) -> int:
    logins = {row[1]: int(row[0]) for row in act.connection.all(_AGENTS)}
    login = written.removeprefix("@").casefold()
    if login not in logins:
        raise Refused(
            f"There is no agent “{brief(written)}”{meant(login, tuple(logins))}; "
            "centric agents lists them."
        )
    return logins[login]


def organization_of(act: Act, name: str) -> int:
    """Return the organization of a name, made where there is none."""
    rows = act.connection.all(_ORGANIZATIONS, {"name": name})
    if rows:
        return next((int(row[0]) for row in rows if row[1] == name), int(rows[0][0]))
    organization_id = ids.take(act.connection, "organizations")
    act.insert(
        "organizations", organization_id, {"name": name, "domain": "", "created_at": act.now}
    )
    return organization_id
