"""How an axis went along the weeks, and how often habits came up, against what was usual for the rep."""

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape

import altair as alt
import pandas as pd
import streamlit as st

from coach.calls import AXES, Axis
from coach.dashboard import routes, words
from coach.dashboard.rep.overview import ANYTHING, contents
from coach.dashboard.timeline import FAINT, INK, SHAPE
from coach.progress import EARLIER, ENOUGH_CALLS, HIGHEST, RECENT, Change, Week, is_strength, monday
from coach.store.coaching.sessions import SessionRow

ORDER: tuple[Axis, ...] = ("empathy", *(axis for axis in AXES if axis != "empathy"))
RATING = {"more": "More {} than your usual", "less": "Less {} than your usual", "usual": "About your usual"}
HABIT = {"more": "more often than your usual", "less": "less often than your usual", "usual": "about as often as usual"}
NO_CLEAR_CHANGE = "No clear change"
CALLS_IN_WORDS = 10


def draw_nothing() -> None:
    st.html(
        '<p class="empty">There is no scored call of yours yet. Once there are some, you see here how your tone goes '
        "from week to week: compared with your own usual, and with nobody else.</p>"
    )


def draw_span(last: date, today: date, left_out: int) -> None:
    """What is compared with what, and what is not."""
    lately = "The last four weeks" if monday(last) == monday(today) else f"The four weeks to {_day(last)}"
    told = f"{lately}, beside the eight weeks before: your own calls only, seen by you alone."
    if left_out:
        told += f" {_calls(left_out)} from before are left out: they were rated by an earlier version, in another way."
    st.html(f'<p class="facts">{told}</p>')


def draw_agreed(agreed: SessionRow) -> None:
    """What was agreed in the last coaching session."""
    focus = f"Focus: <b>{escape(words.behaviour(agreed.focus))}</b>. " if agreed.focus else ""
    due = f" Look at it again by {_day(agreed.due)}." if agreed.due else ""
    who = f" with {escape(agreed.lead)}" if agreed.lead else ""
    with st.container(border=True, key="agreed"):
        st.html(f"<h2>What you agreed on{who}</h2><p>{focus}{escape(agreed.agreed or '')}{due}</p>")
        st.page_link(routes.AGREED, label="Before and after", icon=":material/handshake:")


KEY = (
    '<p class="key"><span>▼ ▶ ✚ the average of a week</span><span><i class="maybe"></i> where it may lie, with so few '
    'calls</span><span><i class="usual"></i> your usual, from the eight weeks before</span></p>'
)


def draw_progress(weeks: dict[Axis, list[Week]], changes: dict[Axis, Change], last: date, dark: bool = False) -> None:
    """A statement and a chart for each axis; the last week shown is that of `last`."""
    if any(weeks.values()):
        st.html(KEY)
    for axis in ORDER:
        with st.container(border=True, key=f"trend-{axis}"):
            said = statement(axis, changes[axis])
            st.html(f'<h2 class="axis {axis}">{words.SIGN[axis]} {words.AXIS[axis]}</h2><p>{escape(said)}</p>')
            if weeks[axis]:
                st.altair_chart(
                    chart(axis, weeks[axis], changes[axis], last, dark),
                    width="stretch",
                    key=f"chart-{axis}",
                    alt=in_words(axis, weeks[axis], said),
                )


def statement(axis: Axis, change: Change) -> str:
    """What may be said of an axis in the recent weeks."""
    if change.verdict == "few":
        return too_few(change)
    return RATING.get(change.verdict, NO_CLEAR_CHANGE).format(words.AXIS[axis].lower()) + "."


def too_few(change: Change) -> str:
    if change.calls < ENOUGH_CALLS:
        return f"Too few calls to tell ({change.calls} of {ENOUGH_CALLS})."
    return f"Too few earlier calls to know your usual ({change.earlier} of {ENOUGH_CALLS})."


def in_words(axis: Axis, weeks: Sequence[Week], said: str) -> str:
    """The chart for who does not see it."""
    told = (f"week of {_day(w.monday)} {words.level_word(axis, round(w.mean))} ({_calls(w.calls)})" for w in weeks)
    return f"{words.AXIS[axis]} by week: {', '.join(told)}. {said}"


