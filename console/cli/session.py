"""What one run of ``centric`` was told: which store, which agent, which configuration."""

from __future__ import annotations

import os
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING

import click

from console.cli.elsewhere import check_url
from console.config import Config, ConfigError, default_store_path, load_config
from console.splash import Splash
from db.frozen import dataclass

if TYPE_CHECKING:
    from db.records import AgentRow
    from db.store import Store


@dataclass
class Session:
    """The choices of the command line, completed from environment and configuration.

    Attributes:
        store_option: ``--store``; empty when it was not given.
        agent_option: ``--agent``; empty when it was not given.
        theme_option: ``--theme``; empty when it was not given.
        no_mouse: ``--no-mouse`` was given.
        splash: What stands on the screen until the desk draws.
    """

    store_option: str = ""
    agent_option: str = ""
    theme_option: str = ""
    no_mouse: bool = False
    splash: Splash = field(default_factory=lambda: Splash(shown=False))

    @cached_property
    def config(self) -> Config:
        """Read the configuration once, and say what in it was not understood."""
        config = load_config()
        for complaint in config.complaints:
            say(complaint)
        return config

    @property
    def store_url(self) -> str:
        """Return the store: ``--store``, ``CENTRIC_STORE``, configuration, default place.

        Raises:
            ConfigError: There is no home folder to look in.
            Elsewhere: It is on another machine.
        """
        told = self.store_option or os.environ.get("CENTRIC_STORE", "") or self.config.store
        if told:
            return check_url(told)
        place = default_store_path()
        if not place.is_absolute():
            raise ConfigError("You have no home folder here: name a store with --store PATH.")
        return str(place)

    @property
    def store_path(self) -> str:
        """Return the store as a path of the file system."""
        return os.path.expanduser(self.store_url.removeprefix("sqlite:///"))

    @property
    def login(self) -> str:
        """Return who the agent is: ``--agent``, configuration, an answer, the system's user."""
        return self.agent_option or self.config.agent or self._answered or self.system_login

    @property
    def system_login(self) -> str:
        """Return the operating system's name for who runs this."""
        return system_user()

    @cached_property
    def _answered(self) -> str:
        from console.cli.known_people import known_people, seat

        known = known_people()
        return known.get(seat(self.store_path, self.system_login), "") if known else ""

    def open(self, *, create: bool = False) -> Store:
        """Open the store.

        Raises:
            StoreError: There is none, or it cannot be opened.
        """
        from db.store import open_store

        store = open_store(self.store_url, create=create)
        click.get_current_context().call_on_close(store.close)
        return store

    def agent(self, store: Store) -> AgentRow:
        """Return the agent's row, made at the first use."""
        from db.agents import agent_for

        return agent_for(store.engine, self.login, self.config.name or self.login)

    def agent_id(self, store: Store) -> int:
        """Return the agent's number for questions, without making a row; 0 for a stranger."""
        from db.engine.own_login import own_login
        from db.queries.desk import agents

        login = own_login(store.engine)[0] or self.login
        return next((row.agent_id for row in store.ask(agents) if row.login == login), 0)


def system_user() -> str:
    """Return the operating system's name for who runs this.

    Raises:
        ConfigError: It has none.
    """
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError) as error:
        raise ConfigError("The system does not say who you are: use --agent LOGIN.") from error


def say(sentence: str) -> None:
    """Write a sentence to standard error; what strangers wrote in it cannot act."""
    from console.text import clean

    click.echo(clean(sentence), err=True)
