"""What is usual for a rep: the middle and the spread of their own figures, over their calls or within one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot, log2
from statistics import median
from typing import Literal

from coach.calls import Delivery, Timing

Measure = Literal["rate", "pitch", "pitch_range", "loudness", "gap", "longest_pause", "talk_share"]
Summary = dict[str, dict[str, float]]

TURN_MEASURES: tuple[Measure, ...] = ("rate", "pitch", "pitch_range", "loudness", "gap", "longest_pause")
ENOUGH_CALLS = 8
ENOUGH_TURNS = 8
FEW_TURNS = 3  # the median of fewer says nothing about a call
LONG_ENOUGH = 3.0  # seconds of speech: the figures of a shorter turn hang on the words that happen to be in it
_NORMAL = 1.4826  # the MAD times this is the standard deviation, where values are normal


@dataclass(frozen=True, slots=True)
class Typical:
    """The middle of a measure; its spread from turn to turn, and of whole calls, as standard deviations.

    Pitch is in semitones above 1 Hz, all else in the units of `Delivery` and `Timing`.
    """

    median: float
    spread: float
    between: float = 0.0


@dataclass(frozen=True, slots=True)
class Usual:
    """What a rep's delivery is compared with: robust statistics, so that one odd call or turn moves nothing.

    Attributes
    ----------
    typical : what is known of each measure; a measure of which too little is known is missing
    calls : how many calls of the rep's own were there to look at
    own : True where it stands on the rep's own calls, False where on the rest of one call
    """

    typical: Mapping[Measure, Typical]
    calls: int = 0
    own: bool = False

    @classmethod
    def of(cls, summaries: Sequence[Summary]) -> "Usual":
        """A rep's own usual from the summaries of their other calls; empty while there are fewer than `ENOUGH_CALLS`.

        Eight, because the median of a rep's calls has settled then to about what a listener can tell, a difference in
        tempo of 5 % (Quené 2007): on the doctors of PriMock57 (`benchmarks/usual.py`), it lies within 5.5 % of the
        median of all calls in 95 of 100 draws; with five calls within 6.7 %, with three within 8.2 %.
        """
        summaries = [figures for figures in summaries if figures]
        kept = {measure: [s[measure] for s in summaries if measure in s] for measure in (*TURN_MEASURES, "talk_share")}
        known = {measure: _over_calls(calls) for measure, calls in kept.items() if len(calls) >= ENOUGH_CALLS}
        return cls(known, len(summaries), own=True)

    @classmethod
    def within(cls, delivery: Sequence[Delivery | None], calls: int = 0) -> "Usual":
        """The usual of one call, from the rep's own turns in it; empty where fewer than `ENOUGH_TURNS` can be measured.

        By chance, some turn lies 2.5 spreads above the median in one call of seven with eight turns, in one of five
        with twenty (values drawn from a normal distribution).
        """
        values = {measure: _values(measure, delivery) for measure in TURN_MEASURES}
        return cls({m: Typical(*_middle(v)) for m, v in values.items() if len(v) >= ENOUGH_TURNS}, calls)

    @classmethod
    def best(cls, summaries: Sequence[Summary], delivery: Sequence[Delivery | None]) -> "Usual":
        """The rep's own usual as soon as there are enough calls; the rest of this call until then."""
        own = cls.of(summaries)
        return own if own.typical else cls.within(delivery, len(summaries))

    @property
    def note(self) -> str:
        """What the rep's figures are compared with, as a sentence to the rep."""
        if self.own and self.typical:
            return f"Compared with your usual in {self.calls} other calls."
        few = f"Not enough calls yet to know your usual ({self.calls} of {ENOUGH_CALLS})"
        if self.typical:
            return f"{few}: compared with the rest of this call."
        return f"{few}, and this call is too short to compare its parts."

    def band(self, measure: Measure) -> tuple[float, float] | None:
        """From where to where is usual: one spread each way, in the units of `Delivery` (pitch in Hz); None if unknown.

        Two turns of three lie within it.
        """
        if measure not in self.typical:
            return None
        usual = self.typical[measure]
        low, high = usual.median - usual.spread, usual.median + usual.spread
        return (2 ** (low / 12), 2 ** (high / 12)) if measure == "pitch" else (low, high)


def summary(delivery: Sequence[Delivery | None], timing: Timing | None = None) -> Summary:
    """One call in a few figures, to be kept as JSON: all that `Usual.of` needs of it.

    Returns
    -------
    dict
        For each measure the number of `turns` measured, their `median`, and their `spread` (from the MAD); pitch is in
        semitones above 1 Hz. `talk_share` is the call's own. A measure of which the call shows too little is left out.
    """
    values = {measure: _values(measure, delivery) for measure in TURN_MEASURES}
    figures: Summary = {m: _figures(v) for m, v in values.items() if len(v) >= FEW_TURNS}
    if figures and timing and timing.talk_share is not None:
        figures["talk_share"] = {"turns": 1, "median": timing.talk_share, "spread": 0.0}
    return figures


def value(measure: Measure, delivery: Delivery) -> float | None:
    """A turn's figure as it is compared: pitch in semitones; None where it is not measured or hangs on few words."""
    figure = getattr(delivery, measure)
    if figure is None or (measure != "gap" and (delivery.speaking or 0) < LONG_ENOUGH):
        return None
    return 12 * log2(figure) if measure == "pitch" else figure


def _values(measure: Measure, delivery: Iterable[Delivery | None]) -> list[float]:
    return [figure for turn in delivery if turn and (figure := value(measure, turn)) is not None]


def _middle(values: Sequence[float]) -> tuple[float, float]:
    middle = median(values)
    few = len(values) / (len(values) - 0.8)  # the MAD of few values is too small (Croux & Rousseeuw 1992)
    return middle, _NORMAL * few * median(abs(figure - middle) for figure in values)


def _figures(values: Sequence[float]) -> dict[str, float]:
    middle, spread = _middle(values)
    return {"turns": len(values), "median": middle, "spread": spread}


def _over_calls(calls: Sequence[dict[str, float]]) -> Typical:
    """A turn differs from the usual as turns differ within a call, and as calls differ."""
    middle, between = _middle([call["median"] for call in calls])
    return Typical(middle, hypot(median(call["spread"] for call in calls), between), between)
