from __future__ import annotations

import sqlite3

import pytest

from db.commands.registry import COMMANDS


def first_case(centric) -> str:
    return centric("cases", "-n", "1", "-o", "ids").out.strip()


def tags(centric, number) -> list[str]:
    return centric("show", number, "-o", "json").json()["case"]["row"]["tags"]


def test_without_a_command_every_command_is_listed_with_its_help(centric):
    said = centric("do")
    assert said.code == 0
    for name, command in COMMANDS.items():
        assert name in said.out
        assert command.help in said.out
    names = centric("do", "-o", "ids").out.split()
    assert names == [*COMMANDS, "undo", "redo"]


def test_an_act_is_done_undone_and_done_again(store, centric):
    number = first_case(centric)
    assert centric("do", "case.tag", number, "billing").out == f"Tagged #{number} billing\n"
    assert tags(centric, number) == ["billing"]
    assert centric("undo").out == f"Undid: Tagged #{number} billing\n"
    assert tags(centric, number) == []
    assert centric("do", "redo").code == 0
    assert tags(centric, number) == ["billing"]
    assert centric("redo").code == 1


def test_an_act_of_somebody_else_is_undone_by_its_number(store, centric):
    number = first_case(centric)
    seq = centric("do", "case.tag", number, "vat", "--agent", "ben", "-o", "ids").out.strip()
    assert centric("undo").code == 1
    assert centric("undo", seq).code == 0
    assert tags(centric, number) == []


def test_several_cases_are_one_act(store, centric):
    numbers = centric("cases", "-n", "3", "-o", "ids").out.split()
    assert centric("do", "case.urgency", ",".join(numbers), "high").code == 0
    assert centric("cases", "urgency:high", "-o", "ids").out.split() == numbers
    centric("undo")
    assert centric("cases", "urgency:high", "-o", "ids").out == ""


def test_options_of_a_command_are_given_by_name(store, centric):
    number = first_case(centric)
    assert centric("do", "case.status", number, "open").code == 0
    conflict = centric("do", "case.status", number, "pending", "--expected", "resolved")
    assert conflict.code == 1
    assert "already open" in conflict.err
    assert centric("do", "case.status", number, "pending", "--expected=open").code == 0
    assert centric("do", "note.add", "Call back", number, "--pinned").code == 0


def test_words_after_two_dashes_are_never_options(store, centric):
    number = first_case(centric)
    said = centric("do", "note.add", "--", "--pinned is not meant", number)
    assert said.code == 0
    assert "--pinned is not meant" in centric("show", number).out


def test_the_log_says_who_did_what_and_that_nobody_rewrote_it(store, centric):
    number, other = centric("cases", "-n", "2", "-o", "ids").out.split()
    centric("do", "case.tag", number, "one", "--agent", "ada")
    centric("do", "case.tag", other, "two", "--agent", "ben")
    centric("undo", "--agent", "ben")
    rows = centric("log", "-o", "json").json()
    assert [(row["agent"], row["command"]) for row in rows] == [
        ("ben", "undo"),
        ("ben", "case.tag"),
        ("ada", "case.tag"),
    ]
    assert len(centric("log", "--case", number, "-o", "json").json()) == 1
    assert len(centric("log", "--mine", "--agent", "ben", "-o", "json").json()) == 2
    assert centric("log", "--case", other, "--mine", "--agent", "ada", "-o", "ids").out == ""
    assert len(centric("log", "-n", "1", "-o", "ids").out.split()) == 1
    assert "none altered" in centric("log", "--verify").out
    found = centric("log", "--verify", "-o", "json").json()
    assert centric("log", "--verify", "--anchor", found["anchor"]).code == 0
    assert centric("log", "--verify", "--anchor", f"{found['acts']}:00").code == 65
    assert centric("log", "--anchor", "what").code == 2
    by_ben = centric("log", "--by", "ben", "--since", "1d", "-o", "json").json()
    assert {row["agent"] for row in by_ben} == {"ben"}
    assert centric("log", "--until", "1d", "-o", "ids").out == ""
    assert centric("log", "--since", "soon").code == 2


def test_a_journal_that_was_rewritten_is_noticed(store, centric):
    centric("do", "case.tag", first_case(centric), "one")
    with sqlite3.connect(store) as connection:
        connection.execute("update journal set sentence = 'Nothing happened'")
    said = centric("log", "--verify")
    assert said.code == 65
    assert "act 1 is the first" in said.out


def test_the_first_agent_leads_and_the_next_does_not(store, centric):
    number = first_case(centric)
    centric("do", "case.take", number, "--agent", "ada")
    centric("do", "case.tag", number, "x", "--agent", "ben")
    assert [row["role"] for row in centric("agents", "-o", "json").json()] == ["lead", "agent"]
    assert centric("do", "team.add", "Billing", "--agent", "ada").code == 0
    assert centric("do", "team.join", "Billing", "ben", "--agent", "ada").code == 0
    assert centric("teams", "-o", "json").json()[0]["logins"] == ["ben"]
    assert "Billing" in centric("agents").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("case.tga", "1", "x"), 1),
        (("case.tag", "1"), 1),
        (("case.tag", "nine", "x"), 1),
        (("case.tag", "99999", "x"), 1),
        (("case.tag", "1", "x", "y"), 1),
        (("case.status", "1", "purple"), 1),
        (("case.tag", "1", "x", "--colour", "red"), 1),
        (("undo", "soon"), 2),
        (("redo", "1"), 2),
    ],
)
def test_what_cannot_be_done_is_one_sentence(store, centric, words, code):
    said = centric("do", *words)
    assert said.code == code
    assert said.out == ""
    assert said.err.startswith("centric: ")
    assert said.err.count("\n") == 1


def test_a_role_that_may_not_has_its_own_exit_code(store, centric):
    number = first_case(centric)
    centric("do", "case.tag", number, "x", "--agent", "ada")
    centric("do", "case.tag", number, "y", "--agent", "eve")
    assert centric("do", "team.add", "Mine", "--agent", "eve").code == 77
    centric("do", "agent.edit", "eve", "role", "read_only", "--agent", "ada")
    said = centric("do", "case.tag", number, "z", "--agent", "eve")
    assert said.code == 77
    assert "may read but change nothing" in said.err
    assert centric("undo", "1", "--agent", "eve").code == 77


def test_reading_makes_no_agent(store, centric):
    centric("cases", "owner:me", "--agent", "passer-by")
    centric("queues", "--agent", "passer-by")
    assert centric("agents", "-o", "json").json() == []
