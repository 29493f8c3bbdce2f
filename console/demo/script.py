"""The order of events: every arrival and every act of the fictional months, by time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.contract import Entry
from console.demo.entries import Agent, call_entry, chat_entry, mail_entry
from console.demo.mails import Mail
from console.demo.people import Cast, Person
from console.demo.stories import DAY, HOUR, MINUTE, Plot, Story, Turn, tell


@dataclass(slots=True)
class Thread:
    """What a case's steps have in common while the script runs.

    Attributes:
        origin: ``(channel, external id)`` of its first entry; None until that arrived.
        last_mail: The newest mail, which the next one answers.
    """

    subject: str
    person: Person
    key: str
    origin: tuple[str, str] | None = None
    last_mail: Mail | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens.

    Attributes:
        entry: Makes what arrives, for arrivals.
        channel: Through which source it arrives.
        command: Name and arguments of a command, without the case number; for acts.
        agent: Login of who acts.
    """

    at: int
    order: int
    thread: Thread | None
    entry: Callable[[], Entry] | None = None
    channel: str = ""
    command: tuple[str, ...] = ()
    agent: str = ""


@dataclass(slots=True)
class Script:
    """Collects steps; numbers them so that equal times keep their order."""

    cast: Cast
    agents: dict[str, Agent]
    chance: random.Random
    now: int
    steps: list[Step] = field(default_factory=list)

    def _number(self) -> int:
        return len(self.steps)

    def act(self, at: int, agent: str, thread: Thread | None, *command: str) -> None:
        """Add an act of an agent."""
        if at <= self.now:
            step = Step(at, self._number(), thread, command=command, agent=agent)
            self.steps.append(step)

    def mail(self, thread: Thread, turn: Turn, *, agent: str, language: str, subject: str) -> None:
        """Add a mail, from the customer or (with ``agent``) from the team."""
        number = self._number()
        person, team = thread.person, self.cast.team
        house = person.organization
        domain = (team.address if agent else person.email).split("@")[1]
        us = (self.agents[agent].name if agent else team.name, team.address)
        them = (person.name, person.email)
        rich = self.chance.random() < 0.3
        signature = f"{person.name}\n{person.title}, {house.name}\n{person.phone}"
        if agent or self.chance.random() < 0.4:
            signature = f"{us[0]}\n{team.name}, booking software for small hotels" if agent else ""

        def make() -> Entry:
            mail = Mail(
                message_id=f"demo-{number}@{domain}",
                sender=us if agent else them,
                to=them if agent else (team.name, team.address),
                at=turn.at,
                zone="Europe/Berlin" if agent else house.zone,
                subject=subject,
                text=turn.text,
                language=language,
                answers=thread.last_mail,
                signature=signature,
                attachment=turn.attachment,
                rich=rich,
            )
            thread.last_mail = mail
            return mail_entry(mail)

        self.steps.append(Step(turn.at, number, thread, entry=make, channel="email"))

    def chat(self, thread: Thread, turn: Turn, channel: str, *, agent: str) -> None:
        """Add a chat message, from the customer or (with ``agent``) from the team."""
        number = self._number()
        team = self.cast.team
        us = self.agents[agent or "ben"].party("author" if agent else "participant", channel, team)
        them = thread.person.party("author" if not agent else "participant", channel, team)
        pair = (us, them) if agent else (them, us)
        key = f"{channel}:{thread.key}"

        def make() -> Entry:
            return chat_entry(
                channel,
                number,
                turn.at,
                *pair,
                thread.subject,
                turn.text,
                key,
                outbound=bool(agent),
            )

        self.steps.append(Step(turn.at, number, thread, entry=make, channel=channel))

    def call(self, thread: Thread, turn: Turn) -> None:
        """Add a call with its log."""
        number = self._number()
        team = self.cast.team

        def make() -> Entry:
            return call_entry(number, turn.at, thread.person, team, thread.subject, turn.text)

        self.steps.append(Step(turn.at, number, thread, entry=make, channel="phone"))

    def plot(self, plot: Plot) -> None:
        """Add everything that happens in one customer's case."""
        thread = Thread(plot.subject, plot.person, f"{self._number()}")
        taken = False
        for turn in plot.turns:
            who = turn.who
            if who in "anp" and not taken and plot.agent:
                taken = True
                self._take(plot, thread, turn.at - MINUTE)
            if who == "n":
                self.act(turn.at, plot.agent, thread, "note.add", turn.text)
            elif who == "p":
                self.call(thread, turn)
            elif who in "ws" or plot.channel != "email":
                way = {"w": "whatsapp", "s": "slack"}.get(who, plot.channel)
                self.chat(thread, turn, way, agent=plot.agent if who == "a" else "")
            else:
                agent = plot.agent if who == "a" else ""
                language = plot.story.language
                self.mail(thread, turn, agent=agent, language=language, subject=plot.subject)
        if plot.finished and plot.turns:
            end = plot.turns[-1].at + int(self.chance.uniform(0.1, 20) * HOUR)
            how = self.chance.choice(("answer", "answer", "answer", "fix", "workaround"))
            self.act(end, plot.agent, thread, "case.resolve", how)

    def _take(self, plot: Plot, thread: Thread, at: int) -> None:
        self.act(at, plot.agent, thread, "case.take")
        self.act(at, plot.agent, thread, "case.move", plot.story.queue)
        for tag in plot.story.tags:
            self.act(at, plot.agent, thread, "case.tag", tag)
        if plot.story.urgency != "normal":
            self.act(at, plot.agent, thread, "case.urgency", plot.story.urgency)


def cast_plots(
    script: Script, stories: tuple[Story, ...], people: list[Person], logins: list[str]
) -> None:
    """Let the stories happen: most long ago and finished, the last days still going on."""
    chance, now = script.chance, script.now
    by_language: dict[str, list[Story]] = {}
    for story in stories:
        by_language.setdefault(story.language, []).append(story)
    for number in range(520):
        person = chance.choice(people)
        native = by_language.get(person.organization.language, [])
        english = by_language["en"]
        story = chance.choice(native if native and chance.random() < 0.6 else english)
        current = number >= 470
        length = len(story.turns)
        if current:
            last = chance.randint(1, max(1, length - 1))
            end = now - int(chance.triangular(0.2, 80, 4) * HOUR)
        else:
            last = length
            end = now - int((5 + 535 * chance.random() ** 1.6) * DAY)
        fresh = current and last == 1
        agent = "" if fresh and chance.random() < 0.7 else chance.choice(logins)
        plot = tell(story, person, agent, chance, now=now, end=end, last=last)
        script.plot(plot)
