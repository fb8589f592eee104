"""How long the dashboard's pages take a large organisation: the server's time, on a database of benchmarks/crowd.py.

    python benchmarks/crowd.py --db sqlite:////tmp/crowd.db && python benchmarks/pages.py --db sqlite:////tmp/crowd.db

Each page is opened in a visit of its own, by somebody who has business there, and then drawn once more, as after a
click that draws all of it (most draw less). The first visit, which imports the libraries, is not counted. Leads are let
see all calls at once, which is the most there can be to show. Of each page the middle of five visits is given, and the
slowest. Written down is what was opened: keep the database for this purpose only.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from coach.dashboard import resources, routes  # noqa: E402
from coach.store import Desk, Person, Policy, Store  # noqa: E402

VISITS = 5
OPEN = Policy("opt-out", first_hours=0, whole_calls=True)
PEOPLE = {
    routes.MINE: Person("rep", rep=7, name="Rep 007"),
    routes.COACHING: Person("lead", teams=("Team 01",), name="Lead"),
    routes.OPERATIONS: Person("operations", name="Operator"),
    routes.ADMIN: Person("admin", name="Admin"),
}


def timed(do: Callable[[], object]) -> float:
    since = time.perf_counter()
    do()
    return time.perf_counter() - since


def visit(place: routes.Place, person: Person, call: int | None) -> tuple[float, float]:
    """Seconds of the first view, and of drawing the page again."""
    resources.person = lambda: person
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    app.switch_page(place.path)
    if place.name == "call":
        app.query_params["id"] = str(call)
    times = timed(app.run), timed(app.run)
    if app.exception:
        raise click.ClickException(f"{place.name}: {app.exception[0].message}")
    return times


@click.command()
@click.option("--db", required=True, help="A database of benchmarks/crowd.py.")
@click.option("--only", help="One page.")
def main(db: str, only: str | None) -> None:
    os.environ["TONE_COACH_DB"] = db
    store = Store(db)
    store.set_policy(OPEN)
    print(f"{store.count()} calls of {len(store.reps())} reps\n")
    print("| page | seen by | first view, s | slowest | again, s | slowest |\n| --- | --- | --- | --- | --- | --- |")
    for part, person in PEOPLE.items():
        calls = Desk(store, person).calls(limit=1)
        visible = [place for places in routes.places_of(person).values() for place in places]
        for place in [
            place for place in visible if (part in place.parts or not place.parts) and only in (None, place.name)
        ]:
            if place.parts or (place.name == "call" and calls):
                visit(place, person, calls[0].id if calls else None)  # what is imported and cached for all visits
                first, again = zip(
                    *(visit(place, person, calls[0].id if calls else None) for _ in range(VISITS)), strict=True
                )
                cells = (statistics.median(first), max(first), statistics.median(again), max(again))
                print(f"| {place.name} | {person.role} | {' | '.join(f'{cell:.2f}' for cell in cells)} |", flush=True)


if __name__ == "__main__":
    main()
