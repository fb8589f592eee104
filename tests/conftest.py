from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hand_made import store_with_a_call
from postgres import Server

from coach.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Labelled calls and real recordings that are not part of the project."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs ../shared, which is not part of the project")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    return ROOT / "samples" / "calls"


@pytest.fixture(scope="session")
def labelled() -> Path:
    """The labelled calls that the tone model is trained on: `train.jsonl` and `dev.jsonl`."""
    return ROOT / "data" / "service_calls"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    server = Server()
    yield server
    server.remove()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with nothing in it: who asks for it is tried with each engine."""
    if request.param == "SQLite":
        return f"sqlite:///{tmp_path}/coach.db"
    return request.getfixturevalue("postgresql").database()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with a call, which the dashboard opens."""
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/coach.db")
    return store_with_a_call(tmp_path)[0]


@pytest.fixture(scope="module")  # while it runs, asyncio can run nothing else in this process
def browser() -> "Iterator[Browser]":
    engines = pytest.importorskip("playwright.sync_api")
    from browsing import CHROMIUM, FLAGS

    if CHROMIUM is None:
        pytest.skip("needs a Chromium (apt-get install chromium)")
    with engines.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
