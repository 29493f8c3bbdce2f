"""Turns the demo's turns into entries, as the connectors would have brought them."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.contract import Address, Entry, Party, Recognised, Role
from connectors.mail.message import parse
from console.demo.mails import Mail, render
from console.demo.people import Person, Team

SOURCES = {
    "email": Recognised("mbox", "Support mailbox", "mail"),
    "slack": Recognised("slack", "Slack workspace Tidewater", "slack:T0TIDEWATR"),
    "whatsapp": Recognised("whatsapp", "WhatsApp, reception phone", "whatsapp:reception"),
    "phone": Recognised("calls", "Call log", "calls"),
}
TEAM_PHONE = Address("phone", "+44 7700 900999")


@dataclass(frozen=True, slots=True)
class Agent:
    """Someone of the team, as customers see them."""

    login: str
    name: str

    def party(self, role: Role, channel: str, team: Team) -> Party:
        """Return them as a party of a chat entry on ``slack`` or ``whatsapp``."""
        if channel == "slack":
            handle = Address("handle", f"U0TEAM{self.login.upper()}", team.slack)
            profile = Address("email", f"{self.login}{team.domain}")
            return Party(role, handle, self.name, (profile,))
        return Party(role, TEAM_PHONE, self.name)


def mail_entry(mail: Mail) -> Entry:
    """Return what the mail connector reads in this mail."""
    return parse(render(mail))


def chat_entry(
    channel: str,
    number: int,
    at: int,
    author: Party,
    other: Party,
    subject: str,
    text: str,
    thread: str,
    *,
    outbound: bool,
) -> Entry:
    """Return a chat message on ``slack`` or ``whatsapp``."""
    return Entry(
        external_id=f"{channel}:{at}:{number}",
        at=at,
        channel="chat",
        parties=(author, other),
        subject=subject,
        text=text,
        thread=thread,
        direction="outbound" if outbound else "inbound",
        zone_source="stated" if channel == "slack" else "assumed",
        precision="ms" if channel == "slack" else "min",
        content_key=f"{number}",
    )


def call_entry(number: int, at: int, person: Person, team: Team, subject: str, log: str) -> Entry:
    """Return a call log entry, as an agent wrote it down."""
    return Entry(
        external_id=f"call:{at}:{number}",
        at=at,
        kind="call",
        channel="phone",
        parties=(person.party("author", "phone", team),),
        subject=subject,
        text=log,
        thread=f"call:{person.phone}:{subject}",
        direction="inbound",
        content_key=f"{number}",
    )
