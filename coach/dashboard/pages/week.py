"""A rep's week on a sheet to print: /week?of=DATE, any day of it."""

from datetime import date, timedelta

import streamlit as st

from coach.dashboard import resources
from coach.dashboard.rep.oneself import whose
from coach.dashboard.rep.week import draw_choice, draw_week, wanted
from coach.progress import EARLIER, RECENT, comparable, monday, ratings, split
from coach.store import Desk, trend
from coach.store.coaching.sessions import agreements

WEEK = timedelta(weeks=1)


def turn_to(day: date) -> None:
    st.query_params["of"] = day.isoformat()


def page(desk: Desk, rep: str | None) -> None:
    days = trend.days(desk, rep)
    first, last = (monday(days[0]), monday(days[1])) if days else (monday(date.today()),) * 2
    start = wanted(st.query_params.get("of", ""), first, last)
    draw_choice(start, first, last, turn_to)
    calls = trend.figures(desk, start + WEEK - RECENT - EARLIER, start + WEEK, rep)
    recent, earlier = split(comparable(calls), start)
    number = sum(monday(call.at.astimezone().date()) == start for call in calls)
    agreed = next((row for row in agreements(desk) if row.closed_at and rep in (None, row.rep)), None)
    draw_week(start, rep, number, trend.moments(desk, start, start + WEEK, rep), ratings(recent, earlier), agreed)


desk = resources.desk()
page(desk, whose(desk))
