"""How many reviews a second does the store take? What is claimed and saved for each call of a night, and nothing else.

    python benchmarks/storing.py [--db URL] [--calls 500] [--writers 1]

The review of one of the samples is claimed and saved again and again, each time as another call's, by so many processes
at once. The database is an SQLite file in a temporary folder where no URL is given; another one is filled, and not
cleaned.
"""

import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4

import click

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from coach.calls import Review  # noqa: E402
from coach.store import Store  # noqa: E402

SAMPLE = ROOT / "samples" / "calls" / "2026-11-19_1618_colin.mp3"


def save(url: str, review: Review, calls: int) -> float:
    """Seconds that it takes."""
    store = Store(url)
    begin = time.perf_counter()
    shift = store.begin("benchmark", {"coach": "benchmark"})
    for _ in range(calls):
        place = uuid4().hex
        digest = sha256(place.encode()).hexdigest()
        shift.claim(digest, place)
        store.save(review, digest=digest, recording=place, rep="Ann", scorer={"coach": "benchmark"}, run=shift.id)
    return time.perf_counter() - begin


def reviewed() -> Review:
    from coach.review import Reviewer

    return Reviewer().review(SAMPLE)


@click.command(help=__doc__)
@click.option("--db", help="An address as `coach batch --db` takes it.")
@click.option("--calls", default=500, show_default=True, help="In all.")
@click.option("--writers", default=1, show_default=True, help="Processes at once.")
def main(db: str | None, calls: int, writers: int):
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(writers, get_context("spawn")) as pool:
        url = db or f"sqlite:///{folder}/coach.db"
        review = pool.submit(reviewed).result()
        Store(url).close()
        took = max(pool.map(save, [url] * writers, [review] * writers, [calls // writers] * writers))
        turns, words = len(review.call.turns), sum(len(turn.text.split()) for turn in review.call.turns)
        print(f"{url.partition(':')[0]}, {writers} writers: {calls / took:.0f} calls a second", end=" ")
        print(f"({turns} turns, {words} words each)")
        if not db:
            print(f"{Path(folder, 'coach.db').stat().st_size / calls / 1024:.0f} KB a call in the file")


if __name__ == "__main__":
    main()
