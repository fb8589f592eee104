"""The list of calls."""

from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import streamlit as st

from coach.calls import AXES
from coach.dashboard import marks, routes, words
from coach.store import CallRow, Filter
from coach.tone.rubric import BEHAVIOURS

EVERYONE, EVERY_QUEUE, ANYTHING = "Everyone", "Every queue", "Anything"
WHEN = {"Any time": None, "Last 7 days": 7, "Last 30 days": 30, "Last 90 days": 90}
SCORED = {"Scored or not": None, "Scored": True, "Not scored": False}


def contents() -> dict[str, dict[str, str]]:
    """What may be asked for in a call, in plain words, with the fields of `Filter` that it comes to."""
    kind = {axis: "strength" if axis == "empathy" else "giveaway" for axis in AXES}
    found: dict[str, dict[str, str]] = {
        ANYTHING: {},
        "A strength": {"kind": "strength"},
        "A giveaway": {"kind": "giveaway"},
    }
    for axis in sorted(AXES, key=lambda axis: axis != "empathy"):
        name = f"{words.SIGN[axis]} {words.AXIS[axis]}"
        found[name] = {"axis": axis, "kind": kind[axis]}
        for behaviour in (name for name, of in BEHAVIOURS.items() if of == axis):
            found[f"{words.SIGN[axis]} {words.behaviour(behaviour)}"] = {"behaviour": behaviour, "kind": kind[axis]}
    return found | {words.behaviour("hollow").capitalize(): {"behaviour": "hollow"}}


def draw_empty(may_add: bool) -> None:
    """What to do first, for who has no calls yet."""
    if not may_add:
        st.html(
            '<div class="empty"><h2>No calls yet</h2>'
            "<p>Once your calls have been listened to, you find here the moments that are worth hearing again: "
            "what went well first.</p></div>"
        )
        return
    st.html(
        '<div class="empty"><h2>No calls yet</h2>'
        "<p>Add a recording of a call. Tone Coach listens to it on this computer, and shows the moments "
        "that are worth hearing again: what went well first.</p></div>"
    )
    st.page_link(routes.ADD, label="Add a recording", icon=":material/add:")


def draw_filters(reps: list[str], queues: list[str]) -> Filter:
    """Draw the filters, which are in the page's address too, and return what is wanted."""
    with st.container(horizontal=True, key="filters"):
        rep = _choice("Calls of", "rep", [EVERYONE, *reps], 150) if len(reps) > 1 else EVERYONE
        when = _choice("When", "when", list(WHEN), 132)
        queue = _choice("Queue", "queue", [EVERY_QUEUE, *queues], 160) if queues else EVERY_QUEUE
        inside = _choice("What is in it", "in", list(contents()), 190)
        scored = _choice("Scored", "scored", list(SCORED), 136)
    days = WHEN[when]
    fields: dict[str, Any] = contents()[inside]
    return Filter(
        rep=None if rep == EVERYONE else rep,
        queue=None if queue == EVERY_QUEUE else queue,
        since=datetime.now(UTC) - timedelta(days=days) if days else None,
        scored=SCORED[scored],
        **fields,
    )


def _choice(label: str, key: str, options: list[str], width: int) -> str:
    return st.selectbox(label, options, width=width, key=key, bind="query-params", on_change=_first_page)


def _first_page() -> None:
    st.session_state["page"] = 1


def draw_none_found() -> None:
    """Nothing is like what was asked for."""

    def clear() -> None:
        firsts = {"rep": EVERYONE, "when": "Any time", "queue": EVERY_QUEUE, "in": ANYTHING, "scored": "Scored or not"}
        st.session_state.update({key: first for key, first in firsts.items() if key in st.session_state})

    st.html('<p class="notice">No call is like that.</p>')
    st.button("Clear the filters", icon=":material/filter_alt_off:", key="clear", on_click=clear)


def draw_pages(total: int, size: int) -> int:
    """The chosen page, from 0."""
    pages = -(-total // size)
    return min(st.pagination(pages, key="page", bind="query-params"), pages) - 1 if pages > 1 else 0


def draw_calls(rows: list[CallRow]) -> None:
    for row in rows:
        with st.container(border=True, key=f"row-{row.id}", gap=None):
            title = words.markdown_free(words.headline(row))
            st.page_link(routes.CALL, label=title, icon="", query_params={"id": str(row.id)})
            st.html(_summary(row))


def _summary(row: CallRow) -> str:
    facts = (row.rep or "rep not named", words.day(row), words.length(row.duration))
    line = f'<p class="facts">{escape(" · ".join(fact for fact in facts if fact))}</p>'
    if row.scores is None:
        return f'{line}<p class="facts">Not scored: {escape(row.not_scored or "")}</p>'
    return f'{line}<div class="line">{marks.meters(row.scores, row.unsure)}<p>{words.contents(row)}</p></div>'
