"""A lead's team: the moments that they may hear, and what comes up in them. Nothing is counted for one person."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import streamlit as st

from coach.dashboard import routes, words
from coach.store import Filter, MomentRow, Policy
from coach.store.coaching.team import WEEKS, Seen, TeamView
from coach.store.said.lines import Spot
from coach.tone.rubric import BEHAVIOURS

EVERYONE, ANY, ALL = "Everyone", "Any", "All"
KINDS: dict[str, Any] = {ALL: None, "Strengths": "strength", "Giveaways": "giveaway"}
DAYS = {"Any time": None, "Last 4 weeks": 28, "Last 3 months": 91}
Draw = Callable[[MomentRow], None]


def how_shared(policy: Policy) -> str:
    """What a lead hears of a rep's calls, and why, in plain words."""
    if policy.sharing == "opt-in":
        return "Here is what your reps chose to share with you. All else is theirs alone."
    kept = "Here is what your reps have not kept private"
    first = words.hours(policy.first_hours)
    return f"{kept}. It comes {first} after a call was scored: they hear it first." if first else f"{kept}."


def draw_empty(policy: Policy, reps: Sequence[str]) -> None:
    """Nobody shared anything yet: how it comes that something will be here."""
    if not reps:
        said = "You lead no team yet. An admin says who leads which team; then its shared moments are here."
    elif policy.sharing == "opt-in":
        said = (
            "Your reps hear their moments first, and decide themselves which of them to share with you. "
            "Those will be here, to listen to and to talk about. Asking for one strength is a good beginning."
        )
    else:
        first = words.hours(policy.first_hours)
        after = f" after {first}" if first else ""
        said = f"Your reps hear their moments first. What they have not kept private{after} will be here."
    st.html(f'<div class="empty"><h2>Nothing is shared yet</h2><p>{escape(said)}</p></div>')


def draw_filter(reps: Sequence[str]) -> Filter:
    """Which moments are wanted."""
    with st.container(horizontal=True, key="team-filter"):
        rep = st.selectbox("Moments of", [EVERYONE, *reps], width=190, key="rep", bind="query-params")
        kind = st.selectbox("Kind", list(KINDS), width=150, key="kind", bind="query-params")
        names = {words.behaviour(name): name for name in _behaviours()}
        about = st.selectbox("Behaviour", [ANY, *names], width=270, key="about", bind="query-params")
        when = st.selectbox("When", list(DAYS), width=170, key="when", bind="query-params")
    days = DAYS[when]
    return Filter(
        rep=None if rep == EVERYONE else rep,
        kind=KINDS[kind],
        behaviour=names.get(about),
        since=datetime.now(UTC) - timedelta(days=days) if days else None,
    )


def _behaviours() -> list[str]:
    return sorted(BEHAVIOURS, key=lambda name: BEHAVIOURS[name] != "empathy")


def draw_moments(
    rows: Sequence[MomentRow], draw: Draw, in_session: Mapping[Spot, int], add: Callable[[MomentRow], None]
) -> None:
    """A card for each, with a way into a coaching session."""
    if not rows:
        st.html('<p class="facts">There is no such moment. Try fewer filters.</p>')
    for row in strengths_first(rows):
        with st.container(border=True, key=f"moment-{row.id}"):
            draw(row)
            _draw_way(row, in_session.get(spot_of(row)), add)


def strengths_first(rows: Sequence[MomentRow]) -> list[MomentRow]:
    """In the order of their calls, of each call the strengths first."""
    calls = list(dict.fromkeys(row.call_id for row in rows))
    return sorted(rows, key=lambda row: (calls.index(row.call_id), row.moment.kind == "giveaway"))


def _draw_way(row: MomentRow, session_id: int | None, add: Callable[[MomentRow], None]) -> None:
    name = words.markdown_free(row.rep or "")
    if session_id is not None:
        query = {"id": str(session_id)}
        st.page_link(routes.SESSION, label=f"In a session with {name}", icon=":material/check:", query_params=query)
    elif row.rep:
        label = f"Add to a session with {name}"
        st.button(label, icon=":material/add:", key=f"add-{row.id}", type="tertiary", on_click=add, args=(row,))


def spot_of(row: MomentRow) -> Spot:
    return Spot(row.call_id, row.moment.turn, row.moment.axis, row.moment.kind)


def draw_behaviours(view: TeamView | None) -> None:
    """What comes up in the team, strengths first."""
    if view is None:
        said = "There are too few moments, or too few people behind them, to say anything of the team as a whole."
        st.html(f'<p class="facts">{said}</p>')
        return
    calls, reps = words.count(len(view.now.calls), "call"), words.count(len(view.now.reps), "person", "people")
    st.html(f'<p class="facts">From {calls} of {reps} in the last {WEEKS} weeks, as far as you may hear them.</p>')
    tables = [_table(view, kind, title) for kind, title in (("strength", "Strengths"), ("giveaway", "Habits"))]
    st.html(f'<div class="behaviours">{"".join(tables)}</div>')


def _table(view: TeamView, kind: str, title: str) -> str:
    found = {name: halves for (of_kind, name), halves in view.behaviours.items() if of_kind == kind}
    ordered = sorted(found, key=lambda name: (-len(found[name][0].calls), name))
    if not ordered:
        return ""
    rows = "".join(_line(name, *found[name]) for name in ordered)
    head = (
        f'<tr><th scope="col">Calls with it</th><th scope="col">last {WEEKS} weeks</th><th scope="col">before</th></tr>'
    )
    return f"<table><caption>{title}</caption><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _line(name: str, now: Seen, before: Seen) -> str:
    axis = BEHAVIOURS.get(name)
    sign = f'<span class="{axis}">{words.SIGN[axis]}</span> ' if axis else ""
    told = f'<th scope="row">{sign}{escape(words.behaviour(name).capitalize())}</th>'
    return f"<tr>{told}<td>{len(now.calls)}</td><td>{len(before.calls)}</td></tr>"
