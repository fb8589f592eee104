"""Fill a database with the calls of a large organisation, to see how its pages do.

    python benchmarks/crowd.py --db sqlite:////tmp/crowd.db [--calls 100000] [--reps 200]

The calls are the labelled ones of data/service_calls, over and over, as if they had been heard and scored: ratings and
evidence are their raters' and authors', no model has seen them. Every rep has as many calls as any other, over the last
180 days, and each ten reps are a team. Some moments are shared or kept private, of a few somebody disagrees.
"""

import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

import click
from sqlalchemy import insert
from sqlalchemy.orm import Session

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from coach import moments  # noqa: E402
from coach.as_json import call_from_dict, review_to_dict  # noqa: E402
from coach.calls import AXES, Axis, Evidence, Rating, Review, Score, call_scores  # noqa: E402
from coach.store import Store  # noqa: E402
from coach.store.people import Choice, StoredDisagreement  # noqa: E402
from coach.store.schema import Rep, StoredCall, StoredMoment, StoredReview  # noqa: E402
from coach.tone.examples import labelled_calls  # noqa: E402

DAYS, TEAM, AT_ONCE = 180, 10, 2000
QUEUES = ("Repairs", "Billing", "Sales", "Returns", "New customers")
CALLERS = ("new", "small", "prospect", None)
THRESHOLDS: dict[Axis, float] = dict.fromkeys(AXES, 0.5)


def reviews(path: Path) -> list[Review]:
    """Labelled calls as if a model that is always right had scored them."""
    found = []
    for labelled in labelled_calls(path):
        call = call_from_dict(labelled)
        ratings = tuple(_rating(turn) if turn["speaker"] == "rep" else None for turn in labelled["turns"])
        found.append(Review(call, ratings, moments.find(call, ratings, THRESHOLDS)))
    return found


def _rating(turn: dict[str, Any]) -> Rating:
    means = {axis: fmean(turn["ratings"][axis]) for axis in AXES}
    scores = {axis: Score(mean, min(0.95, mean / 1.5), min(0.95, mean / 3)) for axis, mean in means.items()}
    spans = (Evidence(s["axis"], s["behaviour"], s["start"], s["end"], s["text"], 0.5) for s in turn["spans"])
    return Rating(scores, tuple(spans))


def fill(store: Store, calls: int, reps: int, seed: int = 0) -> None:
    """Put calls into an empty store; `calls` in all."""
    chance, now = random.Random(seed), datetime.now(UTC)
    with store.writing() as session:
        names = [{"id": n, "name": f"Rep {n:03}", "team": f"Team {(n - 1) // TEAM + 1:02}"} for n in range(1, reps + 1)]
        session.execute(insert(Rep), names)
    known = [_rows(review) for review in reviews(ROOT / "data" / "service_calls" / "dev.jsonl")]
    with click.progressbar(length=calls, label="calls") as bar:
        for first in range(1, calls + 1, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, calls + 1))
            with store.writing() as session:
                _add(session, [_call(n, reps, now, chance) | {"known": chance.choice(known)} for n in numbers], chance)
            bar.update(len(numbers))


def _rows(review: Review) -> dict[str, Any]:
    """What a call's rows have from its review."""
    body, scores = review_to_dict(review), call_scores(review)
    turns = [{key: value for key, value in turn.items() if key != "delivery"} for turn in body["turns"]]
    words = {key: value for key, value in body.items() if key not in ("speech", "timing")} | {"turns": turns}
    told = [
        {"position": at, **{name: getattr(moment, name) for name in moment.__slots__}}
        for at, moment in enumerate(review.moments)
    ]
    length = 8.0 * len(turns)
    return {"scores": scores, "body": json.dumps(words), "moments": told, "duration": length, "title": review.call.id}


def _call(number: int, reps: int, now: datetime, chance: random.Random) -> dict[str, Any]:
    rep = number % reps + 1
    at = now - timedelta(days=DAYS * chance.random())
    return {
        "id": number, "digest": f"{number:064}", "rep_id": rep, "team": f"Team {(rep - 1) // TEAM + 1:02}",
        "started_at": at, "added_at": at, "reviewed_at": at, "queue": chance.choice(QUEUES),
        "caller": chance.choice(CALLERS), "customer": f"C-{chance.randrange(50_000)}", "language": "en",
        "scorer": {"coach": "0.1", "engine": "openai-whisper", "tone": chance.choice(("best", "fast"))}, "unsure": [],
    }  # fmt: skip


def _add(session: Session, calls: list[dict[str, Any]], chance: random.Random) -> None:
    rows = [(call, call.pop("known")) for call in calls]
    more = ({"title": known["title"], "duration": known["duration"], **known["scores"]} for _, known in rows)
    session.execute(insert(StoredCall), [call | own for call, own in zip(calls, more, strict=True)])
    session.execute(insert(StoredReview), [{"call_id": call["id"], "body": known["body"]} for call, known in rows])
    found = [{"call_id": call["id"]} | moment for call, known in rows for moment in known["moments"]]
    session.execute(insert(StoredMoment), found)
    session.execute(insert(Choice), list(_choices(found, chance)))
    if differing := list(_disagreements(found, chance)):
        session.execute(insert(StoredDisagreement), differing)


def _choices(found: list[dict[str, Any]], chance: random.Random) -> Iterator[dict[str, Any]]:
    now = datetime.now(UTC)
    for moment in found:
        if chance.random() < 0.2:
            same = {name: moment[name] for name in ("call_id", "turn", "axis", "kind")}
            yield same | {"choice": chance.choice(("shared", "shared", "private")), "at": now}


def _disagreements(found: list[dict[str, Any]], chance: random.Random) -> Iterator[dict[str, Any]]:
    for moment in found:
        if chance.random() < 0.01:
            same = {name: moment[name] for name in ("call_id", "turn", "axis", "kind")}
            yield same | {"reason": "I read the policy out.", "scorer": {}, "made_at": datetime.now(UTC)}


@click.command()
@click.option("--db", required=True, help="A new database.")
@click.option("--calls", default=100_000, show_default=True)
@click.option("--reps", default=200, show_default=True)
def main(db: str, calls: int, reps: int) -> None:
    store = Store(db)
    if store.count():
        raise click.ClickException(f"{db}: there are calls in it already")
    fill(store, calls, reps)


if __name__ == "__main__":
    main()
