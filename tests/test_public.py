import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner, Result
from sklearn.metrics import average_precision_score

from coach.cli import main
from coach.tone.public import (
    FILE,
    Comparison,
    Judgement,
    as_call,
    average_precisions,
    best_threshold,
    figures,
    folds,
    folds_of_issues,
    head_learner,
    in_folds,
    read_comments,
    shortened,
    tf_idf_learner,
)

IMPATIENT = ["Any news? It has been two years.", "How long must we wait for this, really?"] * 6
CALM = ["Thanks, that works for me.", "NA"] * 6
MOCKING = ["Here is the log, in case you can read.", "What a clever fix, it breaks all the rest."] * 6


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """A folder of public data with a few comments of the published shape."""
    texts, labels = IMPATIENT + CALM + MOCKING, ["Impatience"] * 12 + ["None"] * 12 + ["Mocking"] * 12
    table = pd.DataFrame({"id": range(36), "issue_id": [number % 12 for number in range(36)], "tbdf": labels})
    table = table.assign(comment_body=texts, prev_comment_body=["", "It crashes at start.", ""] * 12)
    (tmp_path / FILE).parent.mkdir()
    table.to_csv(tmp_path / FILE, index=False)
    return tmp_path


@pytest.fixture
def comments(public: Path) -> pd.DataFrame:
    return read_comments(public)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


def test_the_command_compares_every_system_on_the_same_comments(public):
    result = run("--public", public, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["comments"], found["impatient"], len(found["published"])) == (36, 12, 2)
    values = pd.DataFrame(found["figures"]).pivot(index="system", columns="measure", values="value")
    assert values.loc["all impatient", "F1"] == pytest.approx(0.5)
    assert values.loc["all impatient", "average precision"] == pytest.approx(1 / 3)
    # The impatient comments are only two, said over and over, so that both can be learned.
    assert values.loc["TF-IDF and logistic regression, in the folds", "F1"] == 1
    assert values.loc["head on the tone model's features, in the folds", "F1"] == 1
    chance = values.loc["all impatient", "average precision"]
    assert values.loc["tone model, zero-shot, its own threshold", "average precision"] > 1.2 * chance


def test_the_table_has_the_published_figures_below(comments):
    said = comments.impatient.to_numpy()
    table = str(
        Comparison(36, 12, figures(comments, Judgement(said * 1.0, said, folds(comments))).assign(system="oracle"))
    )
    *_, oracle, language_model, distilbert = (line.split(" | ") for line in table.splitlines())
    assert oracle[0] == "| oracle" and oracle[1] == "1.000 (1.000-1.000)"
    assert (language_model[1], distilbert[2]) == ("0.242", "0.11")
    assert len({len(row) for row in (oracle, language_model, distilbert)}) == 1


@pytest.mark.parametrize("content", [None, "a,b\n1,2\n", "\n"])
def test_comments_that_cannot_be_read_are_named_in_one_line(tmp_path, content):
    if content is not None:
        (tmp_path / FILE).parent.mkdir()
        (tmp_path / FILE).write_text(content)
    result = run("--public", tmp_path)
    assert result.exit_code == 1
    assert str(tmp_path / FILE) in result.stderr and len(result.stderr.splitlines()) == 1


def test_the_published_comments_are_read(shared):
    comments = read_comments(shared / "data" / "public")
    assert (len(comments), comments.impatient.sum(), comments.label.nunique()) == (5969, 266, 10)


@pytest.mark.parametrize(
    ("text", "longest", "short"),
    [
        ("> you said\nAny news?\n```\nlog > x\n```\nSee https://a.b/c now", 9, "Any news? See link now"),
        ("one two three", 2, "one two"),
        ("> nothing but a quote", 9, "> nothing but a quote"),
        ("a > b <!-- hidden\ntoo --> c", 9, "a > b c"),
        ("", 9, ""),
    ],
)
def test_of_a_comment_what_was_said_is_kept(text, longest, short):
    assert shortened(text, longest) == short


def test_a_comment_answers_the_one_before():
    assert [turn.speaker for turn in as_call("It fails.", "Wait.").turns] == ["customer", "rep"]
    assert [turn.speaker for turn in as_call("", "").turns] == ["rep"]


def test_folds_are_stratified_and_an_issue_can_be_kept_whole(comments):
    counted = pd.crosstab(folds(comments), comments.label)
    assert len(counted) == 10 and counted.sum(axis=1).max() - counted.sum(axis=1).min() <= 3
    assert (counted.max() - counted.min() <= 1).all()
    assert comments.groupby(folds_of_issues(comments)).issue.nunique().sum() == comments.issue.nunique()
    assert comments.issue.nunique() < comments.groupby(folds(comments)).issue.nunique().sum()


def test_the_threshold_is_the_best_one_of_the_other_folds():
    impatient = np.tile([True, False, False], 20)
    chance = np.where(impatient, 0.7, 0.3)
    numbers = np.repeat(np.arange(10), 6)
    assert best_threshold(impatient, chance) == 0.7
    # On the fold itself all chances are halved: a threshold chosen there would still tell them apart.
    judged = in_folds(lambda train, test: (chance[train], chance[test] / 2), impatient, numbers)
    assert not judged.said.any()


@pytest.mark.parametrize("learned_by", ["head", "tf-idf"])
def test_the_labels_of_a_fold_do_not_change_what_is_said_of_it(comments, learned_by):
    features = torch.randn(36, 8, generator=torch.Generator().manual_seed(1))
    texts, numbers = comments.text.to_numpy(), folds(comments)
    impatient = comments.impatient.to_numpy()
    flipped = np.where(numbers == 3, ~impatient, impatient)
    judged = []
    for labels in (impatient, flipped):
        learner = head_learner(features, labels) if learned_by == "head" else tf_idf_learner(texts, labels)
        judged.append(in_folds(learner, labels, numbers))
    before, after = judged
    assert ((before.chance == after.chance) & (before.said == after.said))[numbers == 3].all()
    assert (before.chance != after.chance)[numbers != 3].any()


def test_a_threshold_is_chosen_on_comments_the_head_has_not_seen():
    generator = torch.Generator().manual_seed(0)
    noise, impatient = torch.randn(120, 200, generator=generator), np.arange(120) % 3 == 0
    everything = np.arange(120)
    unseen, seen = head_learner(noise, impatient)(everything, everything)
    assert (seen[impatient] > seen[~impatient].max()).all()  # what was learned by heart
    assert abs(unseen[impatient].mean() - unseen[~impatient].mean()) < 0.1


def test_measures_by_hand_with_intervals_around_them():
    said = np.array([True, True, False, False] * 15)
    real = np.array([True, False, True, False] * 15)
    comments = pd.DataFrame({"impatient": real, "issue": range(60)})
    judged = Judgement(said * 1.0, said, np.repeat([0, 1], 30))
    found = figures(comments, judged).set_index("measure")
    assert list(found.loc[["F1", "precision", "recall"], "value"]) == [0.5, 0.5, 0.5]
    assert ((found.low <= found.value) & (found.value <= found.high)).all()
    assert found.equals(figures(comments, judged).set_index("measure"))


def test_average_precision_is_that_of_scikit_learn():
    generator = np.random.default_rng(0)
    impatient, chance = generator.random(50) < 0.3, generator.integers(8, size=50) / 8
    times = generator.integers(3, size=(4, 50))
    expected = [average_precision_score(impatient, chance, sample_weight=each) for each in times]
    assert average_precisions(impatient, chance, times) == pytest.approx(expected)
