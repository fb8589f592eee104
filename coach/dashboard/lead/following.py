"""Whether a coaching session helped, in words and as two bars."""

from html import escape

import streamlit as st

from coach.dashboard import words
from coach.focus import ENOUGH, Share, change
from coach.store.coaching.follow_up import FollowUp
from coach.store.coaching.sessions import SessionRow
from coach.tone.rubric import BEHAVIOURS

SAID = {"fewer": "Fewer calls with it", "more": "More calls with it", "no clear change": "No clear change"}


def focus(name: str) -> str:
    """What was chosen to look at: a strength to build on, or a habit to change."""
    return f"{'Build on' if BEHAVIOURS.get(name) == 'empathy' else 'Change'}: {words.behaviour(name)}"


def told(found: FollowUp) -> str:
    """In one sentence how it went, or that there are too few calls to tell."""
    before, after = found.before, found.after
    said = change(before, after)
    if said != "too few":
        return f"{SAID[said]}: {after.having} of {after.calls} calls, before {before.having} of {before.calls}."
    if after.calls < ENOUGH:
        return f"Too few calls to tell yet ({after.calls} of at least {ENOUGH} after)."
    return f"Too few calls to tell ({before.calls} of at least {ENOUGH} before)."


def draw_follow_up(row: SessionRow, found: FollowUp | None, heading: str = "h2") -> None:
    """What can be told of it, or why nothing."""
    if row.focus is None:
        return
    st.html(f"<{heading}>Did it help?</{heading}>")
    if found is None:
        said = f"{row.rep} sees it on their own page. You hear what they share, and a count of that would tell little."
        st.html(f'<p class="facts">{escape(said)}</p>')
        return
    st.html(f"<p>{told(found)}</p>{_bars(found)}<p class='facts'>{escape(_counted(row, found))}</p>")


def _counted(row: SessionRow, found: FollowUp) -> str:
    whose = "All calls" if found.own else f"Calls that {row.rep} does not keep private"
    part = "" if found.whole else ", as far as you hear moments from them"
    why = " It may have changed for other reasons too." if min(found.before.calls, found.after.calls) >= ENOUGH else ""
    return f"{whose}{part}, from twelve weeks before the session to twelve weeks after it.{why}"


def _bars(found: FollowUp) -> str:
    if change(found.before, found.after) == "too few":
        return ""
    return f'<div class="shares">{_bar("Before", found.before)}{_bar("After", found.after)}</div>'


def _bar(name: str, share: Share) -> str:
    """A dot where the share is, in the range in which it may well be."""
    low, high = (round(100 * edge) for edge in share.between)
    band = f'<i class="band" style="left:{low}%;width:{max(1, high - low)}%"></i>'
    dot = f'<i class="dot" style="left:{round(100 * share.having / share.calls)}%"></i>'
    said = f"likely {low} to {high} in 100 calls"
    return f'<span class="name">{name}</span><span class="track">{band}{dot}</span><span class="facts">{said}</span>'
