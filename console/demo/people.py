"""Who is in the fictional store: the team's agents, its customers and their organizations."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from anyascii import anyascii

from connectors.contract import Address, Party, Role

# Ofcom keeps 07700 900000 to 900999 free for drama: nobody has these numbers.
FICTIONAL_PHONE = "+44 7700 900{:03d}"


@dataclass(frozen=True, slots=True)
class Team:
    """The team whose desk this is."""

    name: str
    address: str
    domain: str
    slack: str


@dataclass(frozen=True, slots=True)
class Organization:
    """A customer's house."""

    name: str
    domain: str
    language: str
    zone: str


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with every way to reach them; an empty ``slack_id`` means: not in Slack."""

    name: str
    title: str
    email: str
    phone: str
    slack_id: str
    whatsapp: bool
    organization: Organization

    @property
    def first(self) -> str:
        """What one calls them."""
        return self.name.split(" ")[0]

    def party(self, role: Role, channel: str, team: Team) -> Party:
        """Return them as a party of an entry on ``email``, ``slack``, ``whatsapp`` or ``phone``."""
        mail = Address("email", self.email)
        number = Address("phone", self.phone)
        if channel == "slack":
            handle = Address("handle", self.slack_id, team.slack)
            return Party(role, handle, self.name, (mail, number) if self.whatsapp else (mail,))
        if channel in ("whatsapp", "phone"):
            return Party(role, number, self.name, (mail,))
        return Party(role, mail, self.name)


@dataclass(frozen=True, slots=True)
class Cast:
    """Everyone."""

    team: Team
    agents: tuple[tuple[str, str], ...]
    people: tuple[Person, ...]

    def named(self, name: str) -> Person:
        """Return the customer of that name."""
        return next(person for person in self.people if person.name == name)


def _local_part(name: str) -> str:
    words = anyascii(name).lower().replace("'", "").split()
    return ".".join(word for word in words if word.isalnum()) or "hello"


def load_cast() -> Cast:
    """Read ``people.toml``."""
    data = tomllib.loads((files("console.demo") / "people.toml").read_text("utf-8"))
    people: list[Person] = []
    for row in data["organization"]:
        house = Organization(row["name"], row["domain"], row["language"], row["zone"])
        for line in row["people"]:
            name, title, *ways = line.split("|")
            channels = ways[0].split(",") if ways else []
            number = len(people) + 1
            people.append(
                Person(
                    name=name,
                    title=title,
                    email=f"{_local_part(name)}@{house.domain}",
                    phone=FICTIONAL_PHONE.format(number),
                    slack_id=f"U0CUST{number:04d}" if "slack" in channels else "",
                    whatsapp="whatsapp" in channels,
                    organization=house,
                )
            )
    agents = tuple((row["login"], row["name"]) for row in data["agent"])
    return Cast(Team(**data["team"]), agents, tuple(people))
