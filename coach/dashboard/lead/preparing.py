"""Preparing a coaching session: its moments in order, with talk points, and notes for oneself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from coach.dashboard import routes, words
from coach.dashboard.lead import coaching
from coach.store import MomentRow
from coach.store.coaching.sessions import Item, SessionRow
from coach.store.coaching.together import Side

MOST = 4000  # characters of a note


@dataclass(frozen=True, slots=True)
class Ways:
    """What may be done with a session: each keeps its change."""

    move: Callable[[int, Literal[-1, 1]], None]
    remove: Callable[[int], None]
    note: Callable[[int, str], None]
    plan: Callable[[str], None]
    suggest: Callable[[], None]
    discard: Callable[[], None]
    begin: Callable[[], None]
    rate: Callable[[int, Side, int], None]


def draw_preparing(row: SessionRow, items: Sequence[Item], draw: Callable[[MomentRow], None], ways: Ways) -> None:
    """All that a lead prepares; only they see it."""
    st.html('<p class="facts">Only you see this page: your notes and talk points stay yours.</p>')
    _draw_plan(row, ways)
    st.html("<h2>Moments to talk about</h2>")
    if not items:
        _draw_no_moments(row, ways)
    for at, item in enumerate(items):
        with st.container(border=True, key=f"moment-{item.id}"):
            if item.found:
                draw(item.found)
                _draw_note(item, ways)
            else:
                st.html(f'<p class="facts">{coaching.GONE}</p>')
            _draw_order(item, at, len(items), ways)
    _draw_more(row, ways)


def _draw_plan(row: SessionRow, ways: Ways) -> None:
    key = f"plan-{row.id}"
    st.text_area(
        "Notes for yourself",
        row.plan,
        key=key,
        max_chars=MOST,
        height=90,
        placeholder="What do you want them to leave with? How will you begin?",
        on_change=lambda: ways.plan(st.session_state[key]),
    )


def _draw_no_moments(row: SessionRow, ways: Ways) -> None:
    rep = words.markdown_free(row.rep)
    st.markdown(
        f"There is nothing to suggest yet: suggestions begin with a strength, and you hear none of {rep} so far. "
        "You can talk without any moment, or choose some yourself."
    )
    st.button("Suggest moments", icon=":material/lightbulb:", on_click=ways.suggest)


def _draw_note(item: Item, ways: Ways) -> None:
    key = f"note-{item.id}"
    st.text_area(
        "Talk points",
        item.note,
        key=key,
        max_chars=MOST,
        height=80,
        placeholder="What would you like to ask?",
        on_change=lambda: ways.note(item.id, st.session_state[key]),
    )


def _draw_order(item: Item, at: int, count: int, ways: Ways) -> None:
    number = at + 1
    with st.container(horizontal=True, key=f"order-{item.id}"):
        up, down = ("Move up", ":material/arrow_upward:", -1), ("Move down", ":material/arrow_downward:", 1)
        for (label, icon, by), ends in ((up, at == 0), (down, number == count)):
            help_text = f"Moment {number} of {count}"
            st.button(
                label,
                icon=icon,
                key=f"{label}-{item.id}",
                help=help_text,
                disabled=ends,
                on_click=ways.move,
                args=(item.id, by),
            )
        st.button("Take out", icon=":material/close:", key=f"out-{item.id}", on_click=ways.remove, args=(item.id,))


def _draw_more(row: SessionRow, ways: Ways) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="more"):
        label = f"Find more moments of {words.markdown_free(row.rep)}"
        st.page_link(routes.TEAM, label=label, icon=":material/search:", query_params={"rep": row.rep})
        if row.held_at is None:
            with st.popover("Discard this session", icon=":material/delete:"):
                st.markdown("The notes in it will be gone.")
                if st.button("Discard it", type="primary"):
                    ways.discard()
