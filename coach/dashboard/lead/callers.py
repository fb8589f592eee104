"""The same service for everyone: how kinds of callers and queues are spoken to, as far as figures can tell."""

from collections.abc import Sequence
from datetime import timedelta
from html import escape

import streamlit as st

from coach.callers import CALLS, REPS, SMALL, By, Difference, Group, Size
from coach.calls import AXES, Axis
from coach.dashboard import words
from coach.store.coaching.callers import WEEKS, Service

ORDER: tuple[Axis, ...] = ("empathy", "condescension", "impatience")
REACH = 1.5  # steps of the scale on either side of the middle that a bar shows
A_LITTLE = 0.3
MINUS = "\N{MINUS SIGN}"
TITLE: dict[By, str] = {"caller": "Kinds of callers", "queue": "Queues"}


def draw_service(found: Service) -> None:
    """All that there is to say, or why there is nothing."""
    if not found.whole.calls:
        draw_empty()
        return
    st.html(f'<p class="facts">{_told_from(found)}</p>')
    kinds, queues = ([group for group in found.groups if group.by == by] for by in ("caller", "queue"))
    if any(group.differences for group in found.groups):
        st.html(_key())
    _draw_groups("caller", kinds)
    if not kinds:
        st.html(
            '<p class="facts">Nobody has said of any call what kind of caller it was: a list of recordings may say it '
            "in its column “caller”, as “new”, “small” or “prospect”.</p>"
        )
    _draw_groups("queue", queues)
    with st.expander("How this is counted"):
        st.html(_method(found))


def _told_from(found: Service) -> str:
    last = found.until - timedelta(days=1)
    days = f"{found.since.day} {found.since:%B} to {last.day} {last:%B %Y}"
    reps = words.count(found.whole.reps, "rep")
    return f"From {found.whole.calls:,} calls of {reps}, {days}. No call and no rep is shown, or can be told apart."


def _draw_groups(by: By, groups: Sequence[Group]) -> None:
    if not groups:
        return
    st.html(f"<h2>{TITLE[by]}</h2>")
    for at, group in enumerate(group for group in groups if group.differences):
        with st.container(border=True, key=f"group-{by}-{at}"):
            st.html(card(group))
    few = [group for group in groups if not group.differences]
    if few:
        lines = "".join(f"<li><b>{escape(_name(group))}</b>: {_too_few(group)}</li>" for group in few)
        st.html(f'<ul class="rules">{lines}</ul>')


def card(group: Group) -> str:
    """A group beside the others, an axis a line, as HTML."""
    others = (
        "with others in the same queues" if group.by == "caller" else "with the same kinds of callers in other queues"
    )
    beside = f"{group.size.calls:,} calls, beside {group.others.calls:,} {others}"
    lines = "".join(_line(axis, group.differences[axis]) for axis in ORDER)
    return f'<h3>{escape(_name(group))}</h3><p class="facts">{beside}</p><ul class="differences">{lines}</ul>'


def _line(axis: Axis, found: Difference) -> str:
    name = f'<span class="axis {axis}">{words.SIGN[axis]} {words.AXIS[axis]}</span>'
    return f"<li>{name}<span>{statement(axis, found)}</span>{_bar(axis, found)}</li>"


def statement(axis: Axis, found: Difference) -> str:
    """What may be said of a difference, with its interval."""
    about = words.AXIS[axis].lower()
    between = f"{_signed(found.low)} to {_signed(found.high)}".replace(" ", "\N{NO-BREAK SPACE}")
    if found.verdict in ("more", "less"):
        little = "a little " if abs(found.value) < A_LITTLE else ""
        return f"<b>A difference: {little}{found.verdict} {about}.</b> {_signed(found.value)} ({between})"
    if found.verdict == "same":
        return f"No difference that a caller would notice. ({between})"
    return f"Not clear: there may be none. ({between})"


def _signed(figure: float) -> str:
    return f"{figure:+.1f}".replace("-", MINUS) if figure else "0"


def _bar(axis: Axis, found: Difference) -> str:
    """Where the difference lies: the middle is none, left is less, right is more."""
    low, value, high = (
        50 + 50 * max(-1.0, min(1.0, figure / REACH)) for figure in (found.low, found.value, found.high)
    )
    span = f'<i class="span" style="left:{low:.0f}%;width:{max(1, high - low):.0f}%"></i>'
    return f'<span class="beside {axis}" aria-hidden="true">{span}<i class="at" style="left:{value:.0f}%"></i></span>'


def _key() -> str:
    return (
        f'<p class="facts">Each line says how much more (+) or less ({MINUS}) of it these callers meet, in steps of '
        "the scale none, slight, clear, strong. In brackets and as a bar: from where to where it may lie; the middle "
        "of the bar is no difference.</p>"
    )


def _name(group: Group) -> str:
    return group.name if group.by == "queue" else f"{group.name[:1].upper()}{group.name[1:]}"


def _too_few(group: Group) -> str:
    if group.size.enough:
        return "too few others to compare with, in the same queues" if group.by == "caller" else (
            "too few others to compare with, of the same kinds"
        )  # fmt: skip
    return too_few(group.size)


def too_few(size: Size) -> str:
    """Why nothing is said of a group."""
    if size.calls < CALLS:
        return f"too few calls to tell ({size.calls} of {CALLS})"
    if size.reps < REPS:
        return f"calls of too few reps to tell ({size.reps} of {REPS})"
    return "most of its calls are of one rep: it would tell of a person"


def _method(found: Service) -> str:
    statements = sum(len(group.differences) for group in found.groups)
    unnamed = f"<li>Of {found.unnamed:,} calls nobody said what kind of caller it was.</li>" if found.unnamed else ""
    left_out = (
        f"<li>{found.left_out:,} calls are left out: another version rated them, in another way.</li>"
        if found.left_out
        else ""
    )
    return (
        '<ul class="rules">'
        f"<li>Counted are the scored calls of your team in {WEEKS} whole weeks, up to last Sunday. Calls that a rep "
        "keeps private are not counted, nor those that the rep still has to themselves.</li>"
        f"<li>Nothing is said of fewer than {CALLS} calls or {REPS} reps, or where most calls are of one rep. Such "
        "groups are left out of what the others are compared with, too.</li>"
        "<li>Callers are compared within the same queues, queues for the same kinds of callers: another mix of these "
        "is no difference in tone.</li>"
        "<li>Calls of one rep are alike: the intervals come from leaving out one rep after the other (jackknife). "
        f"{len(AXES)} axes of several groups are looked at, {statements} statements in all: the intervals are 95 % for "
        "all of them together (Bonferroni), so that a difference by chance is named in one look out of twenty at most."
        "</li>"
        f"<li>“No difference that a caller would notice”: all of the interval is within {SMALL} of a step.</li>"
        f"{unnamed}{left_out}</ul>"
    )


def draw_empty() -> None:
    st.html(
        f'<div class="empty"><h2>Too early to tell</h2><p>Here it will show whether some kinds of callers are spoken '
        f"to in another tone than others: once your team has scored calls of at least {REPS} reps, {CALLS} calls for "
        "each kind of caller, in the weeks before this one.</p></div>"
    )
