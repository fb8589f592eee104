"""How often does a rep's progress call chance a change, and what changes does it find?

    python benchmarks/progress.py

The labelled calls stand for a rep's: call scores are those of their raters, as skewed as they are. Calls are drawn at
random, so that a rep has changed in nothing unless their scores are shifted. Real calls of one day or one queue may be
more alike than that: chance is then taken for a change somewhat more often.
"""

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

import click

from coach.calls import AXES
from coach.progress import Figures, habits, of_ratings, ratings

CALLS = ((8, 16), (20, 40), (40, 80), (100, 200))
SHIFTS = (0.25, 0.5, 1.0)
CHANGED = ("more", "less")
NOW = datetime.now(UTC)
DATA = Path(__file__).parents[1] / "data" / "service_calls"


def figures(line: str) -> Figures:
    turns = [turn for turn in json.loads(line)["turns"] if turn["speaker"] == "rep" and "ratings" in turn]
    scores = {axis: mean(sorted(mean(turn["ratings"][axis]) for turn in turns)[-3:]) for axis in AXES}
    return Figures(NOW, scores, frozenset(span["behaviour"] for turn in turns for span in turn["spans"]))


@click.command()
@click.option("--draws", default=1000, show_default=True)
def main(draws: int) -> None:
    files = (DATA / "train.jsonl", DATA / "dev.jsonl")
    calls, rng = [figures(line) for file in files for line in file.open(encoding="utf-8")], random.Random(0)
    print("calls   any axis  any habit  " + "  ".join(f"+{shift} found" for shift in SHIFTS))
    for now, before in CALLS:
        axis = habit = 0
        found = dict.fromkeys(SHIFTS, 0)
        for _ in range(draws):
            recent, earlier = rng.choices(calls, k=now), rng.choices(calls, k=before)
            axis += any(change.verdict in CHANGED for change in ratings(recent, earlier).values())
            habit += any(change.verdict in CHANGED for change in habits(recent, earlier).values())
            was = [call.scores["empathy"] for call in earlier]
            for shift in SHIFTS:
                shifted = [min(3.0, call.scores["empathy"] + shift) for call in recent]
                found[shift] += of_ratings(shifted, was, len(AXES)).verdict == "more"
        shares = "  ".join(f"{hits / draws:>11.1%}" for hits in found.values())
        print(f"{now:>3} / {before:<3}  {axis / draws:>5.1%}  {habit / draws:>8.1%}  {shares}")


if __name__ == "__main__":
    main()
