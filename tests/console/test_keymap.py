"""The key table: one meaning for a key in one place, and the docs say what the table says."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.binding import Binding

from console.keymap import (
    KeyClash,
    as_markdown,
    bindings_of,
    check,
    shown_keys,
    textual_keymap,
    with_user_keys,
)
from console.keytable import CONTEXTS, KEYS, STACKS
from console.widgets.paged_list import PagedList
from console.widgets.timeline import Timeline
from db.commands.registry import COMMANDS

DOCS = Path(__file__).parents[2] / "docs" / "keys.md"
SWALLOWED = {"ctrl+h", "ctrl+i", "ctrl+m", "ctrl+enter", "ctrl+b", "ctrl+a", "ctrl+j"}


def test_the_shipped_keys_do_not_clash() -> None:
    check(KEYS)


def test_ids_are_unique_and_every_context_is_known() -> None:
    assert len({key.id for key in KEYS}) == len(KEYS)
    assert {key.context for key in KEYS} <= set(CONTEXTS)
    assert {context for stack in STACKS.values() for context in stack} == set(CONTEXTS)


def test_every_key_has_a_title_and_a_sentence() -> None:
    assert all(key.title and key.tooltip for key in KEYS)


def test_no_key_is_used_that_terminals_swallow() -> None:
    pressed = {press for key in KEYS for press in key.keys}
    assert not pressed & SWALLOWED
    assert not any(press.startswith("alt+") for press in pressed)


def test_d_stays_unbound_so_that_a_delete_habit_does_nothing() -> None:
    contexts = {key.context for key in KEYS if "d" in key.keys}
    assert contexts <= {"welcome", "go"}


def test_two_actions_on_one_key_are_refused_by_both_names() -> None:
    with pytest.raises(KeyClash) as error:
        with_user_keys({"case.take": "t"})
    assert "case.take" in str(error.value)
    assert "case.tag" in str(error.value)


def test_a_key_of_the_user_replaces_the_shipped_one() -> None:
    table = with_user_keys({"case.take": "ctrl+t"})
    assert textual_keymap(table) == {"case.take": "ctrl+t"}


def test_an_unknown_id_is_named() -> None:
    with pytest.raises(KeyClash, match=r"case\.fly"):
        with_user_keys({"case.fly": "x"})


def test_a_sign_may_be_written_as_itself() -> None:
    table = with_user_keys({"case.urgency": "%,!"})
    keys = next(key.keys for key in table if key.id == "case.urgency")
    assert "exclamation_mark" in keys


def test_each_pinned_queue_has_a_binding_of_its_own() -> None:
    actions = [
        binding.action
        for binding in bindings_of("everywhere")
        if isinstance(binding, Binding) and binding.action.startswith("pinned(")
    ]
    assert actions == [f"pinned({number})" for number in range(1, 10)] + ["pinned(0)"]


@pytest.mark.parametrize(
    ("widget", "contexts"), [(PagedList, ("list", "marks")), (Timeline, ("reading",))]
)
def test_the_drawn_widgets_have_the_keys_of_the_table(
    widget: type[PagedList[object]] | type[Timeline], contexts: tuple[str, ...]
) -> None:
    drawn = {
        binding.id: (set(binding.key.split(",")), binding.action)
        for binding in widget.BINDINGS
        if isinstance(binding, Binding)
    }
    table = {key.id: (set(key.keys), key.action) for key in KEYS if key.context in contexts}
    assert drawn == table


def test_every_command_named_in_the_table_exists() -> None:
    assert {key.command for key in KEYS if key.command} <= set(COMMANDS)


def test_pins_are_shown_as_a_range() -> None:
    assert shown_keys(next(key for key in KEYS if key.id == "queue.pinned")) == "1–9"


def test_the_key_page_is_what_the_table_says() -> None:
    assert DOCS.read_text(encoding="utf-8") == as_markdown(), (
        "stale: python -m console.keymap > docs/keys.md"
    )


def test_every_action_of_the_table_is_there() -> None:
    from console.app import CentricApp
    from console.screens.customer import CustomerScreen
    from console.screens.desk import DeskScreen
    from console.screens.find import FindScreen
    from console.screens.finder import CustomerFinder
    from console.screens.matching import MatchScreen
    from console.screens.original import OriginalScreen
    from console.screens.overlays import GoMenu, HelpScreen
    from console.screens.picker import Picker, Prompt, TagPicker
    from console.screens.review import ReviewScreen
    from console.screens.welcome import WelcomeScreen
    from console.widgets.composer import Composer
    from console.widgets.sheet import Sheet

    hosts: dict[str, tuple[type, ...]] = {
        "everywhere": (CentricApp,),
        "go": (GoMenu,),
        "panes": (DeskScreen, CustomerScreen),
        "case": (DeskScreen, CustomerScreen),
        "match": (MatchScreen,),
        "list": (PagedList,),
        "marks": (PagedList,),
        "reading": (Timeline,),
        "sheet": (Sheet,),
        "compose": (Composer,),
        "review": (ReviewScreen,),
        "original": (OriginalScreen,),
        "finder": (CustomerFinder,),
        "find": (FindScreen,),
        "picker": (Picker, Prompt, TagPicker),
        "toggles": (TagPicker,),
        "help": (HelpScreen,),
        "welcome": (WelcomeScreen,),
    }
    missing = [
        (key.id, host.__name__)
        for key in KEYS
        for host in hosts[key.context]
        if not hasattr(host, f"action_{key.action.split('(')[0]}")
    ]
    assert missing == []
