"""What the columns of a table mean, where nobody says it: by their names, then by their values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from db.identity.lookup_keys import words_of

LOOKED_AT = 500
ONCE_SHARE = 0.97  # of the values are there once: a number of the row, not of a person
FEW_VALUES = 60

# In the order in which they are tried; each word, or words joined, of a heading.
_HEADINGS: tuple[tuple[str, str], ...] = (
    ("", "rowid recid recordid entity cluster clusterid uniqueid index trueid"),
    ("email", "email mail emailaddress mailaddress courriel correo"),
    ("phone", "phone telephone tel mobile cell phonenumber telefon telefono handy fax"),
    ("date", "dob birthdate birthday dateofbirth born birth date geburtsdatum birthdt"),
    ("zip", "zip zipcode postcode postalcode postal plz postcodefake cap"),
    ("first_name", "firstname first givenname given forename vorname prenom middlename fname"),
    ("last_name", "lastname last surname familyname family nachname lname"),
    ("company", "company organization organisation org employer firm business firma companyname"),
    ("house", "streetnumber housenumber streetno houseno number hausnummer"),
    ("street", "street address address1 addressline addressline1 streetaddress strasse road"),
    ("city", "city town suburb place birthplace locality county region village ort stadt"),
    ("code", "state sex gender country province title salutation type land"),
    ("id", "ssn socsecid socialsecurity taxid customerid accountid account passport insurance "
           "vat customerno customernumber memberid nationalid externalid"),
    ("name", "name fullname displayname contact person customer firstandsurname contactname"),
)  # fmt: skip


def guess_kinds(headings: Sequence[str], rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return column to kind; what tells nobody apart is left out.

    Args:
        headings: Of the columns.
        rows: Of the table; the first are looked at.
    """
    looked_at = [row for _, row in zip(range(LOOKED_AT), rows, strict=False)]
    found = {}
    for heading in headings:
        cells = [cell for row in looked_at if (cell := (row.get(heading) or "").strip())]
        kind = _by_heading(heading)
        if kind is None:
            kind = _by_values(cells)
        numbered = kind == "house" and len(set(cells)) >= ONCE_SHARE * len(cells)
        if kind and cells and not (numbered and len(cells) > FEW_VALUES):
            found[heading] = kind
    return found


def _by_heading(heading: str) -> str | None:
    """Return the kind that a heading names; empty for a number of the row, None for no answer."""
    words = words_of(heading.replace("_", " "))
    joined = "".join(words)
    for kind, names in _HEADINGS:
        if joined in names.split():
            return kind
    for kind, names in _HEADINGS[1:]:
        if kind != "id" and any(word in names.split() for word in words):
            return kind
    return "" if joined == "id" or joined.endswith("rowid") else None


def _by_values(cells: Sequence[str]) -> str:
    if not cells:
        return ""
    different = len(set(cells))
    if different == 1:
        return ""
    if sum("@" in cell for cell in cells) > 0.8 * len(cells):
        return "email"
    if different <= FEW_VALUES and different < 0.2 * len(cells):
        return "code"
    digits = sum(any(letter.isdigit() for letter in cell) for cell in cells)
    if digits > 0.9 * len(cells) and all(" " not in cell for cell in cells):
        return "" if different >= ONCE_SHARE * len(cells) else "id"
    return "text"