def chart(axis: Axis, weeks: Sequence[Week], change: Change, last: date, dark: bool = False) -> alt.LayerChart:
    """Each week's mean with a bar from where to where it may lie, and a line at the rep's usual, carried on dashed."""
    ink, end = INK[axis][dark], monday(last) + timedelta(weeks=1)
    first, recent = end - EARLIER - RECENT, end - RECENT
    mondays = [_at(first + timedelta(weeks=number)) for number in range(0, (end - first).days // 7, 2)]
    x = alt.X("at:T", title=None, axis=alt.Axis(values=mondays, format="%-d %b", grid=False, labelAngle=0))
    x, y = x.scale(domain=[_at(first), _at(end)]), _levels(axis)
    base = alt.Chart(table(axis, weeks)).encode(x=x, y=y, tooltip=["week", "calls", alt.Tooltip("level", title="mean")])
    bands = base.transform_filter("isValid(datum.low)").transform_calculate(mean="datum.low")
    layers = [
        *(_usual(change, y, (first, recent, end), dark) if change.verdict != "few" else ()),
        bands.mark_bar(size=14, opacity=0.25, color=ink, aria=False).encode(y2="high:Q"),
        base.mark_point(filled=True, size=70, opacity=1, color=ink, shape=SHAPE[axis]),
    ]
    return alt.layer(*layers).properties(height=160).configure(background="transparent")


def _levels(axis: Axis) -> alt.Y:
    named = " : ".join(f"datum.value == {n} ? '{words.level_word(axis, n)}'" for n in range(4)) + " : ''"
    steps = alt.Axis(values=[0, 1, 2, 3], labelExpr=named, domain=False, ticks=False, labelOverlap=False, minExtent=56)
    return alt.Y("mean:Q", title=None, axis=steps).scale(domain=[0, HIGHEST])


def table(axis: Axis, weeks: Sequence[Week]) -> pd.DataFrame:
    """One row a week, at its middle."""
    return pd.DataFrame(
        {
            "at": pd.Timestamp(week.monday) + timedelta(days=3.5),
            "week": f"week of {_day(week.monday)}",
            "calls": _calls(week.calls),
            "level": words.level_word(axis, round(week.mean)),
            "mean": week.mean,
            "low": week.band[0] if week.band else None,
            "high": week.band[1] if week.band else None,
        }
        for week in weeks
    )


def _usual(change: Change, y: alt.Y, days: tuple[date, date, date], dark: bool) -> list[alt.Chart]:
    first, recent, end = days
    lines = []
    for start, stop, dash in ((first, recent, [1, 0]), (recent, end, [4, 4])):
        row = pd.DataFrame([{"at": pd.Timestamp(start), "to": pd.Timestamp(stop), "mean": change.usual}])
        rule = alt.Chart(row).mark_rule(color=FAINT[dark], strokeWidth=1.5, strokeDash=dash)
        lines.append(rule.encode(x="at:T", x2="to:T", y=y))
    return lines


def draw_habits(changes: dict[str, Change], rep: str | None) -> None:
    """How often each behaviour came up, strengths first; each leads to its moments."""
    lately = {name: change for name, change in changes.items() if change.now or change.verdict == "less"}
    if changes:
        told = "In how many of ten calls a moment showed it; a change is named only where so many calls can tell it."
        st.html(f'<h2>My habits</h2><p class="facts">{told}</p>')
    for title, strength in (("Strengths", True), ("Worth another way", False)):
        names = [name for name in lately if is_strength(name) == strength]
        if names:
            st.html(f"<h3>{title}</h3>")
        for name in names:
            _draw_habit(name, lately[name], rep)
    if before := [words.behaviour(name) for name in changes if name not in lately]:
        st.html(f'<p class="facts">Only before these weeks: {escape(", ".join(before))}.</p>')


def _draw_habit(name: str, change: Change, rep: str | None) -> None:
    inside = next((label for label, asked in contents().items() if asked.get("behaviour") == name), ANYTHING)
    query = {"in": inside} | ({"rep": rep} if rep else {})
    with st.container(key=f"habit-{name}", horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(routes.CALLS, label=words.behaviour(name).capitalize(), icon="", query_params=query, width=280)
        st.html(f'<p class="facts">{escape(often(change))}</p>', width="content")


def often(change: Change) -> str:
    """How often a habit came up, now and before, and what that means."""
    if change.verdict == "few":
        hits = round(change.now * change.calls)
        return f"In {hits} of your {_calls(change.calls)}. Too few to compare."
    said = f": {HABIT[change.verdict]}" if change.verdict in HABIT else ""
    return f"In {_of_ten(change.now)}{' calls' * bool(change.now)}, before in {_of_ten(change.usual)}{said}."


def _of_ten(share: float) -> str:
    if 0 < share < 0.5 / CALLS_IN_WORDS:
        return f"fewer than 1 of {CALLS_IN_WORDS}"
    if not share:
        return "none"
    return f"{round(share * CALLS_IN_WORDS)} of {CALLS_IN_WORDS}"


def _calls(number: int) -> str:
    return f"{number} call{'s' * (number != 1)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


def _at(day: date) -> alt.DateTime:
    """A day as charts take it: its midnight, wherever the browser is."""
    return alt.DateTime(year=day.year, month=day.month, date=day.day)
