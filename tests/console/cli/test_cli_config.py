from __future__ import annotations

import pytest

from console.cli.session import Session
from console.config import Config, ConfigError, config_path, load_config


def write(alone, text: str):
    path = alone / "config" / "centric" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_a_file_everything_is_as_shipped(alone):
    assert load_config() == Config()
    assert config_path() == alone / "config" / "centric" / "config.toml"


def test_what_was_set_is_read(alone):
    write(
        alone,
        'store = "x.db"\nagent = "ben"\nname = "Ben"\ntheme = "light"\nmouse = false\n'
        '[keys]\n"case.take" = "ctrl+t"\n',
    )
    assert load_config() == Config("x.db", "ben", "Ben", "light", False, {"case.take": "ctrl+t"})


def test_a_setting_that_is_not_known_is_named_and_the_rest_counts(alone, store, centric):
    write(alone, 'colour = "red"\nagent = "ben"\n')
    said = centric("cases")
    assert said.code == 0
    assert "“colour”" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    "text",
    [
        "store = ",
        'mouse = "yes"',
        "agent = 3",
        'theme = "pink"',
        "keys = 1",
        "[keys]\na = 1\n",
        "\x00",
        'agent = "a"\nagent = "b"',
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence_with_its_name(alone, store, centric, text):
    path = write(alone, text)
    said = centric("cases")
    assert said.code == 2
    assert str(path) in said.err
    assert said.err.count("\n") == 1


def test_a_file_that_is_not_utf_8_or_far_too_large_is_refused(alone):
    path = write(alone, "")
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(ConfigError, match="TOML"):
        load_config()
    path.write_bytes(b"#" * 2_000_000)
    with pytest.raises(ConfigError, match="megabyte"):
        load_config()


def test_the_command_line_counts_more_than_the_environment_and_that_more_than_the_file(
    alone, monkeypatch
):
    write(alone, 'store = "file.db"\nagent = "file"\n')
    assert Session(store_option="option.db").store_url == "option.db"
    monkeypatch.setenv("CENTRIC_STORE", "environment.db")
    assert Session().store_url == "environment.db"
    monkeypatch.delenv("CENTRIC_STORE")
    assert Session().store_url == "file.db"
    assert Session(agent_option="option").login == "option"
    assert Session().login == "file"


def test_the_usual_places_are_the_systems(alone, monkeypatch):
    monkeypatch.delenv("CENTRIC_STORE")
    assert Session().store_url == str(alone / "data" / "centric" / "centric.db")
    assert Session().login == "ada"
    monkeypatch.setenv("XDG_DATA_HOME", "not/absolute")
    assert Session().store_url == str(alone / ".local" / "share" / "centric" / "centric.db")


def test_another_file_can_be_named(tmp_path, monkeypatch):
    other = tmp_path / "other.toml"
    other.write_text('agent = "zoe"')
    monkeypatch.setenv("CENTRIC_CONFIG", str(other))
    assert Session().login == "zoe"
