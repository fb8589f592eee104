"""Impatience in written comments: the tone model beside what others have published on the same comments."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from torch import Tensor
from tqdm import tqdm

from coach.calls import Call, InputError, Turn
from coach.tone.baselines import word_list
from coach.tone.fitting import fit
from coach.tone.model import ToneModel

FILE = Path("incivility_vcu", "DERIVED_comments_with_context.csv")
COLUMNS = {"issue_id": "issue", "tbdf": "label", "comment_body": "text", "prev_comment_body": "before"}
LONGEST, LONGEST_BEFORE = 60, 20  # words: so that all comments are read in ten minutes
NOT_SAID = re.compile(r"```.*?(?:```|\Z)|<!--.*?-->|^[ \t]*>.*?$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"https?://\S+")
FOLDS, INNER, SEED = 10, 5, 51  # ten folds and their seed as in the scripts of the publication
RIDGE = 0.04
RESAMPLES = 200
PUBLISHED = (
    ("GPT-4o-mini, the best of ten language models and five prompts (published)", {"F1": 0.242}),
    ("DistilBERT, fine-tuned in the folds (published)", {"F1, mean of folds": 0.11}),
)

# Given the numbers of the comments to learn from and to judge: the chances of both, of the first as if unseen.
Learner = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


class Judgement(NamedTuple):
    """Of each comment: the chance that it is impatient, whether it is said to be so, and the fold it belongs to."""

    chance: np.ndarray
    said: np.ndarray
    folds: np.ndarray


@dataclass(frozen=True, slots=True)
class Comparison:
    """`figures` has a row for each system and measure, with its interval."""

    comments: int
    impatient: int
    figures: pd.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        parts = {"comments": self.comments, "impatient": self.impatient, "figures": self.figures.to_dict("records")}
        return parts | {"published": [{"system": system} | values for system, values in PUBLISHED]}

    def __str__(self) -> str:
        """A table to read; it is Markdown too."""
        measures = list(self.figures.measure.unique())
        rows = [["system", *measures], ["---"] * (len(measures) + 1)]
        for system, own in self.figures.groupby("system", sort=False):
            rows.append([system, *(f"{r.value:.3f} ({r.low:.3f}-{r.high:.3f})" for r in own.itertuples())])
        for system, values in PUBLISHED:
            rows.append([system, *(f"{values[measure]:.3g}" if measure in values else "" for measure in measures)])
        title = f"{self.comments} comments, {self.impatient} impatient; in brackets 95 % intervals, issues resampled"
        return "\n".join([title, "", *("| " + " | ".join(row) + " |" for row in rows)])


def compare(model: ToneModel, folder: Path) -> Comparison:
    """Find the impatient ones among comments in heated GitHub issues, as it was published for other systems.

    The comments are those of Ehsani et al., "Incivility in Open Source Projects", MSR 2024 (MIT licence). The protocol
    and the published figures are of "404: Civility Not Found?", SBES 2025, and its scripts
    (github.com/reset-ufc/slm-evaluation-incivility): `Impatience` against all nine other labels, ten folds stratified
    by label. A language model's F1 is over all comments, a trained one's the mean of the F1 of the folds.

    Parameters
    ----------
    folder
        Holds `incivility_vcu`.

    Raises
    ------
    InputError
        Where the comments are missing or are not as they were published.
    """
    return measure(model, read_comments(folder))


def read_comments(folder: Path) -> pd.DataFrame:
    """The comments: `issue`, `label`, `text`, the `text` of the comment `before`, and whether it is `impatient`."""
    path = folder / FILE
    try:
        # "None" is a label, and "NA" may be a comment.
        found = pd.read_csv(path, usecols=list(COLUMNS), keep_default_na=False).rename(columns=COLUMNS)
    except OSError:
        raise InputError(f"{path}: cannot be read; give the folder that holds incivility_vcu") from None
    except ValueError:
        raise InputError(f"{path}: not a CSV file with the columns {', '.join(COLUMNS)}; restore it") from None
    return found.assign(impatient=found.label == "Impatience")


def measure(model: ToneModel, comments: pd.DataFrame) -> Comparison:
    """The figures of `compare` for comments that were read."""
    features = read_with(model, comments)
    judged = judgements(model, comments, features)
    found = [figures(comments, judgement).assign(system=system) for system, judgement in judged.items()]
    return Comparison(len(comments), int(comments.impatient.sum()), pd.concat(found))


def read_with(model: ToneModel, comments: pd.DataFrame) -> Tensor:
    """The model's features of each comment, read as the rep's answer to the comment before it."""
    pairs = zip(comments.before, comments.text, strict=True)
    calls = (as_call(before, text) for before, text in tqdm(pairs, "comments", len(comments), disable=None))
    return torch.stack([reading.features for call in calls for reading in model.reader.read(call)])


def as_call(before: str, text: str) -> Call:
    answer = Turn("rep", shortened(text, LONGEST))
    asked = shortened(before, LONGEST_BEFORE)
    return Call("comment", (Turn("customer", asked), answer) if asked else (answer,))


def shortened(text: str, longest: int) -> str:
    """The first so many words that somebody said: no code blocks, quotes or hidden text, and links by that name."""
    words = LINK.sub("link", NOT_SAID.sub(" ", text)).split() or text.split()
    return " ".join(words[:longest])


def judgements(model: ToneModel, comments: pd.DataFrame, features: Tensor) -> dict[str, Judgement]:
    """What each system says of each comment."""
    impatient = comments.impatient.to_numpy()
    zero_shot = np.array([scores["impatience"].probability for scores in model.heads.scores(features)])
    words = np.array([word_list(text)["impatience"].rating for text in comments.text])
    mixed, apart = folds(comments), folds_of_issues(comments)
    tf_idf, head = tf_idf_learner(comments.text.to_numpy(), impatient), head_learner(features, impatient)
    return {
        "all impatient": Judgement(np.ones(len(comments)), np.ones(len(comments), bool), mixed),
        "word list": Judgement(words, words > 0, mixed),
        "TF-IDF and logistic regression, in the folds": in_folds(tf_idf, impatient, mixed),
        "tone model, zero-shot, its own threshold": Judgement(
            zero_shot, zero_shot >= model.thresholds["impatience"], mixed
        ),
        "tone model, zero-shot, threshold from the other nine folds": in_folds(
            lambda train, test: (zero_shot[train], zero_shot[test]), impatient, mixed
        ),
        "head on the tone model's features, in the folds": in_folds(head, impatient, mixed),
        "TF-IDF and logistic regression, issues kept apart": in_folds(tf_idf, impatient, apart),
        "head on the tone model's features, issues kept apart": in_folds(head, impatient, apart),
    }


def folds(comments: pd.DataFrame) -> np.ndarray:
    """The number of each comment's fold, as published: stratified by the ten labels."""
    return _numbers(StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(comments, comments.label))


