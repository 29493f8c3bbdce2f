"""The same sixteen ways to be wrong by another hand: a check that nothing was made to measure.

Names are typed as people write them (capitals, commas, accents), slips fall on any letter, numbers
are fragments from anywhere, companies keep their legal form.
"""

from __future__ import annotations

import random
import re

from bench.names import Person
from bench.slips import Kind, nicknames

_ALPHABET = "etaoinshrdlucmfwypvbgkjqxz"
_ALIKE = {"rn": "m", "m": "rn", "cl": "d", "vv": "w", "ae": "e", "oo": "u", "au": "o", "gh": "g"}
_GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"}
)
_SPELT = """
aaron aron | agnes agnez | aleksandra alexandra | andre andrew | antonio anthony | beatrix
beatrice | bryan brian | carla karla | caroline carolyn | cheryl sheryl | claire clare | clara
klara | conrad konrad | dominic dominick | elena helena | ella ela | emilie emily | erika erica |
felicia phelicia | filip philip | gabriela gabriella | gerald jerald | gillian jillian | giovanna
joanna | harriet harriett | isaac isaak | ivan ivann | jamie jaime | janet janette | jared jarod |
jenifer jennifer | jessie jessy | joel joell | johan johann | jonathan jonathon johnathan | joseph
josef | judith judyth | julian julien | justin justyn | katharina catarina | lilian lillian |
louis luis | louise luise | lucas lukas | lucy lucie | luke luc | madeline madeleine | marcus
markus | margaret margret | maria mariah | martin marten | mattias matthias | melissa mellisa |
meredith meridith | miriam myriam | monica monika | natalie nathalie | nathan nathen | oliver
olivier | pamela pamella | patric patrick | paula paola | peter pieter petr | rachael rachel |
ralf ralph | randall randal | raphael rafael | regina rejina | robyn robin | roland rolland |
ruben reuben | samantha samanta | sandra zandra | sebastian sebastien | sheila shiela | sidney
sydney | silvia sylvia | simon simone | susan suzan | suzanne susanne | tania tanya | theodor
theodore | timothy timothee | tomas thomas | valerie valery | veronica veronika | viktor victor |
walter valter | yvonne ivonne | zach zack | zoe zoey | adams addams | anthony antony | armstrong
armstong | baker backer | barker parker | beck bek | becker bekker | berger burger | blackwell
blackwel | brooks brookes | bryant briant | carroll carrol | carter karter | chapman chapmann |
cohen coen kohn | coleman colman | connor conner | cooper kooper | cunningham cuningham | daniels
daniells | dixon dickson | douglas douglass | edwards edwardes | evans evens | ford forde | foster
forster | frances francis | freeman freemann | friedman freedman | gardner gardiner | garner
garnier | gibbs gibs | gilbert gilberd | goodman goodmann | graham grahame | griffin griffen |
harper harpper | harrison harisson | hart hartt | henderson hendersen | henry henri | hicks hix |
hill hyll | holmes homes | howard howerd | hudson hudsen | hunter huntor | jackson jacksen |
jacobs jakobs | jenkins jenkyns | jordan jorden | kaufman kauffman kaufmann | keller kellar |
kennedy kenedy | kim kym | knight night | koch cock | lambert lamberd | larson larsen | lawson
lawsen | leonard lennard | long lang | lynch linch | macdonald mcdonald | marshall marshal |
martin martyn | mason maison | mccarthy macarthy | mckenzie mackenzie | mitchell mitchel |
montgomery montgomry | morgan morgen | morrison morrisson | myers miers | newman newmann neumann |
nguyen ngyuen | nelson nellson | neal neil | oconnor oconner | ortiz ortis | owens owen | parker
parcer | patterson paterson | payne paine | peters peeters | philips phillips | powell powel |
ramirez ramires | reynolds renolds | richards richardes | roberts robberts | robinson robertson |
rose roze | ross roos | ruiz ruis | ryan ryann | sanders saunders | sanchez sanches | schaefer
schafer shaffer | scott skott | shaw shawe | shelton shelten | simmons simons | simpson simson |
spencer spenser | stanley stanly | stephens stevens | stone stohn | sullivan sulivan | torres
tores | tucker tuker | turner terner | vasquez vazquez | walker waalker | wallace wallis | warren
waren | watson whatson | weaver weever | weber webber | webb web | wells welles | west vest |
wheeler weeler | williams willams | wilson willson | wood woods | wyatt wiatt | young yung
"""
_GROUPS = [group.split() for group in _SPELT.split("|")]
_OTHERS = {word: [one for one in group if one != word] for group in _GROUPS for word in group}
_MIDDLES = (
    "Alexander Beth Claire David E. Faye Grace Henry Irene J. K. Louise Michael Rose T.".split()
)


