"""The pages of operations, opened as somebody opens them."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hand_made import review
from pages import ROOT, text_of
from streamlit.testing.v1 import AppTest

from coach.dashboard import resources, routes
from coach.dashboard.operations import uploads
from coach.dashboard.operations.again import LOG, Again
from coach.export.trail import taken_along
from coach.store import ALONE, Desk, Person, Store, trail, upkeep
from coach.store.trail import Wanted

SCORER = {"coach": "2", "tone": "best"}
RUNS, UPKEEP, TRAIL = (routes.PATHS[name] for name in ("runs", "upkeep", "trail"))


def opened(path: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run().switch_page(path).run()
    assert not app.exception
    return app


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


@pytest.fixture
def night(store: Store) -> Store:
    """A run with <b>two</b> empty files; another is under way."""
    run = store.begin("/calls/<b>", SCORER)
    for name in ("one", "two"):
        path = store.folder / f"<b>{name}.wav"
        path.touch()
        os.utime(path, (0, 0))
        run.claim(name, str(path))
        run.fail(str(path), "cannot be used", f"the file <i>{name}</i> is empty", name)
    run.end({"scored": 8, "failed": 2, "failures": {"cannot be used": 2}, "audio": 7200.0, "took": 1800.0})
    store.begin("s3://calls", SCORER).beat({"scored": 3, "already_there": 12, "total": 60, "took": 9.0})
    return store


def test_runs_say_how_they_went_and_what_failed(night: Store) -> None:
    said = text_of(opened(RUNS))
    assert "15 of 60 recordings" in said and "Running" in said and "2 recordings failed" in said
    assert "8 scored · 2 failed" in said and "2.0 hours of sound in 30 minutes, 4.0 times as fast" in said
    assert "/calls/<b>" in said and "<b>one.wav" in said and "the file <i>two</i> is empty" in said


def test_a_failure_is_left_to_the_next_run(night: Store) -> None:
    app = opened(RUNS)
    assert labels(app) == ["Try all 2 again", "Try again", "Try again"]
    app.button[1].click().run()
    assert labels(app) == ["Try now", "Try all 2 again", "Try again"]
    assert "One recording waits" in text_of(app) and "To be tried again" in text_of(app)
    app.button(key="all").click().run()
    assert labels(app) == ["Try now"] and upkeep.waiting(Desk(night, ALONE)) == 2


def test_what_waits_is_tried_at_once_in_a_process_of_its_own(night: Store) -> None:
    desk, again = Desk(night, ALONE), Again()
    upkeep.try_again(desk)
    again.start(night)
    assert again.runs and again.said == ""
    until = time.monotonic() + 120
    while again.runs and time.monotonic() < until:
        time.sleep(0.2)
    assert (upkeep.waiting(desk), upkeep.kinds(desk)) == (0, {"cannot be read": 2})
    run = upkeep.runs(desk, 1)[0]
    assert (run.state, run.source, run.outcome["failed"]) == ("ended", "--again marked", 2)
    assert "2 failed" in again.said and (night.folder / LOG).stat().st_mode & 0o077 == 0


def test_no_run_and_no_failure_is_said(store: Store) -> None:
    said = text_of(opened(RUNS))
    assert "No run yet" in said and "Nothing. Every recording" in said


def test_upkeep_says_what_is_kept_and_how_it_goes(
    night: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "coach.toml").write_text('[purge]\nolder-than = "90d"\n')
    monkeypatch.setenv("TONE_COACH_SETTINGS", f"{tmp_path}/coach.toml")
    night.save(review(), digest="old", started_at=datetime.now(UTC) - timedelta(days=50), scorer=SCORER)
    trail.note(night, trail.PURGED, recordings=4)
    app = opened(UPKEEP)
    said = text_of(app)
    assert "older-than 90d" in said and "It last ran on" in said and "recordings 4" in said
    assert "Older than 30 days1" in said and "Older than 90 days0" in said
    assert "coach 2, tone best (the last run)" in said and "1 call was scored by other versions" in said
    app.selectbox[0].set_value(90).run()
    assert "coach purge --older-than 90d --all" in [code.value for code in app.code]


def test_settings_that_cannot_be_read_do_not_take_the_page_along(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TONE_COACH_SETTINGS", f"{tmp_path}/none.toml")
    app = opened(UPKEEP)
    assert "cannot be read as settings" in app.error[0].value and "How old it is" in text_of(app)


def test_the_trail_says_who_did_what_as_it_is_asked(store: Store) -> None:
    Desk(store, ALONE).log("opened", 1, turn="<b>")
    trail.note(store, trail.EXPORTED, calls=3)
    app = opened(TRAIL)
    assert "Who uses it alone opened call 1turn <b>" in text_of(app) and "calls 3" in text_of(app)
    app.selectbox(key="action").set_value("exported").run()
    assert "opened call" not in text_of(app)
    app.text_input(key="call").set_value("77").run()
    assert "Nothing of that kind was done." in text_of(app)


def test_taking_the_trail_along_leaves_an_entry(store: Store) -> None:
    desk = Desk(store, Person("operations", account=3))
    Desk(store, ALONE).log("opened", 1)
    assert "CSV" in opened(TRAIL).get("download_button")[0].proto.label
    assert trail.count_entries(desk, Wanted(action=trail.EXPORTED)) == 0
    assert b",opened,1," in taken_along(desk, Wanted(action="opened"), 100)
    [entry] = trail.entries(desk, Wanted(action=trail.EXPORTED))
    assert (entry.account, entry.detail) == (3, {"what": "audit trail", "entries": 1})


@pytest.mark.parametrize(("rep", "told"), [("Dana", "Dana sees it"), ("", "nobody sees it")])
def test_operations_hand_in_what_they_may_not_open(
    store: Store, monkeypatch: pytest.MonkeyPatch, rep: str, told: str
) -> None:
    monkeypatch.setattr(resources, "person", lambda: Person("operations", account=3))
    monkeypatch.setattr(uploads, "add", lambda *what: 1)
    app = opened(routes.ADD)
    app.text_input[0].set_value(rep)
    app.file_uploader[0].set_value(("a.wav", b"RIFF", "audio/wav")).run()
    app.button[0].click().run()
    assert not app.exception and told in app.success[0].value and "Boiler" not in text_of(app)
    [entry] = trail.entries(Desk(store, ALONE), Wanted(action="added"))
    assert (entry.account, entry.call_id) == (3, 1)
