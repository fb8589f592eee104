"""What somebody noted, and what they see differently, each with its place in a call."""

from collections.abc import Callable, Sequence
from html import escape

import streamlit as st

from coach.dashboard import routes, words
from coach.dashboard.rep import feedback
from coach.store.said.feedback import Disagreement, Note
from coach.store.said.lines import Line

NOTES, DIFFERENTLY = "My notes", "What I see differently"


def draw_choice() -> str:
    """Which of both is wanted."""
    return st.segmented_control(
        "Show", [NOTES, DIFFERENTLY], default=NOTES, required=True, label_visibility="collapsed", key="show",
        bind="query-params",
    )  # fmt: skip


def draw_notes(notes: Sequence[Note], opens: Callable[[int], bool], remove: Callable[[int], None]) -> None:
    """A card a note; `opens` says whether its call may be opened."""
    if not notes:
        _draw_nothing("You have no notes yet. You can write one below any moment, and on any line of a call.")
    for note in notes:
        with st.container(border=True, key=f"mine-note-{note.id}", gap="small"):
            st.html(
                _line(note) + f'<p class="noted">{escape(note.text)}</p><p class="time">{words.date_of(note.at)}</p>'
            )
            with st.container(horizontal=True, vertical_alignment="center"):
                _draw_way(note, opens)
                st.button("Remove", key=f"remove-{note.id}", type="tertiary", on_click=remove, args=(note.id,))


def draw_disagreements(
    said: Sequence[Disagreement], opens: Callable[[int], bool], withdraw: Callable[[int], None], alone: bool
) -> None:
    """A card each, with what came of it."""
    if not said:
        _draw_nothing("So far you have seen nothing differently. You can say so below any moment of a call of yours.")
    for each in said:
        with st.container(border=True, key=f"mine-said-{each.id}", gap="small"):
            about = f'<p class="facts">{words.SIGN[each.axis]} {words.AXIS[each.axis]}</p>' if each.kind else ""
            state = words.state_of(each, alone)
            st.html(
                _line(each)
                + about
                + feedback.differently(each, state)
                + f'<p class="time">{words.date_of(each.made_at)}</p>'
            )
            with st.container(horizontal=True, vertical_alignment="center"):
                _draw_way(each, opens)
                if each.state == "waiting":
                    st.button(
                        "Take it back", key=f"back-{each.id}", type="tertiary", on_click=withdraw, args=(each.id,)
                    )


def _draw_nothing(told: str) -> None:
    st.html(f'<p class="empty">{told}</p>')


def _line(line: Line) -> str:
    facts = f'<p class="facts">{escape(" · ".join(f for f in (words.headline(line), words.day(line)) if f))}</p>'
    return facts + (f'<blockquote class="quote">{escape(line.quote)}</blockquote>' if line.quote else "")


def _draw_way(line: Line, opens: Callable[[int], bool]) -> None:
    if not opens(line.call_id):
        return
    query = {"id": str(line.call_id)} | ({} if line.turn is None else {"turn": str(line.turn)})
    st.page_link(routes.CALL, label="Hear it in the call", icon=":material/arrow_forward:", query_params=query)