def folds_of_issues(comments: pd.DataFrame) -> np.ndarray:
    """The same, but an issue is never split: neither its subject nor its people tell."""
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    return _numbers(splitter.split(comments, comments.label, comments.issue))


def _numbers(splits) -> np.ndarray:
    tests = [test for _, test in splits]
    return np.repeat(np.arange(len(tests)), [len(test) for test in tests])[np.concatenate(tests).argsort()]


def in_folds(learner: Learner, impatient: np.ndarray, folds: np.ndarray) -> Judgement:
    """Judge each fold by what was learned from the others, the threshold as well."""
    chance, said = np.empty(len(folds)), np.empty(len(folds), bool)
    for fold in tqdm(range(folds.max() + 1), "folds", disable=None):
        test, train = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        unseen, chance[test] = learner(train, test)
        said[test] = chance[test] >= best_threshold(impatient[train], unseen)
    return Judgement(chance, said, folds)


def best_threshold(impatient: np.ndarray, chance: np.ndarray) -> float:
    """The lowest chance to be called impatient, for the best F1."""
    precision, recall, thresholds = precision_recall_curve(impatient, chance)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    return thresholds[f1[:-1].argmax()]


def tf_idf_learner(texts: np.ndarray, impatient: np.ndarray) -> Learner:
    """Words, each by how rare it is, and a logistic regression that counts the impatient ones for more."""
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression(class_weight="balanced", max_iter=1000))

    def learn(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inner = StratifiedKFold(INNER, shuffle=True, random_state=SEED)
        unseen = cross_val_predict(pipeline, texts[train], impatient[train], cv=inner, method="predict_proba")
        return unseen[:, 1], pipeline.fit(texts[train], impatient[train]).predict_proba(texts[test])[:, 1]

    return learn


def head_learner(features: Tensor, impatient: np.ndarray) -> Learner:
    """A head such as the tone model's own on its features."""

    def learn(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        splits = StratifiedKFold(INNER, shuffle=True, random_state=SEED).split(train, impatient[train])
        inner = torch.from_numpy(_numbers(splits))
        # One fit for all: each of the first heads learns without one inner fold, the last from all.
        left_in = (inner[:, None] != torch.arange(INNER)) * (INNER / (INNER - 1))
        importance = torch.cat([left_in, torch.ones(len(train), 1)], 1)
        targets = torch.from_numpy(impatient[train]).float()[:, None].expand(-1, INNER + 1)
        heads = fit(features[train], targets, RIDGE, importance)
        unseen = heads(features[train]).gather(1, inner[:, None])[:, 0]
        return unseen.sigmoid().numpy(), heads(features[test])[:, INNER].sigmoid().numpy()

    return learn


def figures(comments: pd.DataFrame, judged: Judgement) -> pd.DataFrame:
    """`measures` with bootstrap 95 % intervals (issues are drawn, not comments)."""
    issues = pd.factorize(comments.issue)[0]
    number = issues.max() + 1
    drawn = np.random.default_rng(SEED).multinomial(number, np.full(number, 1 / number), size=RESAMPLES)
    times = np.concatenate([np.ones((1, len(issues)), int), drawn[:, issues]])
    found = measures(comments.impatient.to_numpy(), judged, times)
    rows = pd.DataFrame({"value": found.loc[0], "low": found[1:].quantile(0.025), "high": found[1:].quantile(0.975)})
    return rows.rename_axis("measure").reset_index()


def measures(impatient: np.ndarray, judged: Judgement, times: np.ndarray) -> pd.DataFrame:
    """A row for each row of `times`: how often each comment counts. The published mean of the folds' F1 as well."""
    in_fold = np.eye(judged.folds.max() + 1, dtype=int)[judged.folds]
    right, called, real = ((times * which) @ in_fold for which in (impatient & judged.said, judged.said, impatient))
    found = {
        "F1": 2 * right.sum(1) / (called + real).sum(1),
        "F1, mean of folds": (2 * right / np.maximum(called + real, 1)).mean(1),
        "precision": right.sum(1) / np.maximum(called.sum(1), 1),
        "recall": right.sum(1) / real.sum(1),
        "average precision": average_precisions(impatient, judged.chance, times),
    }
    return pd.DataFrame(found)


def average_precisions(impatient: np.ndarray, chance: np.ndarray, times: np.ndarray) -> np.ndarray:
    """As scikit-learn's, for each row of `times` at once: its own takes minutes for so many."""
    falling = np.argsort(-chance, kind="stable")
    steps = np.append(np.flatnonzero(np.diff(chance[falling])), len(falling) - 1)
    right, called = (np.cumsum(each[:, falling], 1)[:, steps] for each in (times * impatient, times))
    return (np.diff(right, prepend=0) * right / np.maximum(called, 1)).sum(1) / right[:, -1]
