"""``centric inspect``: mail as objects and as text, without a store."""

from __future__ import annotations

import json

from console.cli import exits


def test_mail_is_told_as_json_lines_on_a_pipe(real, tmp_path):
    path = tmp_path / "a.eml"
    path.write_bytes(
        b"From: Ann <ann@x.example>\nTo: help@y.example\nSubject: Pump \xe2\x80\xaeX\n"
        b"Message-ID: <1@x.example>\n\nIt stops.\n\n-- \nAnn\n"
    )
    said = real("inspect", str(path))
    assert said.code == exits.OK
    (one,) = said.lines()
    assert one["from"] == {"name": "Ann", "address": "ann@x.example"}
    assert [piece["kind"] for piece in one["ranges"]] == ["new", "signature"]
    assert "\u202e" in one["subject"]
    assert "\u202e" not in said.out


def test_mail_is_told_as_text_to_a_person(real, tmp_path):
    path = tmp_path / "a.eml"
    path.write_bytes(b"From: a@x.example\nSubject: \x1b]0;x\x07Pump\n\nYes\n\n> Does it stop?\n")
    said = real("inspect", "-o", "text", str(path))
    assert "From: a@x.example" in said.out
    assert "  Yes" in said.out
    assert "> > Does it stop?" in said.out
    assert "\x1b" not in said.out


def test_a_path_that_is_not_there_or_no_mail_is_told_and_the_rest_is_read(real, tmp_path):
    (tmp_path / "a.eml").write_bytes(b"From: a@x.example\nSubject: s\n\nHi\n")
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    said = real("inspect", str(tmp_path / "none"), str(tmp_path / "a.eml"))
    assert said.code == exits.NO_INPUT
    assert json.loads(said.out)["subject"] == "s"
    assert "There is no file or folder" in said.err
    assert real("inspect", str(tmp_path / "b.csv")).code == exits.BAD_INPUT
