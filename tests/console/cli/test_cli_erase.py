"""A lead erases a customer from the command line."""

from __future__ import annotations


def number_of(centric, name: str) -> str:
    return centric("customer", name, "--list", "-o", "ids").out.split()[0]


def test_without_a_mode_nothing_is_erased_and_all_is_told(store, centric):
    number = number_of(centric, "person 3")
    said = centric("erase", "customer", number)
    assert said.code == 0
    assert "known as     Person 3" in said.out
    assert "p3@client0.example" in said.out
    assert centric("erase", "receipts").out == ""
    seen = centric("erase", "customer", number, "-o", "json").json()
    assert seen["entries"] > 0


def test_a_customer_is_erased_with_a_receipt(store, centric):
    number = number_of(centric, "person 3")
    address = centric("erase", "customer", number, "-o", "json").json()["addresses"][0]
    assert centric("find", f'"{address}"', "-o", "ids").out
    asked = centric("erase", "customer", number, "--mode", "remove")
    assert asked.code == 2
    assert "--confirm" in asked.err
    wrong = centric("erase", "customer", number, "--mode", "remove", "--confirm", "Person 4")
    assert wrong.code == 1
    assert "is called “Person 3”" in wrong.err
    said = centric("erase", "customer", number, "--mode", "remove", "--confirm", "Person 3")
    assert said.code == 0
    assert "Everything went" in said.out
    assert "backups made before" in said.out
    assert centric("customer", number).code == 1
    assert centric("find", f'"{address}"', "-o", "ids").out == ""
    receipt = centric("erase", "receipts", "-o", "json").json()[0]
    assert receipt["customer_id"] == int(number)
    assert centric("erase", "receipt", str(receipt["erasure_id"])).out == said.out
    assert centric("log", "--verify").code == 0
    assert centric("doctor").code == 0
    assert centric("erase", "finish", "--whole").code == 0
    assert "cannot be taken back" in centric("undo", "1").err


def test_an_import_of_the_same_mails_leaves_the_person_out(store, centric, tmp_path):
    from tests.console.cli.conftest import mailbox

    number = number_of(centric, "person 3")
    address = centric("erase", "customer", number, "-o", "json").json()["addresses"][0]
    centric("erase", "customer", number, "--mode", "anonymise", "--confirm", "Person 3")
    again = mailbox(tmp_path / "again.mbox", 40, first=1960)
    said = centric("import", str(again), "--us", "@ours.example", "-y", "-o", "text")
    assert said.code == 0
    assert "of erased customers left out" in said.out + said.err
    hits = centric("customer", address, "--list", "-o", "json").json()
    assert address not in [hit["matched"] for hit in hits]


def test_several_who_are_alike_are_listed(store, centric):
    said = centric("erase", "customer", "person")
    assert said.code == 1
    assert "Give the number" in said.err
