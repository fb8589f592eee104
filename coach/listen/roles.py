"""Who is the rep: decided from what each speaker says, by a small linear model over words and pairs of words.

`python -m coach.listen.roles DATA [OUT]` trains it anew on DATA/train.jsonl (see models/roles/README.md).
"""

import functools
import json
import math
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from coach.as_json import call_from_dict
from coach.calls import Call, Turn
from coach.weights import MODELS, verified

FILE = MODELS / "roles" / "roles.json"
SHA256 = "7c333e1c893e29ddd61484232274210e3309bcadc9c663d292a9f11e143a1613"

Pair = tuple[str, str]  # all that the rep said, all that the other said


@dataclass(frozen=True, slots=True)
class RoleModel:
    """A weight for each term (above 0: a rep's), and how margins become confidences."""

    weights: dict[str, float]
    slope: float = 1.0
    slope_per_log_word: float = 0.0

    @classmethod
    def load(cls, path: Path = FILE, sha256: str = SHA256) -> "RoleModel":
        return cls(**json.loads(verified(sha256, path).read_text(encoding="utf-8")))

    def save(self, path: Path) -> None:
        data = {name: getattr(self, name) for name in self.__slots__}
        path.write_text(json.dumps(data, indent=0) + "\n", encoding="utf-8")

    def score(self, text: str) -> float:
        return sum(self.weights[term] * value for term, value in features(text, self.weights).items())

    def confidence(self, margin: float, words: int) -> float:
        """P(the speaker with the higher score is the rep), from how much higher and how much was said."""
        return 1 / (1 + math.exp(-margin * max(0.0, self.slope + self.slope_per_log_word * math.log1p(words))))


def rep_of(texts: Sequence[str]) -> tuple[int, float]:
    """Which of two or more speakers is the rep.

    Parameters
    ----------
    texts
        All that each speaker said: one string a speaker, at least two. Case and punctuation do not matter.

    Returns
    -------
    index, confidence
        The rep's place in `texts`, and the probability (0.5-1) that it is this speaker and not the next likely one.
    """
    model = _shipped()
    scores = [model.score(text) for text in texts]
    first, second = sorted(range(len(texts)), key=lambda speaker: -scores[speaker])[:2]
    words = sum(len(_tokens(text)) for text in texts)
    return first, model.confidence(scores[first] - scores[second], words)


@functools.cache
def _shipped() -> RoleModel:
    return RoleModel.load()


def features(text: str, vocabulary: Collection[str]) -> dict[str, float]:
    """Words and pairs of neighbours: log counts, scaled to length 1.

    A number is "0"; a word that the vocabulary lacks, such as a name, is "*" and counts only as a neighbour.
    """
    words = [word if word in vocabulary else "*" for word in _tokens(text)]
    pairs = (f"{a} {b}" for a, b in pairwise(words))
    counts = Counter(term for term in [*words, *pairs] if term in vocabulary)
    length = math.sqrt(sum(math.log1p(n) ** 2 for n in counts.values()))
    return {term: math.log1p(n) / length for term, n in counts.items()}


def _tokens(text: str) -> list[str]:
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+", text.lower().replace("\u2019", "'"))
    return ["0" if word.isdigit() else word for word in words]


# Training. From here on nothing is needed to use the model.

AUTHORS, SIDES = 4, 6  # a term is kept if so many authors used it, on so many sides of calls: no one's pet phrase

# What an automatic voice says before a rep comes: it is a third speaker, who must not be taken for the rep.
MACHINE = """
Thank you for calling. Your call is important to us.
This call may be monitored or recorded for quality and training.
For sales, press 1. For support, press 2. For all other enquiries, press 3.
Please listen carefully to the following options, as our menu has changed.
Please enter your account number, followed by the pound key.
Please hold while we connect your call.
All of our agents are busy at the moment. You are number 4 in the queue.
Your estimated waiting time is 6 minutes.
Did you know that you can manage your account online, at any time, on our website?
Please stay on the line and the next available advisor will answer your call.
I didn't get that. In a few words, please tell me why you're calling.
You can say things like billing or cancel my order.
To speak to a representative, press 0 or say representative.
Welcome to our automated service. To continue in English, press 1.
Please say or enter your date of birth, using two digits for the day and two for the month.
If this is an emergency, hang up and dial 911. Our opening hours are Monday to Friday, 9 to 5.
Thank you. Just a moment while I look up your details. Goodbye.
""".strip().splitlines()


