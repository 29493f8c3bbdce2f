"""An export holds all there is of one customer, harms nobody who opens it, and can be proved."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from connectors.contract import Address, Attachment, Batch, Entry, Party, Recognised
from db.agents import agent_for
from db.commands.erase import EraseCustomer
from db.commands.notes import AddNote
from db.commands.tags import TagCase
from db.errors import NotFound, Unavailable
from db.identity.own import add_own
from db.ingest import Arrival
from db.keeping.export import export_customer
from db.store import Store
from tests.engines import Places

NOON = 1_767_355_200_000
EVIL = '</pre><script>alert(1)</script> \x1b]52;c;x\x07 & "quoted" <img src=x onerror=y>'


def furnish(store: Store) -> None:
    """Put in a customer with mails, a file and a note, and another one."""
    ana = agent_for(store.engine, "ana")
    with store.engine.write() as connection:
        add_own(connection, "support@us.example")
    us = Party("to", Address("email", "support@us.example"))
    ada = Party("from", Address("email", "ada@x.example"), "Ada Byron")
    bob = Party("from", Address("email", "bob@y.example"), "Bob Stone")
    entries = [
        Entry("1", NOON, parties=(ada, us), subject=EVIL[:90], text=EVIL, content_key="1",
              original=b"From: ada@x.example\n\nhi"),
        Entry("2", NOON + 1, parties=(ada, us), text="second", content_key="2",
              attachments=(Attachment("../../etc/pass\nwd", "text/plain", 3, data=b"abc"),)),
        Entry("3", NOON + 2, parties=(bob, us, Party("cc", ada.address)), text="copied",
              content_key="3"),
        Entry("4", NOON + 3, parties=(bob, us), text="secret of Bob", content_key="4"),
        *(
            Entry(f"n{n}", NOON + 10 + n, parties=(ada, us), text=f"number {n}", content_key=str(n))
            for n in range(230)
        ),
    ]  # fmt: skip
    store.sink(Recognised("mbox", "m", "mail"), "x", Arrival(0)).write(Batch(tuple(entries)))
    store.do(AddNote("She rang", 1), ana)
    store.do(TagCase(1, "billing"), ana)


@pytest.fixture
def full(places: Places) -> Store:
    """Return a store with two customers."""
    return places.copy(places.kept("export", furnish))


def ada(store: Store) -> int:
    return int(
        store.ask(lambda c: c.value("select id from customers where name = 'Ada Byron'")) or 0
    )


def test_all_that_is_theirs_is_in_it_and_nothing_else(full: Store, tmp_path: Path) -> None:
    done = export_customer(full.engine, ada(full), tmp_path / "ada.zip")
    assert Path(done.path).stat().st_mode & 0o777 == 0o600
    assert (done.name, done.entries, done.originals, done.files) == ("Ada Byron", 234, 1, 1)
    zipped = zipfile.ZipFile(done.path)
    about = json.loads(zipped.read("customer.json"))
    assert about["addresses"][0]["address"] == "ada@x.example"
    assert ["billing"] in [case["tags"] for case in about["cases"]]
    entries = json.loads(zipped.read("entries.json"))
    texts = [entry["text"] for entry in entries]
    assert texts[:3] == [EVIL, "second", "copied"]
    assert "She rang" in texts
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    everything = b"".join(zipped.read(name) for name in zipped.namelist())
    assert b"secret of Bob" not in everything


def test_the_manifest_names_every_file_with_its_hash(full: Store, tmp_path: Path) -> None:
    done = export_customer(full.engine, ada(full), tmp_path / "ada.zip")
    assert hashlib.sha256(Path(done.path).read_bytes()).hexdigest() == done.sha256
    zipped = zipfile.ZipFile(done.path)
    assert zipped.testzip() is None
    manifest = json.loads(zipped.read("manifest.json"))
    listed = {file["name"]: file for file in manifest["files"]}
    assert {*listed, "manifest.json"} == set(zipped.namelist())
    for name, file in listed.items():
        data = zipped.read(name)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["size"], file["sha256"])
    original = next(name for name in listed if name.startswith("originals/"))
    assert original.endswith(".eml")
    assert zipped.read(original) == b"From: ada@x.example\n\nhi"


def test_the_page_shows_hostile_text_as_text_and_links_only_into_the_zip(
    full: Store, tmp_path: Path
) -> None:
    done = export_customer(full.engine, ada(full), tmp_path / "ada.zip")
    zipped = zipfile.ZipFile(done.path)
    page = zipped.read("index.html").decode()
    assert "alert(1)" in page
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", page)
    seen: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, dict(attrs)))

    Reader().feed(page)
    assert {tag for tag, _ in seen} <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "table", "tr", "th",
        "td", "ul", "li", "article", "div", "pre", "br", "a",
    }  # fmt: skip
    links = [str(attributes["href"]) for tag, attributes in seen if tag == "a"]
    assert len(links) == 1
    assert links[0] in zipped.namelist()
    assert all(
        ".." not in Path(name).parts and not name.startswith("/") for name in zipped.namelist()
    )
    assert zipped.read(links[0]) == b"abc"


def test_notes_can_be_left_out(full: Store, tmp_path: Path) -> None:
    done = export_customer(full.engine, ada(full), tmp_path / "ada.zip", notes=False)
    zipped = zipfile.ZipFile(done.path)
    assert b"She rang" not in b"".join(zipped.read(name) for name in zipped.namelist())
    assert done.entries == 233


def test_a_file_that_is_there_is_not_overwritten_by_mistake(full: Store, tmp_path: Path) -> None:
    path = tmp_path / "ada.zip"
    path.write_text("mine")
    with pytest.raises(Unavailable, match="is there already"):
        export_customer(full.engine, ada(full), path)
    assert path.read_text() == "mine"
    export_customer(full.engine, ada(full), path, force=True)
    assert zipfile.is_zipfile(path)
    with pytest.raises(NotFound):
        export_customer(full.engine, 999, tmp_path / "none.zip")
    with pytest.raises(Unavailable):
        export_customer(full.engine, ada(full), tmp_path / "no" / "such.zip")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["ada.zip"]


def test_the_export_of_an_erased_customer_names_nobody(full: Store, tmp_path: Path) -> None:
    number = ada(full)
    lead = agent_for(full.engine, "ana")
    full.do(EraseCustomer(number, "anonymise", "Ada Byron"), lead)
    zipped = zipfile.ZipFile(export_customer(full.engine, number, tmp_path / "x.zip").path)
    everything = b"".join(zipped.read(name) for name in zipped.namelist())
    assert not re.search(rb"ada@|byron", everything, re.IGNORECASE)
    assert b"number 229" in everything
