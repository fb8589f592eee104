"""One week of a rep's calls on a sheet that can be printed."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from html import escape

import streamlit as st

from coach.calls import Axis
from coach.dashboard import words
from coach.dashboard.rep.progress import ORDER, statement
from coach.progress import Change, monday
from coach.report import clock
from coach.store import MomentRow
from coach.store.coaching.sessions import SessionRow

SHOWN = 3
LINES = 7  # for notes by hand


def wanted(asked: str, first: date, last: date) -> date:
    """The Monday of the week that was asked for, within those that there are."""
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        return last
    return min(max(monday(day), first), last)


def draw_choice(start: date, first: date, last: date, turn_to: Callable[[date], None]) -> None:
    """To the week before and after, as far as there are any."""
    before, after = start - timedelta(weeks=1), start + timedelta(weeks=1)
    with st.container(horizontal=True, key="turn-weeks", vertical_alignment="center"):
        back, on = ":material/arrow_back:", ":material/arrow_forward:"
        st.button("Week before", icon=back, key="before", on_click=turn_to, args=(before,), disabled=start <= first)
        st.button("Week after", icon=on, key="after", on_click=turn_to, args=(after,), disabled=start >= last)
        st.html('<p class="facts">To print this page: Ctrl and P (on a Mac, ⌘ and P).</p>', width="content")


def draw_week(
    start: date,
    rep: str | None,
    calls: int,
    moments: Sequence[MomentRow],
    changes: dict[Axis, Change],
    agreed: SessionRow | None = None,
) -> None:
    """All of the sheet of the week from `start` on; `changes` are those of the four weeks that end with this one."""
    st.html(_title(start, rep, calls))
    if not calls:
        return
    st.html(_moments(chosen(moments)) + _habit(moments, agreed) + _trend(changes) + _notes())


def _title(start: date, rep: str | None, calls: int) -> str:
    sunday = start + timedelta(days=6)
    first = f"{start.day}" if start.month == sunday.month else f"{start.day} {start:%B}"
    heard = f"{calls} call{'s' * (calls != 1)}" if calls else "There is no scored call of yours in this week"
    whose = f"{escape(rep)} · " if rep else ""
    return f'<h1>My week: {first} to {sunday.day} {sunday:%B %Y}</h1><p class="facts">{whose}{heard}</p>'


def chosen(moments: Sequence[MomentRow]) -> list[MomentRow]:
    """Three moments, a strength first: two strengths and the habit that came up most, as far as there are such.

    Each is from another call and about something else, as far as possible; without words there is nothing to read.
    """
    told = [row for row in moments if row.moment.quote]
    strengths = _different([row for row in told if row.moment.kind == "strength"])
    giveaways = _different(_most_often([row for row in told if row.moment.kind == "giveaway"]))
    first = strengths[: max(2, SHOWN - len(giveaways))]
    return [*first, *giveaways[: SHOWN - len(first)]]


def _different(rows: Sequence[MomentRow]) -> list[MomentRow]:
    """The same moments, those first that repeat neither a call nor a behaviour of one before."""
    fresh: list[MomentRow] = []
    repeated: list[MomentRow] = []
    for row in rows:
        seen = {other.call_id for other in fresh}, {_about(other) for other in fresh}
        (repeated if row.call_id in seen[0] or _about(row) in seen[1] else fresh).append(row)
    return [*fresh, *repeated]


def _most_often(rows: Sequence[MomentRow]) -> list[MomentRow]:
    often = Counter(_about(row) for row in rows)
    return sorted(rows, key=lambda row: (-often[_about(row)], _about(row)))


def _about(row: MomentRow) -> str:
    return row.moment.behaviours[0] if row.moment.behaviours else row.moment.axis


def _moments(rows: Sequence[MomentRow]) -> str:
    if not rows:
        return "<h2>Moments</h2><p>Nothing stood out in this week, neither way.</p>"
    return f"<h2>Moments to remember</h2>{''.join(_moment(row) for row in rows)}"


def _moment(row: MomentRow) -> str:
    moment = row.moment
    about = words.behaviours(moment.behaviours) or words.AXIS[moment.axis]
    sign = "" if words.is_hollow(moment) else f"{words.SIGN[moment.axis]} "
    when = " · ".join(part for part in (words.day(row), clock(moment.start)) if part)
    tip = f'<p class="tip"><b>{words.ADVICE[moment.kind]}</b> {escape(moment.tip)}</p>' if moment.tip else ""
    return (
        f'<section class="sheet-moment"><div class="moment-head"><h3>{words.KIND[moment.kind]}</h3>'
        f'<span class="about {"" if words.is_hollow(moment) else moment.axis}">{sign}{escape(about)}</span>'
        f'<span class="time">{when}</span></div>'
        f'<blockquote class="quote">{escape(moment.quote)}</blockquote>{tip}</section>'
    )


def _habit(moments: Sequence[MomentRow], agreed: SessionRow | None) -> str:
    """What to try next week: what was agreed, else what came up most."""
    giveaways = _most_often([row for row in moments if row.moment.kind == "giveaway"])
    if agreed and (agreed.focus or agreed.agreed):
        focus = f"Focus: {words.behaviour(agreed.focus)}. " if agreed.focus else ""
        told = f"As agreed in your last coaching session. {focus}{agreed.agreed or ''}"
    elif giveaways:
        habit = _about(giveaways[0])
        often = sum(_about(row) == habit for row in giveaways)
        times = "once" if often == 1 else f"{often} times"
        told = (
            f"“{words.behaviour(habit).capitalize()}” came up {times} this week. Listen for it, and try the other way."
        )
    else:
        told = "Keep doing what you do: no habit stood out that would be worth another way."
    return f"<h2>To try next week</h2><p>{escape(told)}</p>"


def _trend(changes: dict[Axis, Change]) -> str:
    items = "".join(
        f'<li><span class="about {axis}">{words.SIGN[axis]} {words.AXIS[axis]}</span> '
        f"{escape(statement(axis, changes[axis]))}</li>"
        for axis in ORDER
    )
    return f'<h2>The last four weeks</h2><ul class="trends">{items}</ul>'


def _notes() -> str:
    return f'<h2>My own notes</h2><div class="ruled">{"<i></i>" * LINES}</div>'
