"""A list of customers is brought in, completed, set aside; many are asked for at once."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
LIST = """Full Name;E-Mail;Mobile;Company;VIP;Tier
Ada Moreno;ada@acme.example;+351 912 345 678;Acme Ltd;yes;gold
Ben Hart;ben@acme.example, ben@home.example;+351 912 345 678;Acme Ltd;;silver
No Way;;;Nowhere;;
Eve;eve@acme.example;;;perhaps;
"""


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    path = tmp_path / "crm.csv"
    path.write_text(LIST, encoding="utf-8")
    return path


def brought(centric: Run, path: Path, *more: str) -> dict[str, Any]:
    said = centric("customers", "import", str(path), "-o", "ndjson", *more)
    assert said.code == 0, said.err
    outcome: dict[str, Any] = said.lines()[-1]["outcome"]
    return outcome


def test_a_list_becomes_customers_and_twice_nothing(centric: Run, crm: Path) -> None:
    first = brought(centric, crm)
    assert (first["new"], first["quarantined"]) == (2, 2)
    again = brought(centric, crm)
    assert {k: again[k] for k in ("new", "completed", "same", "quarantined", "held")} == {
        "new": 0,
        "completed": 0,
        "same": 2,
        "quarantined": 0,
        "held": 2,
    }
    sheet = centric("customer", "ada", "-o", "json").json()
    assert (sheet["name"], sheet["organization"], sheet["vip"]) == ("Ada Moreno", "Acme Ltd", True)
    assert sheet["fields"] == [["tier", "gold"]]
    assert len(centric("quarantine", "list", "-o", "ndjson").lines()) == 2


def test_a_number_that_two_have_is_not_what_makes_them_one(centric: Run, crm: Path) -> None:
    brought(centric, crm)
    hits = centric("customer", "find", "acme", "-o", "ndjson").lines()
    assert {hit["name"] for hit in hits} == {"Ada Moreno", "Ben Hart"}


def test_a_row_completes_and_never_overwrites(centric: Run, crm: Path, tmp_path: Path) -> None:
    brought(centric, crm)
    more = tmp_path / "more.csv"
    more.write_text(
        "name,email,title,tier,company\nAda Moreno,ada@acme.example,CTO,platinum,Other\n"
        "Zoe Other,ada@acme.example,,,\n"
    )
    found = brought(centric, more)
    assert (found["new"], found["completed"], found["quarantined"]) == (0, 1, 1)
    sheet = centric("customer", "ada", "-o", "json").json()
    assert (sheet["title"], sheet["organization"], sheet["fields"]) == (
        "CTO",
        "Acme Ltd",
        [["tier", "gold"]],
    )
    (row, *_) = centric("quarantine", "list", "-o", "ndjson").lines()
    assert row["reason"] == "ada@acme.example belongs to Ada Moreno, not to Zoe Other."


def test_columns_are_mapped_or_guessed_and_a_wrong_one_is_said(
    centric: Run, tmp_path: Path
) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("Wer,Wo\nÄnne Groß,aenne@post.example\n", encoding="cp1252")
    refused = centric("customers", "import", str(path))
    assert refused.code != 0
    assert "--map COLUMN=email" in refused.err
    assert "There is no column" in centric("customers", "import", str(path), "--map", "X=email").err
    assert "no mapping" in centric("customers", "import", str(path), "--map", "Wer=shoe").err
    found = brought(centric, path, "--map", "Wer=name,Wo=email")
    assert found["new"] == 1
    assert centric("customer", "aenne gross", "-o", "json").json()["name"] == "Änne Groß"


def test_a_dry_run_stores_nothing(centric: Run, crm: Path) -> None:
    said = centric("customers", "import", str(crm), "--dry-run", "-o", "ndjson")
    preview = said.lines()[0]["preview"]
    assert (preview["rows"], preview["bad"]) == (2, 2)
    assert centric("customer", "ada").code != 0


def test_hostile_rows_are_set_aside_or_harmless(centric: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(
        b"name,email\n\x1b]52;c;x\x07,a@b.example\n" + b"x" * 30_000 + b",c@d.example\n"
        b'"open quote,e@f.example\nnot closed\n'
    )
    found = brought(centric, path)
    assert found["new"] >= 1
    assert "\x1b" not in centric("customer", "find", "a@b.example").out


def test_a_sheet_is_printed_as_a_page_without_anything_active(centric: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("name,email,goals\n<script>x</script>,a@b.example,<img src=x>\n")
    brought(centric, path)
    out = centric("customer", "1", "-o", "html").out
    assert out.startswith("<!doctype html>")
    assert "<script" not in out
    assert "<img" not in out
    assert "&lt;img src=x&gt;" in out


def test_many_questions_are_answered_line_by_line(
    centric: Run, crm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought(centric, crm)
    monkeypatch.setattr(sys, "stdin", io.StringIO("adda moren\n\nhart\nnobody xyz\n"))
    answers = centric("customer", "find", "-o", "ndjson").lines()
    assert [(one["query"], [hit["name"] for hit in one["hits"]][:1]) for one in answers] == [
        ("adda moren", ["Ada Moreno"]),
        ("hart", ["Ben Hart"]),
        ("nobody xyz", []),
    ]
