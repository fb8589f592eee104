"""How far lead, rep and the marks agree, in plain words; never who is right."""

from html import escape

import pandas as pd
import streamlit as st

from coach.dashboard import words
from coach.dashboard.lead.callers import ORDER
from coach.tone.agreement import Estimate
from coach.tone.feedback import ENOUGH

BETWEEN = {
    "lead and rep": "Lead and rep",
    "lead and model": "Lead and the marks",
    "rep and model": "Rep and the marks",
}
STEPS = (0.2, 0.4, 0.6, 0.8)  # Altman (1991), Practical Statistics for Medical Research: five words for kappa
AS_WORD = ("hardly at all", "a little", "fairly well", "well", "very well")
NO_BREAK = "\N{NO-BREAK SPACE}"


def draw_agreement(found: pd.DataFrame, turns: int, figures: bool) -> None:
    """Each axis with each pair; `figures` for those who want numbers besides words."""
    st.html(
        '<h2>How far we agree</h2><p class="facts">From turns that both had rated before they saw what the other says, '
        "as far as you may hear them.</p>"
    )
    if not len(found):
        st.html(f'<p class="empty">{_none(turns)}</p>')
        return
    for axis in ORDER:
        own = found[found.axis == axis]
        if len(own):
            lines = "".join(_line(row.between, row.turns, row.calls, row.kappa, figures) for row in own.itertuples())
            title = f'<h3 class="axis {axis}">{words.SIGN[axis]} {words.AXIS[axis]}</h3>'
            st.html(f'{title}<ul class="differences">{lines}</ul>')
    if found.kappa.notna().any():
        st.html(_meaning(figures))


def draw_behaviours(found: pd.DataFrame) -> None:
    """How often people hear it too where a behaviour was marked; those rated too seldom are left out."""
    enough = found[found.turns >= ENOUGH].sort_values("turns", ascending=False)
    if not len(enough):
        return
    lines = "".join(_confirmed(*row) for row in enough.itertuples(index=False))
    st.html(
        '<h2>What was marked, and heard</h2><p class="facts">Of the turns in which a behaviour was marked and that '
        f'somebody has rated, whoever chose them.</p><ul class="rules">{lines}</ul>'
    )


def _confirmed(behaviour: str, turns: int, share: float, low: float, high: float) -> str:
    name = escape(words.behaviour(behaviour).capitalize())
    return f"<li><b>{name}</b>: heard in {share * turns:.0f} of {turns} turns ({low:.0%} to {high:.0%})</li>"


def _line(between: str, turns: int, calls: int, kappa: Estimate | None, figures: bool) -> str:
    counts = f"{words.count(turns, 'turn')} of {words.count(calls, 'call')}"
    name = escape(BETWEEN.get(between, between))
    if kappa is None:
        return f"<li><span>{name}</span><span>Too few to tell ({turns} of {ENOUGH} turns).</span></li>"
    told = f'<span>{statement(kappa, figures)} <span class="facts">{counts}</span></span>'
    return f"<li><span>{name}</span>{told}{_bar(kappa)}</li>"


def statement(kappa: Estimate, figures: bool) -> str:
    """How far two agree, in words that hold for all of the interval."""
    if not kappa.low <= kappa.high:  # both said the same of every turn
        return "There is nothing to compare: hardly any two turns are rated apart."
    low, high = (sum(value >= step for step in STEPS) for value in (kappa.low, kappa.high))
    if high - low < 2:
        told = f"They agree {AS_WORD[low]}." if low == high else f"They agree {AS_WORD[low]}, or {AS_WORD[high]}."
    else:
        told = f"Not clear yet: anything from “{AS_WORD[low]}” to “{AS_WORD[high]}”."
    between = f"({kappa.low:.2f} to {kappa.high:.2f})".replace(" ", NO_BREAK)
    return f"{told} {kappa.value:.2f}{NO_BREAK}{between}" if figures else told


def _bar(kappa: Estimate) -> str:
    if not kappa.low <= kappa.high:
        return ""
    low, value, high = (100 * max(0.0, min(1.0, figure)) for figure in (kappa.low, kappa.value, kappa.high))
    span = f'<i class="span" style="left:{low:.0f}%;width:{max(1, high - low):.0f}%"></i>'
    return f'<span class="beside whole" aria-hidden="true">{span}<i class="at" style="left:{value:.0f}%"></i></span>'


def _meaning(figures: bool) -> str:
    measured = "Measured as quadratic weighted kappa, with 95 % intervals over calls. " if figures else ""
    return (
        f'<p class="facts">{measured}The bar goes from “as two who rate by chance” to “always the same”. Where two '
        "differ, talk about the turns: the rubric may leave room, or the marks may be wrong. It says nothing of who "
        "hears better.</p>"
    )


def _none(turns: int) -> str:
    so_far = f" So far you have rated {words.count(turns, 'turn')}." if turns else ""
    return f"Too few to tell: each axis needs {ENOUGH} turns that two have rated.{so_far}"
