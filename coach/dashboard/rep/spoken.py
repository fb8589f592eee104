"""How the rep spoke: three small lanes along the time of the call, and what stands out in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log2

import altair as alt
import pandas as pd
import streamlit as st

from coach.calls import Delivery, Review, Timing
from coach.dashboard import timeline
from coach.delivery.remarks import RARE, Remark, remarks
from coach.delivery.usual import Measure, Usual, value
from coach.report import clock
from coach.store import DeliveryPolicy

WHO_SEES: dict[DeliveryPolicy, str] = {"rep": "Only you see this.", "team": "You and your team's lead see this."}
TIMES = {1: "Once", 2: "Twice"}
UNKNOWN = "not known yet"
SWITCHED_OFF = "It is switched off here: how you speak is neither kept nor shown."
# From top to bottom: what it is called, what is above and below the usual, its unit, and a spread while none is known
LANES: tuple[tuple[Measure, str, str, str, str, float], ...] = (
    ("rate", "Speed", "faster", "slower", "{:.1f} syllables a second", 0.6),
    ("pitch", "Pitch", "higher", "lower", "{:.0f} Hz", 1.5),
    ("loudness", "Loudness", "louder", "softer", "{:+.1f} dB from your middle in this call", 2.0),
)
SPREAD = 0.13  # of a lane's height
FARTHEST = 3.2  # spreads; what is farther out is drawn there
QUIET, BAND = ("#6f7781", "#8e98a3"), ("#e6e2d8", "#2b333d")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What there is to show of how the rep spoke, for a visitor who may see it."""

    policy: DeliveryPolicy
    usual: Usual

    def remarks(self, review: Review) -> tuple[Remark, ...]:
        return remarks(review, self.usual)


def draw_spoken(review: Review, spoken: Spoken, dark: bool = False) -> None:
    """Draw the charts and the remarks, or say in plain words why there are none."""
    missing = why_not(review, spoken.policy)
    about = missing or f"{WHO_SEES[spoken.policy]} {spoken.usual.note}"
    st.html(f'<h2>How you spoke</h2><p class="facts">{escape(about)}</p>')
    if missing or review.timing is None:
        return
    st.html(f"<p>{escape(timed(review.timing))}</p>{told(spoken.remarks(review))}")
    table = lane_table(review, spoken.usual)
    if len(table):
        st.html(key(spoken.usual, table))
        length = review.call.duration or table.end.max()
        st.altair_chart(chart(table, spoken.usual, length, dark), width="stretch", key="spoken", alt=in_words(table))


def why_not(review: Review, policy: DeliveryPolicy) -> str:
    """Why how the rep spoke is not shown; empty where it is."""
    if policy == "off":
        return SWITCHED_OFF
    if review.timing is not None:
        return ""
    if review.not_scored:
        return "It is not measured in a call that is not scored."
    if review.call.recording is None:
        return "This call came as a transcript: how it was spoken is not known."
    return "It was not measured when this call was scored."


def timed(timing: Timing) -> str:
    """The call's timing in a few short sentences."""
    longest = max((silence.end - silence.start for silence in timing.silences), default=None)
    overlaps, asked = len(timing.overlaps), timing.questions
    parts = (
        timing.talk_share is not None and f"You did {timing.talk_share:.0%} of the talking.".replace("%", " %"),
        f"{TIMES.get(overlaps, f'{overlaps} times')}, both of you spoke at once." if overlaps else "",
        longest is not None and f"The longest silence was {longest:.0f} s.",
        f"You asked {asked} question{'s' * (asked > 1)}." if asked else "",
    )
    return " ".join(part for part in parts if part)


def told(found: Sequence[Remark]) -> str:
    """The remarks as a list, each leading to its line of the transcript."""
    if not found:
        return '<p class="told">Nothing stood out in how you spoke.</p>'
    return f'<ul class="told">{"".join(f"<li>{_told(remark)}</li>" for remark in found)}</ul>'


def _told(remark: Remark) -> str:
    line = f'<a href="#line-{remark.turn}" title="Show what was said">{clock(remark.start)}</a>'
    return f"{'' if remark.turn is None else line}<span>{escape(remark.text)}</span>"


