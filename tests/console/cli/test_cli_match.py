"""``centric match`` on tables as people have them: any separation, headings of their own."""

from __future__ import annotations

import csv
import io

import pytest

from bench.dirty import customers


@pytest.fixture
def people(tmp_path):
    """Return a table of dirty customers, with the truth beside it."""
    rows = customers(300)
    path = tmp_path / "people.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["number", *rows[0]])
        writer.writeheader()
        writer.writerows({"number": f"r{place}", **row} for place, row in enumerate(rows))
    return path


def test_pairs_are_told_with_zone_score_person_and_reasons(centric, people):
    said = centric("match", str(people), "--id", "number", "-o", "csv",
                   "--map", "first_name=first_name,surname=last_name",
                   "--map", "dob=date", "--map", "email=email")  # fmt: skip
    assert said.code == 0
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert {row["zone"] for row in rows} == {"linked", "suggested"}
    assert all(0.5 <= float(row["score"]) <= 1 for row in rows)
    linked = next(row for row in rows if row["zone"] == "linked")
    assert linked["one"].startswith("r")
    assert "email same: " in linked["reasons"]
    assert len(rows) > 200


def test_every_row_gets_its_person(centric, people):
    said = centric("match", str(people), "--rows", "-o", "ndjson")
    assert [line["row"] for line in said.lines()] == [str(n) for n in range(1, 301)]
    assert 1 <= max(line["size"] for line in said.lines()) < 20
    assert said.err.startswith("Compared: first_name=first_name, surname=last_name, dob=date")


def test_two_tables_with_other_headings_are_matched(centric, tmp_path, people):
    rows = customers(300)
    other = tmp_path / "leads.csv"
    lines = [f"{row['first_name']} {row['surname']};{row['email']}" for row in rows]
    other.write_bytes("\n".join(["Name;Mail", *lines, "Jürgen Größ;"]).encode("cp1252"))
    mine = tmp_path / "mine.csv"
    mine.write_text("\n".join(["who\taddress", *(line.replace(";", "\t") for line in lines[:40])]))
    said = centric("match", str(mine), str(other), "--map", "who:Name=name,address:Mail=email",
                   "-o", "json")  # fmt: skip
    assert said.code == 0
    assert {row["one"] for row in said.json()} <= {str(number) for number in range(1, 41)}


def test_a_number_alone_is_no_heading_to_guess_from(centric, tmp_path):
    path = tmp_path / "numbers.csv"
    path.write_text("id\n1\n2\n")
    said = centric("match", str(path))
    assert (said.code, said.out) == (2, "")
    assert "--map COLUMN=KIND" in said.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--map", "surname=nonsense"), "There is no kind “nonsense”"),
        (("--map", "nobody=name"), "There is no column “nobody”"),
        (("--map", "name"), "“name” is no mapping"),
        (("--id", "nobody"), "There is no column “nobody”"),
    ],
)
def test_what_was_not_understood_is_told_with_what_there_is(centric, people, arguments, sentence):
    said = centric("match", str(people), *arguments)
    assert said.code == 2
    assert sentence in said.err


def test_a_missing_or_empty_file_is_told(centric, tmp_path):
    assert "cannot be read" in centric("match", str(tmp_path / "no.csv")).err
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert "is empty" in centric("match", str(empty)).err


SIGNED = "The lamp.\n\nKind regards\nAna Kowalczyk\nPhone +49 30 901820\n"


def letter(number, sender, text):
    return (
        f"From x@mail.example Mon Nov  3 12:00:{number:02} 2025\nFrom: {sender}\n"
        f"To: Desk <desk@ours.example>\nSubject: Lamp {number}\n"
        f"Date: Mon, 03 Nov 2025 12:00:{number:02} +0000\nMessage-ID: <{number}@m.example>\n\n"
        f"{text}\n\n"
    )


def test_an_import_suggests_and_why_tells_the_sentence_first(centric, tmp_path):
    box = tmp_path / "box.mbox"
    others = [f"P{n} Q{n} <p{n}.q{n}@c{n}.example>" for n in range(30)]
    mails = [letter(1, "Ana Kowalczyk <ana.kowalczyk@moreno.example>", SIGNED)]
    mails += [letter(2, "Ana Kowalczyk <ana.kowalczyk@lampen.example>", SIGNED)]
    mails += [letter(3 + n, other, "Hello") for n, other in enumerate(others)]
    box.write_text("".join(mails))
    centric("import", str(box), "--us", "desk@ours.example", "--yes")
    (pair,) = centric("matches", "-o", "json").json()
    assert {pair["one"], pair["other"]} == {"Ana Kowalczyk"}
    assert "suggested now: 1." in centric("matches", "--anew").err
    said = centric("why", "customer", str(pair["one_id"]), str(pair["other_id"]))
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].endswith(": suggested.")
    assert "phone +49 30 901820 in the signature of the mail of 3 November 2025" in lines[1]
    assert any("(entry " in line for line in lines[3:])
    assert centric("do", "customer.merge", str(pair["one_id"]), str(pair["other_id"])).code == 0
    told = centric("why", "customer", str(pair["one_id"]), "-o", "json").json()
    assert [answer["zone"] for answer in told] == ["linked"]
    assert centric("matches").code == 1
    assert centric("why", "customer", "999").code == 1


def test_two_columns_of_names_are_compared_row_by_row(centric, tmp_path):
    path = tmp_path / "names.csv"
    path.write_text("a,b\nAda Moreno,Moreno Ada\nAda Moreno,Luis Moreno\n")
    rows = centric("match", str(path), "--names", "a:b", "-o", "json").json()
    assert [row["score"] >= 0.5 for row in rows] == [True, False]
    assert centric("match", str(path), "--names", "a:c").code == 2
