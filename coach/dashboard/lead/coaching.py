"""Coaching sessions in lists: a lead's, and what a rep agreed on in theirs."""

from collections.abc import Callable, Sequence
from html import escape

import streamlit as st

from coach.dashboard import routes, words
from coach.dashboard.lead.following import focus
from coach.store.coaching.sessions import Item, SessionRow

GONE = "This moment is not shared any more."
STAGE = {"planned": "Planned", "held": "Begun, not closed yet", "closed": "Closed"}


def draw_prepare(reps: Sequence[str], prepare: Callable[[str], None]) -> None:
    """Choose for whom to prepare a session."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="prepare"):
        rep = st.selectbox("A session with", reps, width=280, key="with")
        if st.button("Prepare it", type="primary", icon=":material/edit_note:") and rep:
            prepare(rep)
    st.html(
        '<p class="facts">A few moments are suggested to begin with: strengths, and at most two habits. '
        "You choose, put them in order and note what you want to say; only you see that.</p>"
    )


def draw_no_team() -> None:
    st.html(
        '<div class="empty"><h2>Nobody to coach yet</h2><p>Sessions are prepared for the reps whose team you lead. '
        "An admin says who leads which team.</p></div>"
    )


def draw_sessions(title: str, rows: Sequence[SessionRow], none: str) -> None:
    st.html(f"<h2>{title}</h2>")
    if not rows:
        st.html(f'<p class="facts">{none}</p>')
    for row in rows:
        with st.container(border=True, key=f"row-{row.id}", gap=None):
            label = words.markdown_free(row.rep)
            st.page_link(routes.SESSION, label=label, icon="", query_params={"id": str(row.id)})
            st.html(f'<p class="facts">{escape(_about(row))}</p>')


def _about(row: SessionRow) -> str:
    at = row.closed_at or row.held_at or row.made_at
    parts = [f"{STAGE[row.stage]}, {words.date_of(at)}"]
    if row.focus:
        parts.append(focus(row.focus))
    elif row.moments:
        parts.append(words.count(row.moments, "moment"))
    return " · ".join([*parts, *filter(None, [until(row)])])


def until(row: SessionRow) -> str:
    return f"Until {row.due.day} {row.due:%B %Y}" if row.due else ""


def draw_none_agreed() -> None:
    st.html(
        '<div class="empty"><h2>No sessions yet</h2><p>When you have talked some moments over with your lead, '
        "what you agreed on is here, and later whether it shows in your calls.</p></div>"
    )


def draw_agreed(row: SessionRow) -> None:
    """What came of a session, as both of them read it."""
    if row.focus is None:
        st.html('<p class="facts">Begun, not closed yet: what you agree on will be here.</p>')
        return
    words_agreed = f'<p class="agreed">{escape(row.agreed)}</p>' if row.agreed else ""
    due = f'<p class="facts">{until(row)}</p>' if row.due else ""
    st.html(f'<p class="focus">{escape(focus(row.focus))}</p>{words_agreed}{due}')


def draw_talked_over(items: Sequence[Item]) -> None:
    """The moments that a rep and their lead talked over, each leading to its call."""
    for item in items:
        if item.found:
            quote = item.found.moment.quote or "The words of this moment were removed"
            label = f"{words.KIND[item.found.moment.kind]}: {words.markdown_free(quote)}"
            st.page_link(routes.CALL, label=label, icon="", query_params={"id": str(item.spot.call_id)})


def draw_note(title: str, text: str) -> None:
    if text:
        st.html(f'<h3>{title}</h3><p class="points">{escape(text)}</p>')
