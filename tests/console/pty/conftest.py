"""A terminal for each test, closed at its end, with folders of its own."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.console.pty.terminal import Terminal

_SPEC = importlib.util.spec_from_file_location(
    "centric_pty_terminal", Path(__file__).with_name("terminal.py")
)
assert _SPEC is not None
assert _SPEC.loader is not None
_MODULE = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = _MODULE
_SPEC.loader.exec_module(_MODULE)


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which the program writes only below ``tmp_path``."""
    folder = tmp_path / "home"
    folder.mkdir()
    return {
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "TZ": "UTC",
        "VISUAL": "",
        "EDITOR": "",
    }


@pytest.fixture
def start(home: dict[str, str]) -> Iterator[Callable[..., Terminal]]:
    """Return a function that starts the program on a terminal."""
    started: list[Terminal] = []

    def run(*arguments: str, size: tuple[int, int] = (80, 24), **env: str) -> Terminal:
        terminal: Terminal = _MODULE.Terminal(arguments, size=size, env={**home, **env})
        started.append(terminal)
        return terminal

    yield run
    for terminal in started:
        terminal.close()


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a demo store, built once for all tests of this process."""
    from console.demo.build import build_demo

    path = tmp_path_factory.mktemp("demo") / "demo.db"
    build_demo(path, login="ana")
    return path


@pytest.fixture
def demo(demo_template: Path, tmp_path: Path) -> Path:
    """Return a demo store of its own for a test."""
    path = tmp_path / "demo.db"
    shutil.copy(demo_template, path)  # with its permissions
    return path


@pytest.fixture
def log(home: dict[str, str]) -> Callable[[], str]:
    """Return a function that reads what the program wrote into its state folder."""

    def read() -> str:
        folder = Path(home["XDG_STATE_HOME"])
        return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())

    return read
