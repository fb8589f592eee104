"""The night's runs, and what failed in them, for operations."""

from collections.abc import Callable
from html import escape
from pathlib import PurePath

import streamlit as st

from coach.dashboard import words
from coach.store import RunRow
from coach.store.upkeep import Failure

STATE = {"ended": "Ended", "running": "Running", "broke off": "Broke off"}
COUNTS = {
    "scored": "scored",
    "not_scored": "not scored",
    "already_there": "there already",
    "failed": "failed",
    "waiting": "still being written",
}
ABOUT = {
    "cannot be read": "The file was not there, or could not be opened. Every run over it tries again by itself.",
    "cannot be used": "The file could be opened, but no recording in it can be heard. Put a better one in its place: a "
    "run then takes it as a new one.",
    "crashed": "Scoring it ended its process, twice. If it does so again, take it out of the folder.",
    "took too long": "It took longer than its time limit, twice. A run with a higher --time-limit may do it.",
    "out of memory": "There was no memory left for it, twice. A run with fewer --workers may do it.",
    "unexpected": "This is a fault of Tone Coach. Trying it again helps after an update.",
}
ALL = "all"
HANDS = 3  # recordings in hand that are named


def draw_no_runs() -> None:
    st.html(
        '<div class="empty"><h2>No run yet</h2><p>A run scores all recordings of a folder, or of a list, and passes '
        "over what is scored already. Start one by hand, or every night:</p></div>"
    )
    st.code("coach batch /srv/recordings", language="bash")


def draw_summary(last: list[RunRow], failed: int) -> None:
    """What somebody wants to know who looks in for a moment."""
    if not last:
        return
    ran = {"running": "A run is under way.", "ended": "The last run ended.", "broke off": "The last run broke off."}
    state = "running" if any(run.state == "running" for run in last) else last[0].state
    left = {0: "Nothing is left to look at.", 1: "One recording failed: see below."}
    st.html(f"<p>{ran[state]} {left.get(failed, f'{failed:,} recordings failed: see below.')}</p>")


def draw_runs(rows: list[RunRow]) -> None:
    for row in rows:
        with st.container(border=True, key=f"run-{row.id}"):
            st.html(f"{_head(row)}{_progress(row)}{_counts(row)}{_facts(row)}")


def _head(row: RunRow) -> str:
    source = "What had failed before" if row.source.startswith("--again") else row.source
    return (
        f'<div class="run-head"><h3>{escape(words.moment_of(row.started_at))}</h3>'
        f'<span class="state {row.state.replace(" ", "-")}">{STATE[row.state]}</span></div>'
        f'<p class="place">{escape(source)}</p>'
    )


def _progress(row: RunRow) -> str:
    if row.state != "running":
        return ""
    done, total = sum(row.outcome.get(name, 0) for name in COUNTS), row.outcome.get("total", 0)
    bar = (
        f'<progress max="{total}" value="{min(done, total)}" aria-label="Recordings done"></progress>' if total else ""
    )
    told = f"{done:,} of {total:,} recordings" if total else "It has just begun."
    names = [PurePath(place).name for place in row.in_hand[:HANDS]]
    more = f" and {len(row.in_hand) - HANDS} more" if len(row.in_hand) > HANDS else ""
    hands = f" In hand: {escape(', '.join(names))}{more}." if names else ""
    return f'<p class="facts">{bar}{told}.{hands}</p>'


def _counts(row: RunRow) -> str:
    counts = [f"{row.outcome[name]:,} {said}" for name, said in COUNTS.items() if row.outcome.get(name)]
    if not counts:
        return "" if row.state == "running" else "<p>There was nothing to do.</p>"
    kinds = row.outcome.get("failures") or {}
    why = f'<p class="facts">Failed: {escape(", ".join(f"{kind} {n:,}" for kind, n in kinds.items()))}</p>'
    return f"<p>{' · '.join(counts)}</p>{why if kinds else ''}"


def _facts(row: RunRow) -> str:
    audio, took = row.outcome.get("audio", 0.0), row.outcome.get("took", 0.0)
    fast = f", {audio / took:.1f} times as fast as it was spoken" if audio and took else ""
    sound = f"{words.span(audio)} of sound in {words.span(took)}{fast}" if audio else ""
    broke = "It ended without a word: what it had not done, the next run does." if row.state == "broke off" else ""
    lines = "".join(f'<p class="facts">{line}</p>' for line in (sound, broke) if line)
    ended = f"ended {words.moment_of(row.ended_at)}" if row.ended_at else ""
    small = " · ".join(filter(None, (ended, f"on {row.host}", f"by {words.versions(row.scorer)}")))
    return f'{lines}<p class="place">{escape(small)}</p>'


def draw_kinds(kinds: dict[str, int]) -> str | None:
    """The kind of failures that is wanted; None for all."""
    if len(kinds) > 1:
        said = {ALL: f"all {sum(kinds.values()):,}"} | {kind: f"{kind} {number:,}" for kind, number in kinds.items()}
        chosen = st.pills("Show", list(said), format_func=said.__getitem__, default=ALL, key="kind", required=True)
    else:
        chosen = next(iter(kinds))
    if chosen in ABOUT:
        st.html(f'<p class="facts">{ABOUT[chosen]}</p>')
    return None if chosen == ALL else chosen


def draw_failures(rows: list[Failure], again: Callable[[int], None]) -> None:
    for row in rows:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"failure-{row.id}"):
            st.html(_failure(row), width="stretch")
            if not row.again_at:
                label, which = "Try again", f"Try {PurePath(row.recording).name} again"
                st.button(label, key=f"again-{row.id}", help=which, on_click=again, args=(row.id,))


def _failure(row: Failure) -> str:
    path = PurePath(row.recording)
    waits = '<p class="waits">To be tried again.</p>' if row.again_at else ""
    return (
        f"<p><b>{escape(path.name)}</b></p><p>{escape(row.reason or row.failure)}</p>"
        f'<p class="place">{escape(str(path.parent))}</p>'
        f'<p class="facts">{escape(row.failure)} · {escape(words.moment_of(row.at))}</p>{waits}'
    )


def draw_waiting(number: int, start: Callable[[], None], runs: bool, said: str) -> None:
    """What waits to be tried again, and how; `runs` while a batch that was started here is at it."""
    if runs:
        st.info("A run of its own is trying again what was waiting. This page may be closed meanwhile.")
    elif number:
        are = "One recording waits" if number == 1 else f"{number:,} recordings wait"
        st.html(
            f'<p class="notice">{are} to be tried again: by the next run that comes by, or now, on the computer '
            "that runs Tone Coach, in a run of its own.</p>"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Try now", icon=":material/play_arrow:", type="primary", key="start", on_click=start)
            st.code("coach batch --again marked", language="bash", width="content")
    if said:
        with st.expander("What the last try from here said"):
            st.code(said, language=None, wrap_lines=True)
