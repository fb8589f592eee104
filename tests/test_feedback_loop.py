"""What people say of moments comes out as labelled calls, is measured, and makes thresholds: on request only."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hand_made import review
from sklearn.metrics import cohen_kappa_score

from coach.calls import AXES, InputError
from coach.cli import main
from coach.review import Reviewer
from coach.store import Store
from coach.store.people import Account, StoredDisagreement, StoredRating
from coach.tone import feedback
from coach.tone.model import FOLDERS, ToneModel
from coach.tone.thresholds import read_thresholds

NOW = datetime.now(UTC)


@pytest.fixture
def exported(store: Store, tmp_path: Path) -> Path:
    """The call has a turn that the rep (1) and their lead (2) rated, and one that the rep sees differently."""
    with store.writing() as session:
        for number, role in ((1, "rep"), (2, "lead")):
            session.add(Account(id=number, login=role, name=role.title(), role=role, teams=[], made_at=NOW))
        session.flush()
        said = {"call_id": 1, "at": NOW, "axis": "condescension"}
        session.add(StoredRating(turn=4, account_id=1, role="rep", rating=1, blind=False, **said))
        session.add(StoredRating(turn=4, account_id=2, role="lead", rating=2, blind=True, **said))
        for withdrawn, reason in ((None, "I was quoting the manual"), (NOW, "never mind")):
            session.add(
                StoredDisagreement(
                    call_id=1, turn=4, axis="condescension", kind="giveaway", account_id=1, reason=reason,
                    scorer={}, made_at=NOW, withdrawn_at=withdrawn,
                )
            )  # fmt: skip
    out = tmp_path / "feedback.jsonl"
    assert run("feedback", "export", "--db", store.url, "--out", str(out)).startswith("1 labelled calls are in")
    return out


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_what_was_said_is_written_beside_what_the_model_says(exported: Path) -> None:
    [call] = map(json.loads, exported.read_text().splitlines())
    turn = call["turns"][4]
    assert turn["text"] == review().call.turns[4].text and turn["scores"]["condescension"]["rating"] > 0
    assert turn["ratings"] == {"condescension": [2, 1]}
    assert turn["raters"]["condescension"] == [
        {"role": "lead", "number": 2, "blind": True},
        {"role": "rep", "number": 1, "blind": False},
    ]
    assert [(d["reason"], d["verdict"]) for d in turn["disagreements"]] == [("I was quoting the manual", None)]
    assert "ratings" not in call["turns"][2] and "Anna" not in exported.read_text()


def test_the_report_says_how_far_people_agree_and_where_it_cannot(exported: Path) -> None:
    told = run("evaluate", "--feedback", str(exported))
    assert "1 calls, 2 ratings, 1 of them blind" in told
    assert "| condescension | lead and model | 1 | 1 | too few turns to tell (20 needed) |" in told
    assert "| states_the_obvious | 1 | 100% (21%-100%) |" in told and "not answered yet 1" in told
    found = json.loads(run("evaluate", "--feedback", str(exported), "--json"))
    assert found["behaviours"][0]["turns"] == 1


def rated(turns: int, lead: Any, probability: Any, blind: bool = True, seed: int = 0) -> list[dict[str, Any]]:
    """Calls of ten turns each, rated on impatience by a lead: `lead(chance)`, where the model says `probability`."""
    draw, calls = np.random.default_rng(seed), []
    for number in range(turns // 10):
        said = []
        for _ in range(10):
            chance = probability(draw)
            scores = {axis: {"rating": 3 * chance, "probability": chance, "clear": 0.0} for axis in AXES}
            rating, rater = int(lead(chance, draw)), {"role": "lead", "number": 1, "blind": blind}
            told = {"ratings": {"impatience": [rating]}, "raters": {"impatience": [rater]}}
            said.append({"speaker": "rep", "text": "", "scores": scores, "evidence": []} | told)
        calls.append({"id": f"call-{number}", "turns": said})
    return calls


def test_kappa_is_that_of_scikit_learn_and_lies_in_its_interval() -> None:
    given = feedback.judgements(rated(100, lambda p, draw: min(3, 3 * p + draw.integers(0, 2)), lambda d: d.random()))
    [row] = feedback.agreement(given).itertuples()
    model = np.floor(given.model + 0.5).astype(int)
    assert row.kappa.value == pytest.approx(cohen_kappa_score(given.rating, model, weights="quadratic"))
    assert row.kappa.low < row.kappa.value < row.kappa.high and (row.turns, row.calls) == (100, 10)


def test_a_threshold_goes_to_where_people_confirm_and_is_measured_on_other_calls() -> None:
    calls = rated(400, lambda p, draw: draw.random() < (0.95 if p > 0.7 else 0.2), lambda d: d.uniform(0.5, 1))
    before = dict.fromkeys(AXES, 0.5)
    chosen = {each.axis: each for each in feedback.choose(feedback.judgements(calls), before)}
    impatience = chosen["impatience"]
    assert 0.6 < impatience.after < 0.72 and impatience.shown[1] < impatience.shown[0] == 400
    assert impatience.right_before < feedback.RIGHT - 0.1 < impatience.right_after
    assert not chosen["empathy"].enough and chosen["empathy"].after == 0.5


@pytest.mark.parametrize(("turns", "blind"), [(40, True), (400, False)], ids=["too few", "not blind"])
def test_what_does_not_suffice_changes_no_threshold(turns: int, blind: bool) -> None:
    given = feedback.judgements(rated(turns, lambda p, draw: 0, lambda d: d.uniform(0.5, 1), blind))
    assert all(
        each.after == each.before and not each.enough for each in feedback.choose(given, dict.fromkeys(AXES, 0.6))
    )


def test_chosen_thresholds_are_used_only_where_they_are_named(tmp_path: Path) -> None:
    calls = rated(200, lambda p, draw: p > 0.8, lambda d: d.uniform(0.5, 1))
    labelled, out = tmp_path / "labelled.jsonl", tmp_path / "thresholds.json"
    labelled.write_text("".join(f"{json.dumps(call)}\n" for call in calls))
    told = run("feedback", "calibrate", str(labelled), "--out", str(out), "--tone", "fast")
    assert "too few: 50 are needed" in told and "Nothing uses them unless you say so" in told
    chosen, shipped = read_thresholds(out), ToneModel.load(FOLDERS["fast"])
    assert (
        chosen["impatience"] != shipped.thresholds["impatience"] and chosen["empathy"] == shipped.thresholds["empathy"]
    )
    assert Reviewer(tone="fast", thresholds=out).tone.thresholds == chosen
    assert Reviewer(tone="fast").versions != Reviewer(tone="fast", thresholds=out).versions
    assert all(low <= chosen[axis] for axis, low in shipped.with_thresholds(chosen).unsure_from.items())


NO_THRESHOLDS = "", "{}", '{"thresholds": {"empathy": 0.6}}', json.dumps({"thresholds": dict.fromkeys(AXES, 7)})


@pytest.mark.parametrize("content", NO_THRESHOLDS)
def test_what_is_no_file_of_thresholds_is_said_in_one_line(tmp_path: Path, content: str) -> None:
    file = tmp_path / "thresholds.json"
    file.write_text(content)
    with pytest.raises(InputError, match=r"thresholds.json: .*coach feedback calibrate"):
        Reviewer(thresholds=file)


def test_nothing_rated_is_no_error() -> None:
    assert "0 ratings" in str(feedback.report([])) and isinstance(feedback.judgements([]), pd.DataFrame)
