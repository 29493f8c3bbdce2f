"""A person takes out all that the store knows of a customer."""

from __future__ import annotations

import zipfile


def test_a_customer_is_written_into_a_zip(store, centric, tmp_path):
    number = centric("customer", "person 3", "--list", "-o", "ids").out.split()[0]
    path = tmp_path / "person.zip"
    said = centric("export", "customer", number, str(path))
    assert said.code == 0
    assert "sha256" in said.out
    assert "--without-notes" in said.err
    assert {"index.html", "customer.json", "entries.json", "manifest.json"} <= set(
        zipfile.ZipFile(path).namelist()
    )
    again = centric("export", "customer", number, str(path))
    assert again.code == 69
    assert "--force" in again.err
    told = centric("export", "customer", number, str(path), "--force", "-o", "json").json()
    assert told["customer_id"] == int(number)
