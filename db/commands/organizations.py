"""Say which organization the people of a mail domain belong to, and who is an exception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from db.commands.base import Act, Argument, Command
from db.commands.customers import NAME_CHARACTERS, organization_of
from db.commands.wording import brief
from db.errors import Refused
from db.identity.normalise import domain_key, email_key

NOBODYS = 0
RULE_CHARACTERS = 320
MOVED_AT_ONCE = 2_000

_RULE = "select organization_id from organization_domains where domain = :domain"
_OF_ADDRESS = """
select distinct k.id, k.organization_id from identities i join customers k on k.id = i.customer_id
where i.kind = 'email' and i.network = '' and i.value = :address
"""
_OF_DOMAIN = """
select distinct k.id, k.organization_id, i.value
from identities i join customers k on k.id = i.customer_id
where i.kind = 'email' and i.value like :end escape '!'
order by k.id limit :rows
"""
_EXCEPTIONS = "select domain from organization_domains where domain like :end escape '!'"


@dataclass(frozen=True, slots=True)
class SetDomainRule(Command):
    """Tell whose people write from a domain; a whole address is an exception to its domain."""

    name: ClassVar[str] = "organization.domain"
    title: ClassVar[str] = "Domain of an organization"
    help: ClassVar[str] = (
        "Say that everyone at a mail domain belongs to an organization; none: to no one; "
        "a whole address is an exception."
    )

    domain: Annotated[
        str, Argument("acme.example, or one address as an exception", characters=RULE_CHARACTERS)
    ]
    organization: Annotated[
        str, Argument("Name of the organization; none for no one's", characters=NAME_CHARACTERS)
    ]

    def apply(self, act: Act) -> str:
        """Keep the rule and follow it for who is there already; see `Command.apply`."""
        written = self.domain.strip().removeprefix("@")
        domain = email_key(written) if "@" in written else domain_key(written)
        if not domain or "." not in domain or " " in domain:
            raise Refused(f"“{brief(self.domain)}” is no mail domain and no address.")
        name = " ".join(self.organization.split())
        if not name:
            raise Refused("Name the organization, or none.")
        none = name.casefold() == "none"
        organization_id = NOBODYS if none else organization_of(act, name)
        found = act.connection.value(_RULE, {"domain": domain})
        if found is None:
            act.insert(
                "organization_domains", {"domain": domain}, {"organization_id": organization_id}
            )
        elif found == organization_id:
            return f"{domain} belongs to {'nobody' if none else name} already"
        else:
            act.change("organization_domains", {"domain": domain}, organization_id=organization_id)
        moved = _follow(act, domain, organization_id)
        whose = "nobody" if none else name
        return f"{domain} belongs to {whose}; {moved} customer{'s' * (moved != 1)} moved"


def _follow(act: Act, domain: str, organization_id: int) -> int:
    wanted = organization_id or None
    moved = 0
    for customer_id, present in _concerned(act, domain):
        if present != wanted:
            act.change("customers", customer_id, organization_id=wanted)
            act.subjects.append(("customer", customer_id))
            moved += 1
    return moved


def _concerned(act: Act, domain: str) -> list[tuple[int, int | None]]:
    if "@" in domain:
        rows = act.connection.all(_OF_ADDRESS, {"address": domain})
        return [(row[0], row[1]) for row in rows]
    end = "%@" + domain.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    exceptions = {row[0] for row in act.connection.all(_EXCEPTIONS, {"end": end})}
    rows = act.connection.all(_OF_DOMAIN, {"end": end, "rows": MOVED_AT_ONCE})
    return list(dict((row[0], row[1]) for row in rows if row[2] not in exceptions).items())
