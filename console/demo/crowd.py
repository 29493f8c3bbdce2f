"""Invented people for a large store: names in several scripts, companies, addresses, numbers.

Given names and surnames are drawn with falling frequency, so that a hundred thousand people have
their Smiths and their only ones; most surnames are composed, so that no list of real people is
needed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

_GIVEN = """
james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan
joseph jessica thomas sarah charles karen christopher lisa daniel nancy matthew betty anthony sandra
mark margaret donald ashley steven kimberly andrew emily paul donna joshua michelle kenneth carol
kevin amanda brian melissa george deborah timothy stephanie ronald rebecca edward laura jason helen
jeffrey sharon ryan cynthia jacob kathleen gary amy nicholas angela eric shirley jonathan anna
stephen ruth larry brenda justin pamela scott nicole brandon katherine benjamin samantha samuel
christine gregory emma alexander catherine patrick virginia frank rachel raymond carolyn jack janet
dennis maria jerry heather tyler diane aaron julie jose joyce adam victoria nathan kelly henry
christina zachary joan douglas evelyn peter lauren kyle judith noah olivia ethan martha jeremy
cheryl walter megan christian andrea keith ann austin alice roger jean terry doris sean jacqueline
gerald kathryn carl hannah dylan julia harold gloria jordan teresa jesse sara bryan janice lawrence
marie arthur grace gabriel theresa bruce sophia logan beverly billy denise joe amber juan danielle
""".split()
_EUROPEAN = """
José María Jürgen Søren Åsa Björn Zoë Anaïs François Hélène Gonçalo João Inês Łukasz Małgorzata
Žofia Jiří Zdeněk Šárka Çağla Ömer Gülşen İbrahim Özgür Mihály Zsófia Ángel Begoña Siân Niamh
Françoise Noël Renée Günther Käthe Jörg Märta Øyvind Kjære Dušan Živka Ştefan Ioana Ădám
""".split()
_STEMS = """
ander bair beck bell berg black brad bram brook burn camp carl cart chand clay cole cran craw dal
dan den dick dunn east edge ell evan fair farr fen fern finch flet ford fox gal gar gib glen gold
good grant gray green hal ham hard hart haw hay heath hill hol horn hud hunt hux ing jack jar jen
jor kel ken kil king kirk lam lan law lee leigh len lin lock long low mac mal mar mars mead mel mer
mid mil mor moss nash nel new nor oak old par pat pem pen per pol por pres quin ram rand red reed
rich rob rock ros row rus sand sel sey shel sher sin stan stead stock stone sum sut swan tal tan
tem thor thorn til tre tur van wad wal ward wat way web wel wes whit wil win wood wor wy york
""".split()
_ENDS = """
son ton ley ford well man field worth more land wood er by croft den dale ham ing ington ridge
shaw stead stone wick win ard berg sen sson ski ova ez ini elli eau ard ing akis opoulos yan adze
""".split()
_SPANISH = """
García Martínez López Sánchez Pérez Gómez Fernández Rodríguez Muñoz Núñez Peña Ibáñez Gutiérrez
Müller Schröder Größmann Weiß Jäger Böhm Köhler Krüger Dvořák Novák Černý Kowalczyk Wójcik Błaszczyk
Yılmaz Çelik Öztürk Şahin Nguyễn Trần Phạm Horváth Szűcs Ångström Sjöberg Østergaard Lefèvre Bézout
""".split()
_CYRILLIC = (
    "Юлия Анна Мария Сергей Дмитрий Алексей Екатерина Ольга Наталья Иван Пётр Николай".split(),
    "Иванова Петрова Смирнов Кузнецов Попов Соколова Лебедев Козлов Новикова Морозов".split(),
)
_GREEK = (
    "Γιώργος Ελένη Δημήτρης Μαρία Νίκος Κατερίνα Σπύρος".split(),
    "Παπαδόπουλος Γεωργίου Νικολάου Αντωνίου Παππάς Οικονόμου".split(),
)
_HAN = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗",
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉萍红",
)
_KANA = (
    "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤".split(),
    "陽菜 翔太 美咲 大輔 さくら 健太 由美 直樹 恵子 拓也".split(),
)
_ARABIC = (
    "محمد أحمد فاطمة علي خالد مريم يوسف ليلى عمر سارة".split(),
    "الحسن المصري الشامي النجار الخطيب حداد العلي".split(),
)
_HANGUL = ("김이박최정강조윤장임", "민준서연하은지우도윤수빈예진현우지민")
_TRADES = """
Systems Logistics Foods Instruments Textiles Robotics Partners Holdings Labs Energy Media Works
Studio Insurance Clinics Motors Tools Paper Networks Optics Shipping Farms Press Academy Analytics
""".split()
_FORMS = ("Ltd", "Inc", "GmbH", "AG", "BV", "S.A.", "AB", "", "", "", "LLC", "Oy")
_MAIL_HOSTS = ("mail.example", "post.example", "inbox.example", "web.example")


@dataclass(frozen=True, slots=True)
class Person:
    """Someone invented.

    Attributes:
        company: May be empty.
        email: Local part made from the name, as people do.
        phone: ``+`` and digits; may be empty.
    """

    name: str
    company: str
    domain: str
    email: str
    phone: str


class People:
    """Hands out invented people, the same ones for the same seed."""

    def __init__(self, seed: int = 1, companies: int = 8_000) -> None:
        self._random = random.Random(seed)
        self._companies = [self._company() for _ in range(companies)]
        self._numbers: dict[str, int] = {}

    def surname(self) -> str:
        """Return a surname: some are common, most are rare."""
        draw = self._random
        kind = draw.random()
        if kind < 0.12:
            return _rare_first(draw, _SPANISH)
        stem, end = draw.choice(_STEMS), draw.choice(_ENDS)
        if kind < 0.35:  # the common ones
            stem, end = _rare_first(draw, _STEMS), _rare_first(draw, _ENDS[:12])
        middle = draw.choice(_STEMS) if kind > 0.9 else ""
        return (stem + middle + end).title()

    def person(self) -> Person:
        """Return the next one."""
        draw = self._random
        name, ascii_name = self._name()
        company, domain = draw.choice(self._companies) if draw.random() < 0.6 else ("", "")
        host = domain or draw.choice(_MAIL_HOSTS)
        phone = f"+{draw.choice((1, 33, 44, 46, 49, 81))}{draw.randrange(10**8, 10**9)}"
        return Person(
            name,
            company,
            domain,
            self._email(ascii_name, host),
            phone if draw.random() < 0.5 else "",
        )

    def _name(self) -> tuple[str, str]:
        """Return a full name and what its owner would write in ASCII."""
        from anyascii import anyascii

        draw = self._random
        kind = draw.random()
        if kind < 0.72:
            name = f"{_rare_first(draw, _GIVEN).title()} {self.surname()}"
            if draw.random() < 0.12:
                given, last = name.split(" ", 1)
                name = f"{given} {draw.choice(_GIVEN).title()} {last}"
        elif kind < 0.86:
            name = f"{draw.choice(_EUROPEAN)} {self.surname()}"
        elif kind < 0.92:
            first_names, surnames = draw.choice((_CYRILLIC, _GREEK))
            ending = "" if draw.random() < 0.3 else f"-{draw.choice(surnames)}"
            name = f"{draw.choice(first_names)} {draw.choice(surnames)}{ending}"
        elif kind < 0.95:
            name = draw.choice(_HAN[0]) + "".join(draw.choices(_HAN[1], k=draw.choice((1, 2, 2))))
        elif kind < 0.97:
            name = f"{draw.choice(_KANA[0])} {draw.choice(_KANA[1])}{draw.choice('子美郎一二香')}"
        elif kind < 0.985:
            name = f"{draw.choice(_ARABIC[0])} {draw.choice(_ARABIC[0])} {draw.choice(_ARABIC[1])}"
        else:
            name = draw.choice(_HANGUL[0]) + "".join(draw.choices(_HANGUL[1], k=2))
        return name, anyascii(name)

    def _company(self) -> tuple[str, str]:
        draw = self._random
        base = f"{self.surname()} {draw.choice(_TRADES)}"
        if draw.random() < 0.2:
            base = f"{self.surname()} & {base}"
        domain = "".join(letter for letter in base.lower() if letter.isascii() and letter.isalnum())
        return f"{base} {draw.choice(_FORMS)}".strip(), f"{domain}.example"

    def _email(self, ascii_name: str, host: str) -> str:
        draw = self._random
        words = ["".join(c for c in word.lower() if c.isalnum()) for word in ascii_name.split()]
        words = [word for word in words if word] or ["user"]
        first, last = words[0], words[-1]
        local = draw.choice(
            (f"{first}.{last}", f"{first[0]}{last}", f"{first}_{last}", last, f"{last}.{first[0]}")
        )
        address = f"{local}@{host}"
        times = self._numbers[address] = self._numbers.get(address, 0) + 1
        return address if times == 1 else f"{local}{times}@{host}"


def _rare_first(draw: random.Random, words: list[str]) -> str:
    """Draw with falling frequency: the first words are common."""
    return words[int(len(words) * draw.random() ** 2.2)]
