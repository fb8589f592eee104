"""The list of calls."""

from html import escape

import streamlit as st

from coach.dashboard import marks, routes, words
from coach.store import CallRow

EVERYONE = "Everyone"


def draw_empty() -> None:
    st.html(
        '<div class="empty"><h2>No calls yet</h2>'
        "<p>Add a recording of a call. Tone Coach listens to it on this computer, and shows the moments "
        "that are worth hearing again: what went well first.</p></div>"
    )
    st.page_link(routes.ADD, label="Add a recording", icon=":material/add:")


def draw_filter(reps: list[str]) -> str | None:
    """The rep whose calls are wanted; None for all."""
    if len(reps) < 2:
        return None
    choice = st.selectbox("Calls of", [EVERYONE, *reps], width=280, key="rep", bind="query-params")
    return None if choice == EVERYONE else choice


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
