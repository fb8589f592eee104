"""A lead's team: shared moments, and what comes up."""

import streamlit as st

from coach.dashboard import resources, words
from coach.dashboard.excerpts import draw_excerpt
from coach.dashboard.lead import coaching, team
from coach.dashboard.rep.overview import draw_pages
from coach.store import MomentRow
from coach.store.coaching import preparing
from coach.store.coaching.sessions import coached, in_open_sessions, sessions
from coach.store.coaching.team import count_team_moments, hears_any, in_team, team_moments

PAGE_SIZE = 6

desk = resources.desk()


def add(row: MomentRow) -> None:
    """Put a moment into the rep's open session; where there is none, prepare one with it."""
    rep, spot = row.rep or "", team.spot_of(row)
    found = sessions(desk, rep=rep, limit=1)
    done = preparing.add(desk, found[0].id, spot) if found else preparing.prepare(desk, rep, [spot])
    st.session_state["told"] = f"It is in a session with {rep} now." if done else coaching.GONE


@st.fragment
def moments() -> None:
    if said := st.session_state.pop("told", None):  # a callback may not draw: it would replace the page's first element
        st.toast(words.markdown_free(said))
    wanted = team.draw_filter(coached(desk))
    page = draw_pages(count_team_moments(desk, wanted), PAGE_SIZE)
    rows = team_moments(desk, wanted, PAGE_SIZE, page * PAGE_SIZE)
    team.draw_moments(rows, lambda row: draw_excerpt(desk, row), in_open_sessions(desk), add)


st.html("<h1>Team</h1>")
if hears_any(desk):
    if desk.person.role != "alone":
        st.html(f'<p class="facts">{team.how_shared(desk.policy)}</p>')
    listen, whole = st.tabs(["Moments to hear", "What comes up"])
    with listen:
        st.html('<h2 class="unseen">Moments to hear</h2>')
        moments()
    with whole:
        st.html('<h2 class="unseen">What comes up</h2>')
        team.draw_behaviours(in_team(desk))
else:
    team.draw_empty(desk.policy, coached(desk))