def _strike(text: str, draw: random.Random) -> str:
    """Return a text with one letter hit wrongly, anywhere."""
    places = [at for at, letter in enumerate(text) if letter.isalpha()]
    if len(places) < 3:
        return text
    at = draw.choice(places)
    kind = draw.random()
    if kind < 0.25:
        return text[:at] + text[at + 1 :]
    if kind < 0.45:
        return text[:at] + text[at] * 2 + text[at + 1 :]
    if kind < 0.65 and at + 1 < len(text) and text[at + 1].isalpha():
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind < 0.75:
        fits = [piece for piece in _ALIKE if piece in text]
        if fits:
            piece = draw.choice(fits)
            return text.replace(piece, _ALIKE[piece], 1)
    return text[:at] + draw.choice(_ALPHABET) + text[at + 1 :]


def _struck(text: str, times: int, draw: random.Random) -> str | None:
    letters = sum(letter.isalpha() for letter in text)
    if letters < 4 + 3 * times:
        return None
    out = text
    for _ in range(times):
        out = _strike(out, draw)
    return None if out == text else out


def _names(person: Person) -> list[str]:
    return person.name.split()


def _swapped(person: Person, draw: random.Random) -> str | None:
    words = _names(person)
    if len(words) < 2:
        return None
    return _struck(f"{words[-1]}{draw.choice((', ', ' '))}{' '.join(words[:-1])}", 1, draw)


def _called(person: Person, draw: random.Random) -> str | None:
    words = _names(person)
    forms = nicknames().get(words[0].lower(), []) if len(words) > 1 else []
    return f"{draw.choice(forms).title()} {words[-1]}" if forms else None


def _spelt(person: Person, draw: random.Random, place: int) -> str | None:
    words = _names(person)
    forms = _OTHERS.get(words[place].lower(), []) if len(words) > 1 else []
    if not forms:
        return None
    words[place] = draw.choice(forms).title()
    return " ".join(words)


def _initial_there(person: Person, draw: random.Random) -> str | None:
    if not person.company or not person.name[0].isascii():
        return None
    return f"{person.name[0]}{draw.choice(('. ', ' '))}{person.company}"


def _start(person: Person, draw: random.Random) -> str | None:
    words = _names(person)
    if len(words) < 2 or len(words[-1]) < 4 or not person.name.isascii():
        return None
    return f"{' '.join(words[:-1])} {words[-1][: draw.randint(3, len(words[-1]) - 1)]}"


def _mail(person: Person, draw: random.Random) -> str | None:
    return None if len(person.email) < 12 else _struck(person.email, 1, draw)


def _digits(person: Person, draw: random.Random) -> str | None:
    digits = person.phone.lstrip("+")
    if not digits:
        return None
    size = draw.randint(6, 8)
    at = draw.choice((len(digits) - size, draw.randint(2, max(2, len(digits) - size))))
    part = digits[max(0, at) :][:size]
    return f"{part[:3]}{draw.choice((' ', '-', ''))}{part[3:]}"


def _there(person: Person, draw: random.Random) -> str | None:
    return _struck(person.company, 1, draw) if person.company else None


def _first_there(person: Person, draw: random.Random) -> str | None:
    there = _there(person, draw)
    return f"{_names(person)[0]} {there}" if there else None


def _together(person: Person, draw: random.Random) -> str | None:
    words = _names(person)
    if len(words) < 2 or not person.name.isascii():
        return None
    return draw.choice(("", "-", "_")).join(words)


def _middle(person: Person, draw: random.Random) -> str | None:
    words = _names(person)
    return f"{words[0]} {draw.choice(_MIDDLES)} {words[-1]}" if len(words) > 1 else None


def _plain(person: Person, draw: random.Random) -> str | None:
    from anyascii import anyascii

    if person.name.isascii():
        return None
    if re.search("[äöüßøåæ]", person.name.lower()):
        return anyascii(person.name.lower().translate(_GERMAN))
    return anyascii(person.name)


KINDS: dict[str, Kind] = {
    "one slip": lambda one, draw: _struck(one.name, 1, draw),
    "two slips": lambda one, draw: _struck(one.name, 2, draw),
    "swapped, a slip": _swapped,
    "nickname": _called,
    "first spelt otherwise": lambda one, draw: _spelt(one, draw, 0),
    "last spelt otherwise": lambda one, draw: _spelt(one, draw, -1),
    "initial, company": _initial_there,
    "start of the name": _start,
    "address before @": lambda one, _: one.email.partition("@")[0],
    "address, a slip": _mail,
    "phone fragment": _digits,
    "company, a slip": _there,
    "first, company slip": _first_there,
    "joined": _together,
    "wrong middle": _middle,
    "ASCII only": _plain,
}
