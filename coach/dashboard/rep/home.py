"""The landing page: three moments to listen to, what went well first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from coach.calls import Review
from coach.dashboard import routes, words
from coach.dashboard.cards import ORDER, draw_moment
from coach.dashboard.rep.feedback import draw_actions
from coach.dashboard.rep.voice import Voice
from coach.store import MomentRow

AT_ONCE = 3
AHEAD = 60  # so many moments are looked through for a strength


@dataclass(frozen=True, slots=True)
class Shown:
    """A moment, as much of its call as it takes to understand it, its sound, and what was said of it."""

    row: MomentRow
    excerpt: Review
    sound: bytes | None
    voice: Voice


def chosen(rows: Sequence[MomentRow], times: int) -> list[list[MomentRow]]:
    """So many times three of the moments, which come latest first: never three giveaways, strengths first."""
    left, found = list(rows), []
    for _ in range(times):
        three: list[MomentRow] = []
        for row in left:
            giveaways = sum(other.moment.kind == "giveaway" for other in three)
            if len(three) < AT_ONCE and (row.moment.kind == "strength" or giveaways < AT_ONCE - 1):
                three.append(row)
        left = [row for row in left if row not in three]
        found.append(sorted(three, key=lambda row: ORDER.index(row.moment.kind)))
    return [three for three in found if three]


def draw_welcome(own: bool) -> None:
    whose = "your latest calls" if own else "the latest calls"
    st.html(
        f'<h1>Three moments to listen to</h1><p class="facts">From {whose}, what went well first. '
        "Press play, look at the marked words, and see what to keep or to try.</p>"
    )


def _draw_nothing() -> None:
    st.html('<p class="notice">Nothing stood out in the latest calls, neither way. That is a good sign.</p>')
    st.page_link(routes.CALLS, label="See the calls", icon=":material/arrow_forward:")


@st.fragment
def draw_moments(fetch: Callable[[int], tuple[list[Shown], bool]], names: bool) -> None:
    """Draw the latest three, and below them as many older ones as were asked for.

    `fetch` is given how many times three, and says whether there are more; `names` is whether reps are to be named.
    """
    times = st.session_state.get("threes", 1)
    found, more = fetch(times)
    if not found:
        _draw_nothing()
    for at, shown in enumerate(found):
        if at == AT_ONCE:
            st.html("<h2>Older ones</h2>")
        _draw(shown, names)

    def older() -> None:
        st.session_state["threes"] = times + 1

    if more:
        st.button("Show older ones", icon=":material/expand_more:", key="older", on_click=older)


def _draw(shown: Shown, names: bool) -> None:
    row = shown.row
    with st.container(border=True, key=f"moment-{row.id}"):
        facts = (row.rep if names else None, words.headline(row), words.day(row))
        draw_moment(shown.excerpt, shown.excerpt.moments[0], shown.sound, where=" · ".join(f for f in facts if f))
        draw_actions(shown.voice, row.moment, leads=True)
