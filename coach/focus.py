"""What a coaching session is about, and whether it helped: suggested moments, and a behaviour before and after."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Literal

from coach.calls import Moment
from coach.shares import newcombe, wilson

STRENGTHS = 3
HABITS = 2
ENOUGH = 10  # calls before and after, below which nothing is said of a change

Change = Literal["too few", "fewer", "more", "no clear change"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A moment of a call, and how clearly it shows what it is about (0-3)."""

    call_id: int
    moment: Moment
    clear: float

    @property
    def about(self) -> str:
        """The behaviour that it shows above all; its axis where none is named."""
        return self.moment.behaviours[0] if self.moment.behaviours else self.moment.axis


def suggest(latest: Sequence[Candidate]) -> list[Candidate]:
    """Up to five moments for a session: strengths and habits in turn, a strength first and never fewer of them.

    Parameters
    ----------
    latest
        A rep's moments, the latest first.

    Returns
    -------
    list of Candidate
        The clearest, the newest of those that are as clear; from different calls and of different behaviours as far
        as there are. Of habits at most two: those that come up in most calls. Without any strength nothing is
        suggested: that would be a talk about faults alone.
    """
    clearest = sorted((found for found in latest if found.moment.quote), key=lambda found: -round(found.clear))
    strengths = _different([found for found in clearest if found.moment.kind == "strength"], STRENGTHS, [])
    giveaways = [found for found in clearest if found.moment.kind == "giveaway"]
    often = Counter(about for about, _ in {(found.about, found.call_id) for found in giveaways})
    giveaways.sort(key=lambda found: -often[found.about])
    habits = _different(giveaways, min(HABITS, len(strengths)), strengths)
    return [found for found in chain(*zip_longest(strengths, habits)) if found]


def _different(found: Sequence[Candidate], most: int, besides: Sequence[Candidate]) -> list[Candidate]:
    """The first ones; those that repeat a call or a behaviour only where there are no others."""
    chosen: list[Candidate] = []
    for repeats in (_same_call_or_behaviour, _same_behaviour, _never):
        for one in found:
            if len(chosen) < most and one not in chosen and not repeats(one, chosen, besides):
                chosen.append(one)
    return chosen


def _same_call_or_behaviour(one: Candidate, chosen: Sequence[Candidate], besides: Sequence[Candidate]) -> bool:
    same_call = one.call_id in {other.call_id for other in (*chosen, *besides)}
    return same_call or _same_behaviour(one, chosen, besides)


def _same_behaviour(one: Candidate, chosen: Sequence[Candidate], besides: Sequence[Candidate]) -> bool:
    return one.about in {other.about for other in chosen}


def _never(*_: object) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Share:
    """In how many calls, of how many, something came up."""

    having: int
    calls: int

    @property
    def between(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        return wilson(self.having, self.calls)


def change(before: Share, after: Share) -> Change:
    """Whether a behaviour comes up in more or fewer calls than before, as far as so many calls can tell.

    It does where Newcombe's 95 % interval of the difference leaves out zero.
    """
    if min(before.calls, after.calls) < ENOUGH:
        return "too few"
    low, high = newcombe((after.having, before.having), (after.calls, before.calls))
    return "fewer" if high < 0 else "more" if low > 0 else "no clear change"
