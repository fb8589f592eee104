"""What the figures mean, on tables made by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from coach.calls import AXES, Axis, InputError
from coach.tone import agreement, curves, figures
from coach.tone.card import card
from coach.tone.evaluate import compare, leave_one_author_out
from coach.tone.examples import labelled_calls
from coach.tone.model import ToneModel

THRESHOLDS: dict[Axis, float] = dict.fromkeys(AXES, 0.8)


def scored(probability, rated, axis: str = "empathy", call=None, **columns) -> pd.DataFrame:
    """A table of one axis: ten turns a call, by one author, unless told."""
    number = np.arange(len(probability))
    rows = {"call": [f"a-{n // 10:03d}" for n in number] if call is None else call, "turn": number % 10, "axis": axis}
    told = {"text": "Okay.", "truth": np.where(rated, 1.5, 0.0), "probability": np.asarray(probability, float)}
    return pd.DataFrame(rows | told | {"rating": 3 * np.asarray(probability, float)} | columns)


def calibrated(turns: int = 4000, seed: int = 0) -> pd.DataFrame:
    """Turns that are rated 1 or more exactly as often as their probability says, with few unsure ones."""
    generator = np.random.default_rng(seed)
    probability = generator.beta(0.4, 0.8, turns)
    return scored(probability, generator.random(turns) < probability)


@pytest.mark.parametrize(
    ("probability", "rated", "error"),
    [
        ([0.5] * 10, [True] * 5 + [False] * 5, 0.0),
        ([0.5] * 10, [True] * 2 + [False] * 8, 0.3),
        ([0.95] * 10, [False] * 10, 0.95),
        ([0.1, 0.9] * 5, [False, True] * 5, 0.1),
    ],
)
def test_calibration_error_is_the_mean_gap(probability, rated, error):
    assert agreement.measures(scored(probability, rated))["calibration error"] == pytest.approx(error)


@pytest.mark.parametrize("digits", [1, 8])  # with many equal probabilities, and with none
def test_measures_are_those_of_scikit_learn_for_each_sample(digits):
    rows = calibrated(300)
    rows = rows.assign(probability=rows.probability.round(digits), truth=np.arange(300) % 7 / 2)
    drawn = rows.iloc[np.random.default_rng(1).integers(300, size=300)]
    for own in (rows, drawn):
        rated, chance = own.truth >= 1, own.probability
        whole = [np.floor(ratings + 0.5).astype(int) for ratings in (own.truth, own.rating)]
        assert agreement.measures(own) == pytest.approx(
            {
                "average precision": metrics.average_precision_score(rated, chance),
                "ROC-AUC": metrics.roc_auc_score(rated, chance),
                "kappa": metrics.cohen_kappa_score(*whole, weights="quadratic"),
                "calibration error": agreement.measures(own)["calibration error"],
            }
        )


def test_where_all_turns_are_alike_nothing_can_be_ranked():
    found = agreement.measures(scored([0.1, 0.9], [True, True]))
    assert np.isnan(found["average precision"]) and np.isnan(found["ROC-AUC"])


def test_intervals_hold_the_figure_and_widen_where_turns_of_a_call_go_together():
    apart = calibrated(600)
    together = apart.assign(call=[f"a-{n // 100}" for n in range(600)]).sort_values("truth")
    together["call"] = sorted(together.call)
    spread = []
    for rows in (apart, together):
        found = agreement.figures(rows).set_index("measure").loc["calibration error"]
        ranked = agreement.figures(rows).set_index("measure").loc["average precision"]
        assert ranked.low <= ranked.value <= ranked.high
        spread.append(found.high - found.low)
    assert spread[0] < spread[1]


def test_calibrated_probabilities_lie_on_the_diagonal():
    rows = calibrated()
    bins = curves.reliability(rows)
    assert agreement.measures(rows)["calibration error"] < 0.02
    assert bins.turns.sum() == len(rows) and len(bins) == 10
    assert (bins.probability - bins.rated).abs().max() < 0.1
    inside = (bins.low <= bins.probability) & (bins.probability <= bins.high)
    assert inside.sum() >= 8
    assert (bins.high - bins.low).corr(bins.turns) < 0  # the more turns, the narrower the interval


def test_the_surer_the_judgement_the_rarer_the_error():
    rows = calibrated()
    curve = curves.risk_coverage(rows)
    assert curve.kept.iloc[-1] == 1
    assert curve.error.iloc[9] < curve.error.iloc[49] < curve.error.iloc[-1] == curve.random.iloc[0]
    assert curves.area(rows) < curve.random.iloc[0]


@pytest.mark.parametrize(("surest", "right"), [("right", True), ("wrong", False)])
def test_the_curve_starts_with_the_surest(surest, right):
    rows = scored([0.99, 0.6, 0.4, 0.55], [right, not right, right, not right])
    assert curves.risk_coverage(rows, points=4).error.iloc[0] == (0 if right else 1)


def test_equal_probabilities_are_kept_by_lot():
    rows = scored([0.5] * 40, [True] * 10 + [False] * 30)
    curve = curves.risk_coverage(rows)
    assert curve.error.to_numpy() == pytest.approx(0.75) and curves.area(rows) == pytest.approx(0.75)


def test_the_abstaining_rule_keeps_its_promise_and_no_wider_one_does():
    rows = calibrated()
    bound = curves.unsure_from(rows, {"empathy": 0.8})["empathy"]
    missed = {limit: (rows.truth[rows.probability < limit] >= 1).mean() for limit in (bound, bound + 0.01)}
    assert 0.05 < bound < 0.8
    assert missed[bound] <= curves.MISSED < missed[bound + 0.01]


def test_a_model_that_knows_is_never_unsure_and_one_that_does_not_always_is():
    rated = np.arange(100) % 4 == 0
    knows, guesses = scored(np.where(rated, 0.95, 0.02), rated), scored(np.full(100, 0.25), rated)
    assert curves.unsure_from(knows, {"empathy": 0.8}) == {"empathy": 0.8}
    bounds = curves.unsure_from(guesses, {"empathy": 0.8})
    assert bounds["empathy"] <= 0.25
    unsure = curves.abstention(guesses, bounds, {"empathy": 0.8})["not sure"][0]
    assert unsure.value == unsure.low == unsure.high == 1


def test_abstaining_is_counted_on_both_sides():
    rows = scored([0.05] * 20 + [0.5] * 10 + [0.9] * 10, [True] + [False] * 19 + [True] * 5 + [False] * 5 + [True] * 10)
    found = curves.abstention(rows, {"empathy": 0.2}, {"empathy": 0.8}).iloc[0]
    shares = {"not sure": 0.25, "called absent": 0.5, "absent: wrong": 0.05, "called present": 0.25}
    assert {name: found[name].value for name in shares} == pytest.approx(shares)
    assert found["present: wrong"].value == 0
    assert found["error if all are judged"].value == pytest.approx(6 / 40)
    assert found["absent: wrong"].low == 0 < found["absent: wrong"].high


def test_a_ratio_of_sums_has_an_interval_that_narrows_with_more_calls():
    few, many = (pd.DataFrame({"right": [1, 2, 0, 3] * n, "shown": 3.0}) for n in (3, 300))
    wide, narrow = (figures.ratios(counts, {"right": ("right", "shown")})["right"] for counts in (few, many))
    assert wide.value == narrow.value == 0.5
    assert wide.low < narrow.low < 0.5 < narrow.high < wide.high


def test_moments_are_counted_call_by_call():
    faulty = scored([0.9, 0.85, 0.9, 0.95, 0.1], [True, True, True, False, True], "condescension", ["a-001"] * 5)
    civil = scored([0.9, 0.1, 0.2, 0.1, 0.1], [False] * 5, "impatience", ["a-002"] * 5)
    kind = scored([0.9, 0.9, 0.1, 0.1, 0.1], [True, False, False, False, False], "empathy", ["a-002"] * 5)
    found = {name: e.value for name, e in figures.moments(pd.concat([faulty, civil, kind]), THRESHOLDS).items()}
    assert found["giveaways a call"] == 2 and found["top three giveaways right"] == 0.5
    assert found["the same, of turns taken at random"] == 0.4
    assert found["faults that are over the threshold"] == 0.75
    assert found["top three strengths right"] == 0.5
    assert found["share of calls without fault"] == 0.5 and found["false giveaways in a call without fault"] == 1


def pairs(told: int, of: int) -> pd.DataFrame:
    """Contrast pairs, of which the first so many are told apart."""
    calls = [f"f-{n + 1:03d}" for n in range(2 * of)]
    guilty = np.arange(2 * of) % 2 == 0
    told_apart = np.arange(2 * of) // 2 < told
    return scored(np.where(guilty == told_apart, 0.7, 0.3), guilty, call=calls, text="Just the account number. Okay?")


@pytest.mark.parametrize(("told", "guessed"), [(10, 2**-10), (9, 11 * 2**-10), (0, 1.0)])
def test_contrast_pairs_are_told_apart_beside_chance(told, guessed):
    found = figures.contrast(pairs(told, of=10))
    assert found["turns that share a sentence"] == 10
    assert found["told apart"].value == told / 10
    assert found["told apart"].low <= told / 10 <= found["told apart"].high
    assert found["chance of guessing as many"] == pytest.approx(guessed)


def test_without_pairs_nothing_is_claimed():
    assert figures.contrast(calibrated(100)) == {"turns that share a sentence": 0}


def test_each_author_counts_the_same_and_few_calls_are_left_out():
    good, bad = scored([0.1, 0.9] * 200, [False, True] * 200), scored([0.1, 0.9] * 100, [True, False] * 100)
    bad["call"], few = bad.call.str.replace("a", "b"), scored([0.1, 0.9] * 50, [True, False] * 50)
    few["call"] = few.call.str.replace("a", "c")
    each = figures.authors(pd.concat([good, bad, few]))
    assert each.author.tolist() == ["a", "b"] and each.calls.tolist() == [40, 20]
    mean = figures.over_authors(each).set_index("measure").loc["ROC-AUC"]
    assert (mean.value, mean.worst, mean.best) == (0.5, 0, 1)
    assert mean.low < 0.5 < mean.high


def test_saved_scores_come_back_with_their_texts(tmp_path, labelled):
    calls = labelled_calls(labelled / "dev.jsonl")[::9]
    rows = figures.one_rater(calls).drop_duplicates(["call", "turn", "axis"], ignore_index=True)
    figures.save(rows, tmp_path / "unseen.csv.gz")
    back = figures.load(tmp_path / "unseen.csv.gz", calls)
    pd.testing.assert_frame_equal(back, rows, rtol=1e-4, check_dtype=False)
    (tmp_path / "again").mkdir()
    figures.save(back, tmp_path / "again" / "unseen.csv.gz")
    assert (tmp_path / "again" / "unseen.csv.gz").read_bytes() == (tmp_path / "unseen.csv.gz").read_bytes()
    found = leave_one_author_out(ToneModel.load(), labelled, tmp_path / "unseen.csv.gz")
    assert found.calls == len(calls) and "one rater" in str(found)


@pytest.mark.parametrize("content", [None, "a,b\n1,2\n"])
def test_what_is_not_a_table_of_scores_is_refused(tmp_path, labelled, content):
    path = tmp_path / "unseen.csv"
    if content:
        path.write_text(content)
    with pytest.raises(InputError, match=r"unseen\.csv: no table of scored turns"):
        figures.load(path, labelled_calls(labelled / "dev.jsonl")[:1])


def test_an_evaluation_reads_well_and_is_json(labelled):
    calls = labelled_calls(labelled / "dev.jsonl")
    rows = figures.one_rater(calls).drop_duplicates(["call", "turn", "axis"])
    found = compare(calls, rows, dict.fromkeys(AXES, 0.6))
    text = str(found)
    assert len(text.splitlines()) < 50 and max(map(len, text.splitlines())) < 200
    assert found.unsure_from.keys() == set(AXES)
    plain = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert plain["moments"]["top three giveaways right"].keys() == {"value", "low", "high"}
    assert {row["axis"] for row in plain["abstention"]} == set(AXES)


def test_the_card_says_what_the_model_must_not_be_used_for_and_how_sure_it_is(labelled):
    calls = labelled_calls(labelled / "dev.jsonl")[::3]
    found = compare(calls, figures.one_rater(calls), dict.fromkeys(AXES, 0.6))
    text = card((12, 15, 18), found, found)
    for needed in (
        "layers 12, 15 and 18",
        "Decisions about people",
        "Apache-2.0",
        "synthetic",
        "does not know",
        "0.60 (empathy)",
    ):
        assert needed in text
    assert f"{found.unsure_from['impatience']:.2f} (impatience)" in text
    assert text.count("calibration error |") == 2
