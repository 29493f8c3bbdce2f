"""People as a census has them, for measurement: real frequencies, two dozen locales.

Two packages that the product does not need bring the names: ``pip install names Faker``. Nobody is
described: a given name and a surname are drawn apart.
"""

from __future__ import annotations

import random
from bisect import bisect
from importlib.util import find_spec
from pathlib import Path

from bench.names import Person

CENSUS_SHARE = 0.55
COMPANY_SHARE = 0.6
PHONE_SHARE = 0.7
_LOCALES = """
de_DE fr_FR es_ES it_IT pt_BR nl_NL pl_PL sv_SE da_DK fi_FI cs_CZ hu_HU ro_RO tr_TR en_GB en_IN
ru_RU uk_UA el_GR zh_CN ja_JP ko_KR ar_SA he_IL
""".split()
_HOSTS = ("gmail.example", "hotmail.example", "yahoo.example", "outlook.example", "web.example")
_COUNTRIES = (1, 1, 1, 7, 30, 31, 33, 34, 39, 44, 46, 48, 49, 55, 81, 86, 90, 91)


class _Drawn:
    """Words with their cumulative frequency."""

    def __init__(self, name: str) -> None:
        found = find_spec("names")
        if found is None or found.origin is None:
            raise SystemExit("This bench draws names from a census: pip install names Faker")
        lines = (Path(found.origin).parent / name).read_text(encoding="ascii").splitlines()
        rows = [line.split() for line in lines if line.strip()]
        self._words = [row[0].title() for row in rows]
        self._shares = [float(row[2]) for row in rows]

    def draw(self, draw: random.Random) -> str:
        """Return a word as often as it is borne."""
        return self._words[min(len(self._words) - 1, bisect(self._shares, draw.random() * 90))]


class CensusPeople:
    """Hands out people, the same ones for the same seed."""

    def __init__(self, seed: int = 1, companies: int = 15_000) -> None:
        from faker import Faker

        self._random = random.Random(seed)
        self._given = (_Drawn("dist.female.first"), _Drawn("dist.male.first"))
        self._last = _Drawn("dist.all.last")
        self._fakers = [Faker(locale) for locale in _LOCALES]
        for place, faker in enumerate(self._fakers):
            faker.seed_instance(seed + place)
        self._companies = [
            self._random.choice((self._fakers[14], *self._fakers[:15])).company()
            for _ in range(companies)
        ]
        self._addresses: dict[str, int] = {}

    def person(self) -> Person:
        """Return the next one."""
        draw = self._random
        name = self._name()
        company = draw.choice(self._companies) if draw.random() < COMPANY_SHARE else ""
        words = "".join(c for c in company.lower() if c.isascii() and c.isalnum())[:14]
        domain = f"{words}.example" if words else ""
        phone = ""
        if draw.random() < PHONE_SHARE:
            phone = f"+{draw.choice(_COUNTRIES)}{draw.randrange(2 * 10**8, 10**10)}"
        host = domain if domain and draw.random() < 0.8 else draw.choice(_HOSTS)
        return Person(name, company, domain, self._email(name, host), phone)

    def _name(self) -> str:
        draw = self._random
        if draw.random() >= CENSUS_SHARE:
            faker = draw.choice(self._fakers)
            return f"{faker.first_name()} {faker.last_name()}"
        given = draw.choice(self._given)
        middle = f" {given.draw(draw)}" if draw.random() < 0.1 else ""
        return f"{given.draw(draw)}{middle} {self._last.draw(draw)}"

    def _email(self, name: str, host: str) -> str:
        from anyascii import anyascii

        draw = self._random
        words = ["".join(filter(str.isalnum, word)) for word in anyascii(name).lower().split()]
        words = [word for word in words if word] or ["someone"]
        first, last = words[0], words[-1]
        local = draw.choice(
            (f"{first}.{last}", f"{first[0]}{last}", f"{first}{last}", f"{last}{first[0]}", first)
        )
        if draw.random() < 0.3:
            local += str(draw.randrange(1, 100))
        times = self._addresses[local + host] = self._addresses.get(local + host, 0) + 1
        return f"{local}@{host}" if times == 1 else f"{local}.{times}@{host}"
