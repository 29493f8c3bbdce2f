"""A person makes a backup and goes back to it."""

from __future__ import annotations

import shutil
from pathlib import Path


def test_a_backup_is_made_told_and_brought_back(centric, store, tmp_path):
    made = centric("backup", str(tmp_path / "safe"), "-o", "json")
    assert made.code == 0
    path = Path(made.json()["path"])
    before = centric("cases", "-o", "ids").out
    centric("do", "case.tag", before.split()[0], "later")
    asked = centric("restore", str(path))
    assert asked.code == 2
    assert "--yes" in asked.err
    said = centric("restore", str(path), "--yes")
    assert said.code == 0
    assert "What was there is" in said.out
    assert centric("log", "-o", "ids").out == ""
    assert centric("doctor").code == 0


def test_a_backup_beside_the_store_says_where_and_what_to_do_next(centric, store):
    said = centric("backup", "--keep", "2")
    assert said.code == 0
    assert "proved" in said.out
    assert "copy it to another" in said.err
    assert (store.parent / f"{store.stem}-backups").is_dir()


def test_a_backup_without_its_hash_is_told(centric, store, tmp_path):
    made = Path(centric("backup", str(tmp_path / "safe"), "-o", "json").json()["path"])
    alone = shutil.copy(made, tmp_path / "alone.db")
    said = centric("restore", str(alone), "--yes")
    assert said.code == 0
    assert "is not proved" in said.err


def test_what_cannot_be_restored_is_said_in_a_sentence(centric, store, tmp_path):
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"x" * 9000)
    for name, code in ((broken, 69), (tmp_path / "none.db", 1)):
        said = centric("restore", str(name), "--yes")
        assert said.code == code
        assert "Traceback" not in said.err
    said = centric("--store", "postgresql://nowhere/x", "restore", str(broken), "--yes")
    assert "pg_restore" in said.err
