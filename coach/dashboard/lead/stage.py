"""Running a coaching session: one moment at a time, large enough for a meeting room."""

from collections.abc import Callable, Mapping
from html import escape

import streamlit as st

from coach.calls import Review
from coach.dashboard import marks, words
from coach.dashboard.lead.preparing import Ways
from coach.store import MomentRow
from coach.store.coaching.sessions import Item, SessionRow
from coach.store.coaching.together import Side

ASK = {
    "condescension": "How condescending does it sound?",
    "impatience": "How impatient does it sound?",
    "empathy": "How much care is in it?",
}
APART = ("You both hear the same.", "You hear nearly the same.")
FAR = "You hear it differently: what does each of you hear?"


def draw_begin(row: SessionRow, ways: Ways) -> None:
    """Before it has begun: what that means."""
    said = f"Once you begin, {row.rep} sees in “My coaching” that there is a session, and what you agree on later."
    st.html(f'<p class="facts">{escape(said)}</p>')
    st.button("Begin the session", type="primary", icon=":material/play_arrow:", on_click=ways.begin)


def draw_steps(at: int, count: int, step: Callable[[int], None]) -> None:
    """Which moment it is, and the ways to the others: by mouse, Page Up and Page Down."""
    with st.container(horizontal=True, vertical_alignment="center", key="steps"):
        st.html(f'<p class="facts" role="status">Moment {at + 1} of {count}</p>', width="stretch")
        back, on = ":material/arrow_back:", ":material/arrow_forward:"
        st.button("Previous", icon=back, shortcut="PageUp", disabled=at == 0, on_click=step, args=(-1,))
        st.button("Next", icon=on, shortcut="PageDown", disabled=at + 1 == count, on_click=step, args=(1,))


def draw_stage(review: Review, sound: bytes | None) -> None:
    """The words of a moment, large, and the player."""
    moment = review.moments[0]
    turn, rating = review.call.turns[moment.turn], review.ratings[moment.turn]
    before = review.call.turns[moment.turn - 1] if moment.turn else None
    asked = f'<p class="before">Customer: {escape(before.text[-200:])}</p>' if before else ""
    about = f"{words.SIGN[moment.axis]} {words.behaviours(moment.behaviours) or words.AXIS[moment.axis]}"
    head = f'<h2>{words.KIND[moment.kind]} <span class="about {moment.axis}">{escape(about)}</span></h2>'
    st.html(f'{head}{asked}<blockquote class="quote">{marks.quote_text(moment, turn, rating)}</blockquote>')
    if sound:
        st.audio(sound, format="audio/wav", alt=f"The moment: {moment.quote}")
    else:
        st.html('<p class="facts">There is no recording of it to play.</p>')


def draw_why(row: MomentRow) -> None:
    moment = row.moment
    tip = f'<p class="tip"><b>{words.ADVICE[moment.kind]}</b> {escape(moment.tip)}</p>' if moment.tip else ""
    st.html(f'<p class="why">{escape(moment.why)}</p>{tip}')


def draw_talk_points(item: Item) -> None:
    """Hidden to begin with: the screen may be shared."""
    if item.note and st.toggle("Show my talk points", key="points"):
        st.html(f'<p class="points">{escape(item.note)}</p>')


def draw_ratings(item: Item, given: Mapping[Side, int], names: Mapping[Side, str], ways: Ways) -> None:
    """What both rate the moment: each for themselves, then side by side."""
    axis, sides = item.spot.axis, len(given)
    st.html(f"<h3>{ASK[axis]}</h3>")
    shown = sides == 2 or bool(given and st.session_state.get(f"shown-{item.id}"))
    for side, name in names.items():
        if side in given and not shown:
            st.html(f'<p class="facts"><b>{escape(name)}</b> has rated. It shows when both have.</p>')
        else:
            _draw_rating(item, side, name, given.get(side), ways)
    if sides == 2:
        apart = abs(given["lead"] - given["rep"])
        st.html(f'<p class="facts" role="status">{APART[apart] if apart < len(APART) else FAR}</p>')
    elif given and not shown:
        st.button("Show it now", key=f"show-{item.id}", type="tertiary", on_click=show, args=(item,))


def show(item: Item) -> None:
    st.session_state[f"shown-{item.id}"] = True


def _draw_rating(item: Item, side: Side, name: str, given: int | None, ways: Ways) -> None:
    key = f"rate-{side}-{item.id}"
    levels = words.LEVEL_OF_EMPATHY if item.spot.axis == "empathy" else words.LEVEL

    def keep() -> None:
        if st.session_state[key] is not None:
            ways.rate(item.id, side, st.session_state[key])

    st.segmented_control(
        words.markdown_free(name),
        range(4),
        default=given,
        format_func=lambda value: levels[value],
        key=key,
        on_change=keep,
    )
