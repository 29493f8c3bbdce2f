"""Files of strangers get harmless names and private places; what could run is not opened."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.attached import NoFile, could_run, harmless_name, is_risky, private_copy, save


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Report 2026 (final).pdf", "Report 2026 (final).pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\notepad.txt", "notepad.txt"),
        ("/etc/cron.d/x", "x"),
        (".bashrc", "bashrc"),
        ("-rf.txt", "rf.txt"),
        ("CON.txt", "_CON.txt"),
        ("a.txt. . ", "a.txt"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        ("a\x00b\x1b]0;x\x07.txt", "a_b__0_x_.txt"),
        ("Größe €5.csv", "Größe _5.csv"),
        ("", "file"),
        ("...", "file"),
    ],
)
def test_a_name_becomes_harmless(written: str, name: str) -> None:
    assert harmless_name(written) == name


@given(st.text(max_size=400))
def test_any_name_is_one_short_plain_file_name(written: str) -> None:
    name = harmless_name(written)
    assert 0 < len(name) <= 120
    assert "/" not in name
    assert "\\" not in name
    assert name.isprintable()
    assert name[0] not in ".- "
    assert name[-1] not in ". "


@pytest.mark.parametrize("name", ["a.EXE", "a.pdf.js", "a.desktop", "a.html", "a.sh.", "a.docm"])
def test_what_could_run_is_known(name: str) -> None:
    assert is_risky(name)


@pytest.mark.parametrize("name", ["a.pdf", "a.png", "a", "exe", "a.tar.gz", "a.csv"])
def test_what_is_only_looked_at_is_not_risky(name: str) -> None:
    assert not is_risky(name)


def test_bytes_that_run_are_known_whatever_they_are_called() -> None:
    assert could_run(b"MZ\x90\x00")
    assert could_run(b"\x7fELF\x02")
    assert could_run(b"\xef\xbb\xbf \n<HTML><script>")
    assert could_run(b"[Desktop Entry]\nExec=x")
    assert not could_run(b"%PDF-1.7")
    assert not could_run(b"")


def test_nothing_is_overwritten_and_only_the_owner_may_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine")
    (tmp_path / "link.txt").symlink_to(tmp_path / "elsewhere")
    path = save(b"theirs", tmp_path, "a.txt")
    assert path.name == "a (2).txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tmp_path / "a.txt").read_text() == "mine"
    assert save(b"x", tmp_path, "link.txt").name == "link (2).txt"
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(NoFile, match="cannot be written"):
        save(b"x", tmp_path / "none", "a.txt")


def test_a_copy_to_be_opened_lies_where_nobody_else_may_look() -> None:
    path = private_copy(b"x", "../a.pdf")
    assert path.name == "a.pdf"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.unlink()
    path.parent.rmdir()