def lane_table(review: Review, usual: Usual) -> pd.DataFrame:
    """One row for each rep turn and measure that can be compared: where it lies in its lane, and in words."""
    rows = []
    for lane, (measure, name, *_, unit, nominal) in enumerate(LANES):
        turns = [
            (turn, how, _in_its_lane(measure, how))
            for turn, how in zip(review.call.turns, review.delivery, strict=False)
            if how and turn.start is not None and getattr(how, measure) is not None
        ]
        typical = usual.typical.get(measure)
        middle = typical.median if typical else pd.Series([found for *_, found in turns]).median()
        spread = (typical and typical.spread) or nominal
        for turn, how, found in turns:
            away, long = (found - middle) / spread, value(measure, how) is not None
            rows.append({
                "measure": name, "start": turn.start, "end": turn.end, "time": clock(turn.start), "words": turn.text,
                "y": -lane + SPREAD * max(-FARTHEST, min(FARTHEST, away)), "long": long,
                "far": bool(typical) and long and abs(away) >= RARE,
                "figure": unit.format(getattr(how, measure)), "usual": _usual(measure, unit, usual),
            })  # fmt: skip
    return pd.DataFrame(rows)


def _in_its_lane(measure: Measure, how: Delivery) -> float:
    """A figure on the scale of `Usual.typical`: pitch in semitones."""
    figure = getattr(how, measure)
    return 12 * log2(figure) if measure == "pitch" else figure


def _usual(measure: Measure, unit: str, usual: Usual) -> str:
    band = usual.band(measure)
    if band is None:
        return UNKNOWN
    number, _, name = unit.partition("}")
    return f"{(number + '}').format(band[0])} to {(number + '}').format(band[1])}{name}"


def chart(table: pd.DataFrame, usual: Usual, length: float, dark: bool = False) -> alt.LayerChart:
    """A lane a measure, the usual as a band, each turn of the rep a bar: below and above it, dark where far from it."""
    shown = [lane for lane, (_, name, *_) in enumerate(LANES) if name in set(table.measure)]
    names = dict(label for lane in shown for label in _lane_labels(lane))
    expression = " : ".join(f"abs(datum.value - {at:.2f}) < 0.01 ? '{name}'" for at, name in names.items()) + " : ''"
    bold = alt.condition("datum.value % 1 == 0", alt.value("bold"), alt.value("normal"))
    axis = alt.Axis(
        values=list(names), labelExpr=expression, labelFontWeight=bold, grid=False, ticks=False, domain=False
    )
    axis = timeline.left_of_lanes(axis)
    y = alt.Y("y:Q", title=None, axis=axis).scale(domain=[-shown[-1] - 0.5, -shown[0] + 0.45], nice=False)
    x = timeline.along(length)
    bands = [
        {"start": 0.0, "end": length, "y": -lane - SPREAD, "top": -lane + SPREAD}
        for lane in shown
        if usual.band(LANES[lane][0])
    ]
    usuals = alt.Chart(pd.DataFrame(bands or [{}])).mark_rect(color=BAND[dark], cornerRadius=2)
    far = alt.Color("far:N", legend=None).scale(domain=[False, True], range=[QUIET[dark], timeline.STRONG[dark]])
    bars = alt.Chart(table).mark_rule(strokeWidth=5, strokeCap="round").encode(
        x=x, x2="end:Q", y=y, color=far, opacity=alt.condition("datum.long", alt.value(1), alt.value(0.45)),
        tooltip=["measure", "time", "figure", "usual", "words"],
    )  # fmt: skip
    bands_of = usuals.encode(x=x, x2="end:Q", y=y, y2="top:Q")
    return alt.LayerChart(layer=[bands_of, bars], height=72 * len(shown) + 20)


def _lane_labels(lane: int) -> tuple[tuple[float, str], ...]:
    _, name, above, below, *_ = LANES[lane]
    return (-lane + 0.3, above), (-lane, name), (-lane - 0.3, below)


def key(usual: Usual, table: pd.DataFrame) -> str:
    """What the chart's band and bars mean."""
    band = "your usual" if usual.own else "what is usual in this call"
    parts = ['<i class="bar"></i> one of your turns']
    parts += [f'<i class="band"></i> {band}'] if usual.typical else []
    parts += ['<i class="bar far"></i> far from it'] if table.far.any() else []
    parts += ['<i class="bar short"></i> too short to compare'] if not table.long.all() else []
    return f'<p class="key">{"".join(f"<span>{part}</span>" for part in parts)}</p>'


def in_words(table: pd.DataFrame) -> str:
    """The chart for who cannot see it."""
    return " ".join(
        ["How you spoke in each turn.", *(_lane_in_words(*lane) for lane in table.groupby("measure", sort=False))]
    )


def _lane_in_words(name: str, turns: pd.DataFrame) -> str:
    usual, far = turns.usual.iloc[0], ", ".join(turns.time[turns.far])
    if usual == UNKNOWN:
        return f"{name}: your usual is {UNKNOWN}."
    return f"{name}: {usual} is usual; {f'far from it at {far}' if far else 'no turn is far from it'}."
