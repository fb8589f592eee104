"""Both speakers along the time of a call, as a chart; its key as HTML."""

import altair as alt
import pandas as pd

from coach.calls import AXES, Axis, Overlap, Review
from coach.dashboard.cards import numbered
from coach.dashboard.words import AXIS, KIND, LEVEL, SIGN, level_word, levels, not_sure
from coach.report import clock

# Told apart with red-green colour blindness too (CIELAB distance 36 or more), at a contrast of 5.5:1 or more.
INK: dict[Axis, tuple[str, str]] = {
    "condescension": ("#6d2a56", "#f2b8cf"),
    "impatience": ("#955604", "#eba246"),
    "empathy": ("#0b65b8", "#58aaf7"),
}
PLAIN, PAPER = ("#8a919a", "#656e79"), ("#fbfaf7", "#14181d")
SHAPE: dict[Axis, str] = {"condescension": "triangle-down", "impatience": "triangle-right", "empathy": "cross"}
MINUTES = "floor(datum.value / 60) + ':' + (datum.value % 60 < 10 ? '0' : '') + floor(datum.value % 60)"
LANES = "{'0': 'Customer', '1': 'Rep'}[datum.value] || ''"
NOTHING = "nothing marked"
STRONG, FAINT = ("#22282f", "#e6e8ea"), ("#5b626b", "#a9b1ba")
LEFT = 72  # pixels for the names of the lanes, so that charts below each other share their time
BOTH, NOBODY = "Both speak", "Nobody speaks"


def chart(review: Review, dark: bool = False) -> alt.LayerChart:
    """A lane for each speaker; the rep's turns coloured by axis, taller and deeper the clearer; moments numbered."""
    table = turn_table(review)
    x = along(review.call.duration or table.end.max())
    lanes = alt.Axis(values=[0, 1], labelExpr=LANES, grid=False, ticks=False, domain=False)
    y = alt.Y("low:Q", title=None, axis=left_of_lanes(lanes)).scale(domain=[-0.5, 2.1])
    turns = alt.Chart(table).encode(x=x, x2="end:Q", tooltip=["who", "time", "tone", "words"])
    bars = turns.mark_rect(cornerRadius=2).encode(
        y=y, y2="high:Q", color=_ink(dark), opacity=alt.Opacity("level:Q", scale=_depth(), legend=None)
    )
    scored = alt.datum.axis != NOTHING
    signs = turns.transform_filter(scored).mark_point(filled=True, size=45, opacity=1).encode(
        x=alt.X("middle:Q"), x2=alt.X2(), y=alt.Y("sign:Q"), shape=_shape(), color=_ink(dark)
    )  # fmt: skip
    layers = (*_silences(review, x, y, dark), bars, *_overlaps(review, x, y, dark), signs, *_moments(review, dark))
    return alt.layer(*layers).resolve_scale(shape="independent").properties(height=170)


def along(length: float) -> alt.X:
    """The time of a call of so many seconds."""
    axis = alt.Axis(labelExpr=MINUTES, grid=False, tickMinStep=5, tickCount=8)
    return alt.X("start:Q", title=None, axis=axis).scale(domain=[0, length], nice=False)


def left_of_lanes(axis: alt.Axis) -> alt.Axis:
    axis.minExtent = axis.maxExtent = LEFT
    return axis


