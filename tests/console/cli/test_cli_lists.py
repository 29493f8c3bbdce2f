from __future__ import annotations

import csv
import io
import re
import unicodedata

import pytest

from db.records import CaseRow

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]")
LISTS = (
    ("queues",),
    ("cases",),
    ("cases", "--queue", "our turn"),
    ("customer", "--list", "person"),
    ("customer", "--list", "mallory"),
    ("find", "order"),
    ("find", "from:mallory"),
    ("log",),
    ("own",),
    ("own", "list"),
    ("agents",),
    ("teams",),
    ("quarantine",),
    ("quarantine", "list"),
    ("do",),
)
ONES = (("show", "1"), ("customer", "1"), ("info",), ("doctor",))


def machine_forms(arguments: tuple[str, ...]) -> bool:
    return arguments != ("own",)


@pytest.mark.parametrize("arguments", [one for one in (*LISTS, *ONES) if machine_forms(one)])
def test_every_answer_is_valid_json_and_names_its_fields(store, centric, arguments):
    said = centric(*arguments, "-o", "json")
    assert said.code == 0
    found = said.json()
    assert isinstance(found, dict if arguments in ONES else list)
    lines = centric(*arguments, "-o", "ndjson").lines()
    assert lines == ([found] if isinstance(found, dict) else found)


@pytest.mark.parametrize("form", ["text", "json", "ndjson", "csv"])
@pytest.mark.parametrize("arguments", [*LISTS, *ONES, ("show", "31"), ("find", "evil")])
def test_nothing_that_a_message_contains_can_act_on_the_terminal(store, centric, arguments, form):
    forms = () if not machine_forms(arguments) else ("-o", form)
    said = centric(*arguments, *forms)
    assert said.code == 0
    assert not CONTROL.search(said.out.replace("\n", ""))
    assert not CONTROL.search(said.err.replace("\n", ""))


def hostile_case(centric) -> dict:
    return centric("cases", "customer:mallory", "-o", "json").json()[0]


def test_a_hostile_subject_is_shown_in_text_with_pictures_of_its_controls(store, centric):
    assert hostile_case(centric)["subject"].startswith("=1+2 \x1b]52;c;")
    text = centric("cases", "customer:mallory").out
    assert "␛]52;c;" in text
    assert "[@click=app.quit]x[/]" in text


def test_a_csv_cell_that_a_spreadsheet_would_run_begins_with_an_apostrophe(store, centric):
    rows = list(csv.DictReader(io.StringIO(centric("cases", "customer:mallory", "-o", "csv").out)))
    assert rows[0]["subject"].startswith("'=1+2")


def test_text_keeps_to_the_width_of_the_terminal(store, centric, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    for line in centric("cases").out.splitlines():
        wide = sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in line)
        assert wide <= 60
    monkeypatch.delenv("COLUMNS")
    assert max(map(len, centric("cases").out.splitlines())) > 60


def test_fields_of_a_case_are_those_of_the_record_with_times_told_twice(store, centric):
    from dataclasses import fields

    found = centric("cases", "-n", "1", "-o", "json").json()[0]
    assert set(found) >= {field.name for field in fields(CaseRow)}
    assert found["waiting_since_iso"].endswith("Z")
    assert found["due_at"] is None
    assert found["due_at_iso"] is None


def test_a_csv_has_its_heading_also_when_nothing_is_in_it(store, centric):
    said = centric("cases", "status:resolved", "customer:nobody-at-all", "-o", "csv")
    assert said.code == 0
    assert said.out.startswith("case_id,customer_id,customer,")
    assert said.out.count("\n") == 1


def test_ids_are_one_a_line_and_lead_back_to_the_cases(store, centric):
    numbers = centric("cases", "-o", "ids").out.split()
    assert numbers
    assert centric("show", numbers[0], "-o", "json").json()["case"]["row"]["case_id"] == int(
        numbers[0]
    )


