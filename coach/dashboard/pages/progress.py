"""A rep's own progress: /progress."""

from datetime import date, timedelta

import streamlit as st

from coach.calls import AXES
from coach.dashboard import resources
from coach.dashboard.rep import progress as draw
from coach.dashboard.rep.oneself import whose
from coach.progress import EARLIER, RECENT, by_week, comparable, habits, monday, ratings, split
from coach.store import Desk, trend
from coach.store.coaching.sessions import agreements


def page(desk: Desk, rep: str | None) -> None:
    found = trend.days(desk, rep)
    if not found:
        draw.draw_nothing()
        return
    last = found[1]
    end = monday(last) + timedelta(weeks=1)
    calls = trend.figures(desk, end - EARLIER - RECENT, end, rep)
    same = comparable(calls)
    recent, earlier = split(same, last)
    draw.draw_span(last, date.today(), len(calls) - len(same))
    agreed = next((row for row in agreements(desk) if row.closed_at and rep in (None, row.rep)), None)
    if agreed:
        draw.draw_agreed(agreed)
    weeks = {axis: by_week(same, axis) for axis in AXES}
    draw.draw_progress(weeks, ratings(recent, earlier), last, st.context.theme.type == "dark")
    draw.draw_habits(habits(recent, earlier), rep)


st.html("<h1>My progress</h1>")
desk = resources.desk()
page(desk, whose(desk))