def turn_table(review: Review) -> pd.DataFrame:
    """One row a turn that has times: where it lies, what it shows and how clearly (0-3)."""
    rows = []
    for turn, rating, found in zip(review.call.turns, review.ratings, levels(review), strict=True):
        if turn.start is None or turn.end is None:
            continue
        axis = max(found, key=lambda name: found[name], default=None)
        level = found[axis] if axis else 0
        lane, half = float(turn.speaker == "rep"), 0.17 + 0.06 * level
        told = [f"{AXIS[a]}: {level_word(a, n)}" for a, n in found.items()] + [not_sure(rating, found)]
        tone = ", ".join(filter(None, told)) or NOTHING
        rows.append({
            "who": turn.speaker.capitalize(), "time": clock(turn.start), "words": turn.text, "tone": tone,
            "start": turn.start, "end": turn.end, "middle": (turn.start + turn.end) / 2,
            "axis": axis or NOTHING, "level": level, "low": lane - half, "high": lane + half,
            "sign": lane + half + 0.12,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _moments(review: Review, dark: bool) -> list[alt.Chart]:
    rows = [
        {"number": str(n), "at": (m.start + (m.end or m.start)) / 2, "kind": KIND[m.kind], "quote": m.quote, "y": 1.85}
        for n, m in numbered(review.moments)
        if m.start is not None
    ]
    if not rows:
        return []
    ink, paper = STRONG[dark], PAPER[dark]
    base = alt.Chart(pd.DataFrame(rows)).encode(x="at:Q", y="y:Q", tooltip=["number", "kind", "quote"])
    shape = alt.Shape("kind:N", scale=alt.Scale(domain=list(KIND.values()), range=["circle", "square"]), legend=None)
    badges = base.mark_point(filled=True, size=380, opacity=1, color=ink).encode(shape=shape)
    return [badges, base.mark_text(color=paper, fontSize=12, fontWeight="bold").encode(text="number:N")]


def _silences(review: Review, x: alt.X, y: alt.Y, dark: bool) -> list[alt.Chart]:
    """Where nobody speaks: a shade behind both lanes, with its length."""
    silences = review.timing.silences if review.timing else ()
    rows = [
        {
            "what": f"{NOBODY}, as announced" if s.announced else NOBODY,
            "time": clock(s.start), "length": f"{s.end - s.start:.0f} s",
            "start": s.start, "end": s.end, "middle": (s.start + s.end) / 2,
            "low": -0.45, "high": 1.45, "centre": 0.5,
        }
        for s in silences
    ]  # fmt: skip
    if not rows:
        return []
    base = alt.Chart(pd.DataFrame(rows)).encode(tooltip=["what", "time", "length"])
    shades = base.mark_rect(color=PLAIN[0], opacity=0.16).encode(x=x, x2="end:Q", y=y, y2="high:Q")
    return [shades, base.mark_text(color=FAINT[dark], fontSize=11).encode(x="middle:Q", y="centre:Q", text="length:N")]


def _who(overlap: Overlap) -> str:
    started = "both began at once" if overlap.started == "unknown" else f"the {overlap.started} came in"
    return f"{started}, the {overlap.yielded} gave way"


def _overlaps(review: Review, x: alt.X, y: alt.Y, dark: bool) -> list[alt.Chart]:
    """Where both speak: a bar between the lanes, seen however short it is."""
    overlaps = review.timing.overlaps if review.timing else ()
    rows = [
        {"what": BOTH, "time": clock(o.start), "who": _who(o),
         "start": o.start, "end": o.end, "length": f"{o.end - o.start:.1f} s", "low": 0.36, "high": 0.64}
        for o in overlaps
    ]  # fmt: skip
    if not rows:
        return []
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=x, x2="end:Q", y=y, y2="high:Q", tooltip=["what", "time", "who", "length"]
    )
    return [base.mark_rect(color=STRONG[dark], stroke=STRONG[dark], strokeWidth=3, cornerRadius=1)]


def _ink(dark: bool) -> alt.Color:
    colours = [INK[axis][dark] for axis in AXES]
    return alt.Color("axis:N", scale=alt.Scale(domain=[*AXES, NOTHING], range=[*colours, PLAIN[dark]]), legend=None)


def _shape() -> alt.Shape:
    return alt.Shape("axis:N", scale=alt.Scale(domain=list(AXES), range=[SHAPE[a] for a in AXES]), legend=None)


def _depth() -> alt.Scale:
    return alt.Scale(domain=[0, 1, len(LEVEL) - 1], range=[1, 0.72, 1])


def key(review: Review) -> str:
    """What the chart's signs mean."""
    kinds = enumerate(KIND.items(), start=1)
    badges = "".join(f'<span><b class="badge {kind}">{n}</b> {name}</span>' for n, (kind, name) in kinds)
    timing = review.timing
    both = f'<span><i class="both"></i> {BOTH.lower()}</span>' if timing and timing.overlaps else ""
    nobody = f'<span><i class="nobody"></i> {NOBODY.lower()}</span>' if timing and timing.silences else ""
    return f'<p class="key">{axes_key()}{badges}{both}{nobody}</p>'


def axes_key() -> str:
    return "".join(
        f'<span class="{axis}"><mark class="{axis}">{SIGN[axis]} {AXIS[axis]}</mark></span>' for axis in AXES
    )