def test_a_queue_is_named_by_its_name_or_its_key(store, centric):
    by_name = centric("cases", "--queue", "Our turn", "-o", "ids").out
    assert by_name
    assert centric("cases", "--queue", "3", "-o", "ids").out == by_name
    assert centric("queues", "-o", "json").json()[2]["cases"] == len(by_name.split())


def test_a_queue_that_is_not_there_names_those_that_are(store, centric):
    said = centric("cases", "--queue", "nowhere")
    assert said.code == 1
    assert "Our turn" in said.err


def test_a_limit_is_said_when_there_is_more(store, centric):
    said = centric("cases", "-n", "2")
    assert len(said.out.splitlines()) == 3
    assert "more than these 2" in said.err
    assert "more" not in centric("cases", "-n", "0").err


def test_a_case_shows_what_was_said_and_folds_what_was_quoted(store, centric):
    number = centric("cases", "customer:p1@client2.example", "-o", "ids").out.split()[0]
    text = centric("show", f"#{number}").out
    assert "About order" in text
    assert "… 1 quoted line" in text
    assert "> old" not in text


def test_a_case_that_is_not_there_is_one_sentence_and_exit_code_1(store, centric):
    said = centric("show", "4711")
    assert (said.code, said.out) == (1, "")
    assert said.err == "centric: There is no case #4711 in this store.\n"


@pytest.mark.parametrize("number", ["x", "-1", "4 2", "9" * 40, "٤٢"])
def test_what_is_no_case_number_is_refused(store, centric, number):
    assert centric("show", "--", number).code == 2


def test_half_remembered_letters_list_several_and_show_one(store, centric):
    several = centric("customer", "person")
    assert several.code == 0
    assert len(several.out.splitlines()) > 3
    one = centric("customer", "mallory")
    assert one.code == 0
    assert "Reached by" in one.out
    assert "email mallory@evil.example" in one.out


def test_nobody_like_that_is_exit_code_1(store, centric):
    said = centric("customer", "zzyzx")
    assert (said.code, said.out) == (1, "")
    assert centric("find", "zzyzx").code == 1


def test_find_brings_the_newest_first_and_leaves_out_what_follows_a_dash(store, centric):
    found = centric("find", "order", "-n", "5", "-o", "json").json()
    assert len(found) == 5
    assert [hit["at"] for hit in found] == sorted((hit["at"] for hit in found), reverse=True)
    word = found[0]["subject"].split()[-1]
    without = centric("find", "-n", "0", "-o", "json", "--", "order", f"-{word}").json()
    assert found[0]["entry_id"] not in [hit["entry_id"] for hit in without]


def test_a_query_that_is_not_understood_is_a_mistake_of_usage(store, centric):
    said = centric("cases", "colour:red")
    assert said.code == 2
    assert "colour" in said.err


def test_info_counts_what_is_there(store, centric):
    found = centric("info", "-o", "json").json()
    assert found["entries"] == 41
    assert found["store"] == str(store)
    assert found["own"] == 1
    assert f"{found['customers']:,}" in centric("info").out


def test_the_doctor_finds_and_corrects_a_counter_that_is_wrong(store, centric):
    import sqlite3

    assert centric("doctor").code == 0
    with sqlite3.connect(store) as connection:
        connection.execute("update customers set cases = cases + 3 where id = 1")
    sick = centric("doctor")
    assert sick.code == 1
    assert "Wrong counters: 1;" in sick.out
    assert centric("doctor").code == 1
    assert centric("doctor", "--rebuild").code == 0
    assert centric("doctor").code == 0
    assert len(centric("find", "order", "-n", "0", "-o", "ids").out.split()) >= 40


def test_the_doctor_sees_that_a_file_is_damaged(store, centric):
    size = store.stat().st_size
    with store.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 4))
    said = centric("doctor")
    assert said.code in (65, 69)
    assert "Traceback" not in said.err