def train(calls: Sequence[Call]) -> RoleModel:
    """Fit the weights to all calls; calibrate the confidence on each author's calls by a model of the others'."""
    margins, words = [], []
    for author in sorted({call.id[0] for call in calls}):
        model = fit([call for call in calls if call.id[0] != author])
        for rep, other in _pairs(call for call in calls if call.id[0] == author):
            margins.append(model.score(rep) - model.score(other))
            words.append(len(_tokens(rep + " " + other)))
    slope, per_log_word = _calibration(margins, words)
    return replace(fit(calls), slope=slope, slope_per_log_word=per_log_word)


def fit(calls: Sequence[Call]) -> RoleModel:
    """Logistic regression on the difference between the two sides' features, without an intercept: symmetric."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    vocabulary = _vocabulary(calls)
    vectorizer = DictVectorizer().fit([dict.fromkeys(vocabulary, 1.0)])
    reps, others = zip(*_pairs(calls), *_pairs_with_machine(calls), strict=True)
    rep_rows, other_rows = (vectorizer.transform(features(t, vocabulary) for t in texts) for texts in (reps, others))
    differences = rep_rows - other_rows
    signs = [1 - 2 * (row % 2) for row in range(len(reps))]
    rows = differences.multiply([[sign] for sign in signs]).tocsr()
    weights = LogisticRegression(C=10, fit_intercept=False, max_iter=1000).fit(rows, signs).coef_[0]
    return RoleModel({t: round(float(w), 3) for t, w in zip(vectorizer.feature_names_, weights, strict=True)})


def _calibration(margins: Sequence[float], words: Sequence[int]) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    rows = [(m, m * math.log1p(n)) for m, n in zip(margins, words, strict=True)]
    mirrored = rows + [(-a, -b) for a, b in rows]
    labels = [1] * len(rows) + [0] * len(rows)
    slope, per_log_word = LogisticRegression(C=1e6, fit_intercept=False).fit(mirrored, labels).coef_[0]
    return round(float(slope), 3), round(float(per_log_word), 3)


def _vocabulary(calls: Sequence[Call]) -> set[str]:
    """Terms that several authors use. A word counts where it is seen in lower case, which leaves names out."""
    lower = r"\bI(?:'[a-z]+)?\b|\b[a-z]+(?:'[a-z]+)*"
    words: dict[str, set[str]] = defaultdict(set)
    for call in calls:
        for turn in call.turns:
            for word in re.findall(lower, turn.text):
                words[word.lower()].add(call.id[0])
    known = {word for word, authors in words.items() if len(authors) >= AUTHORS} | {"0"}
    authors: dict[str, set[str]] = defaultdict(set)
    sides: Counter[str] = Counter()
    for call in calls:
        for text in _sides(call.turns):
            tokens = [word if word in known else "*" for word in _tokens(text)]
            for term in {*tokens, *(f"{a} {b}" for a, b in pairwise(tokens))} - {"*", "* *"}:
                authors[term].add(call.id[0])
                sides[term] += 1
    return {term for term in sides if len(authors[term]) >= AUTHORS and sides[term] >= SIDES}


def _pairs(calls: Iterable[Call]) -> Iterator[Pair]:
    """The two sides of each call, of its first turns, of its last, and of some from its middle."""
    rng = random.Random(0)
    for call in calls:
        turns = call.turns
        parts = [turns, turns[-4:], *(turns[:length] for length in (2, 3, 4, 6, 8))]
        for length in (3, 6, 10):
            start = rng.randrange(max(1, len(turns) - length))
            parts.append(turns[start : start + length])
        yield from (pair for pair in map(_sides, parts) if all(pair))


def _pairs_with_machine(calls: Iterable[Call]) -> Iterator[Pair]:
    """An automatic voice as a third speaker, and recorded on either side."""
    rng = random.Random(0)
    for call in calls:
        (rep, customer), machine = _sides(call.turns), " ".join(rng.sample(MACHINE, 5))
        yield from [(rep, machine), (f"{machine} {rep}", customer), (rep, f"{machine} {customer}")]


def _sides(turns: Iterable[Turn]) -> Pair:
    turns = tuple(turns)
    rep, other = (" ".join(t.text for t in turns if (t.speaker == "rep") == is_rep) for is_rep in (True, False))
    return rep, other


def main(data: str, out: str = str(FILE)) -> None:
    lines = (Path(data) / "train.jsonl").read_text(encoding="utf-8").splitlines()
    train([call_from_dict(json.loads(line)) for line in lines]).save(Path(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
