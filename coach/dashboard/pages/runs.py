"""Runs: how the last nights went, what failed, and trying it again."""

import streamlit as st

from coach.dashboard import resources
from coach.dashboard.operations import runs
from coach.dashboard.operations.again import Again
from coach.store import Desk, upkeep

NIGHTS, FAILURES = 5, 10
REFRESH = 10.0  # seconds


@st.cache_resource(show_spinner=False)
def tries() -> Again:
    return Again()


def ask(desk: Desk, failure: int | None, kind: str | None = None) -> None:
    upkeep.try_again(desk, failure=failure, kind=kind)


def start(desk: Desk) -> None:
    tries().start(upkeep.intake(desk))
    desk.log("started a run", what="tried again")


def busy(desk: Desk) -> tuple[bool, bool]:
    """Whether what was started here runs, and whether any run does."""
    return tries().runs, any(run.state == "running" for run in upkeep.runs(desk, NIGHTS))


def draw_nights(desk: Desk, was_busy: tuple[bool, bool]) -> None:
    if busy(desk) != was_busy:
        st.rerun()
    total = upkeep.count_runs(desk)
    if total:
        st.html("<h2>The last runs</h2>")
        page = page_of(total, NIGHTS, "runs")
        runs.draw_runs(upkeep.runs(desk, NIGHTS, page * NIGHTS))
    else:
        runs.draw_no_runs()


def page_of(total: int, size: int, key: str) -> int:
    pages = -(-total // size)
    return min(st.pagination(pages, key=key), pages) - 1 if pages > 1 else 0


def draw_failed(desk: Desk) -> None:
    kinds, waiting = upkeep.kinds(desk), upkeep.waiting(desk)
    st.html("<h2>Failed, and not scored since</h2>")
    runs.draw_waiting(waiting, lambda: start(desk), tries().runs, tries().said)
    if not kinds:
        st.html('<p class="facts">Nothing. Every recording that a run has met was scored, or says why not.</p>')
        return
    kind = runs.draw_kinds(kinds)
    number = kinds[kind] if kind else sum(kinds.values())
    if number > 1 and number > waiting:
        st.button(f"Try all {number:,} again", key="all", on_click=ask, args=(desk, None, kind))
    page = page_of(number, FAILURES, f"failures-{kind}")
    rows = upkeep.failures(desk, kind, FAILURES, page * FAILURES)
    runs.draw_failures(rows, lambda failure: ask(desk, failure))


desk = resources.desk()
st.html('<h1>Runs</h1><p class="facts">What was scored unattended, and what could not be.</p>')
are_busy = busy(desk)
runs.draw_summary(upkeep.runs(desk, NIGHTS), sum(upkeep.kinds(desk).values()))
st.fragment(draw_nights, run_every=REFRESH if any(are_busy) else None)(desk, are_busy)
draw_failed(desk)
