"""What the screens call things: plain words for axes, behaviours, levels, times and people."""

from datetime import UTC, datetime
from pathlib import PurePath
from typing import Protocol

from coach.calls import AXES, Axis, Moment, Rating, Review, Score
from coach.report import clock
from coach.store import CallRow, Policy
from coach.store.said.feedback import Disagreement

AXIS: dict[Axis, str] = {"condescension": "Condescension", "impatience": "Impatience", "empathy": "Empathy"}
SIGN: dict[Axis, str] = {"condescension": "▼", "impatience": "▶", "empathy": "✚"}
KIND = {"strength": "A strength", "giveaway": "A giveaway"}
ADVICE = {"strength": "Build on it:", "giveaway": "Try this:"}
BEHAVIOUR = {
    "talks_down": "talks down",
    "states_the_obvious": "states the obvious",
    "blames_customer": "puts the blame on the customer",
    "argues": "argues",
    "hides_behind_policy": "hides behind policy",
    "belittles_standing": "makes the caller feel small",
    "hurries": "hurries the customer",
    "shows_annoyance": "lets annoyance show",
    "cuts_off": "cuts the customer off",
    "brushes_off": "brushes it off",
    "rushes_to_close": "rushes to end the call",
    "treats_as_interruption": "sounds too busy for the caller",
    "acknowledges_feeling": "sees how the customer feels",
    "shows_understanding": "shows understanding",
    "explores": "asks and listens",
    "takes_ownership": "takes it on",
    "values_customer": "values the customer",
    "explains_respectfully": "explains with respect",
    "hollow": "a stock phrase",
}
NOT_SURE = "not sure"
LEVEL = ("none", "slight", "clear", "strong")
LEVEL_OF_EMPATHY = ("little", "a touch", "clear", "strong")


def behaviour(name: str) -> str:
    return BEHAVIOUR.get(name, name.replace("_", " "))


def behaviours(names: tuple[str, ...]) -> str:
    return ", ".join(behaviour(name) for name in names)


def level(score: Score) -> int:
    """0 to 3 for one turn: shown as slight where it is more likely there than not, as clear where clear is.

    What the model is not sure of has no level: `not_sure` says so in words.
    """
    if score.unsure:
        return 0
    if score.rating >= 2.5:
        return 3
    return 2 if score.clear >= 0.5 else int(score.probability >= 0.5)


def levels(review: Review) -> list[dict[Axis, int]]:
    """For each turn the axes worth showing, with their level; what a moment is about is at least slight."""
    found = [_levels(rating) for rating in review.ratings]
    for moment in review.moments:
        if not is_hollow(moment):
            found[moment.turn].setdefault(moment.axis, 1)
    return found


def is_hollow(moment: Moment) -> bool:
    """A stock phrase where there might have been empathy."""
    return moment.kind == "giveaway" and moment.axis == "empathy"


def _levels(rating: Rating | None) -> dict[Axis, int]:
    if rating is None or rating.scores is None:
        return {}
    return {axis: level(rating.scores[axis]) for axis in AXES if level(rating.scores[axis])}


def not_sure(rating: Rating | None, levels: dict[Axis, int]) -> str:
    """What the model cannot tell of a turn, in words; empty where it can."""
    scores = rating.scores if rating and rating.scores else {}
    axes = [AXIS[axis] for axis, score in scores.items() if score.unsure and axis not in levels]
    return f"{', '.join(axes)}: {NOT_SURE}, listen for yourself" if axes else ""


def level_word(axis: Axis, value: int) -> str:
    return (LEVEL_OF_EMPATHY if axis == "empathy" else LEVEL)[value]


class Known(Protocol):
    """What names a call in any list."""

    @property
    def title(self) -> str: ...
    @property
    def recording(self) -> str | None: ...
    @property
    def queue(self) -> str | None: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def added_at(self) -> datetime | None: ...


def headline(row: Known) -> str:
    """What a call is about, as far as anybody said: a file's name says less than the queue it came through."""
    is_file_name = row.recording is not None and row.title == PurePath(row.recording).stem
    return row.queue if row.queue and is_file_name else row.title


def day(row: Known) -> str:
    """When the call was; where nobody said so, when it was added."""
    if row.started_at is None:
        return f"added {date_of(row.added_at)}" if row.added_at else ""
    return f"{date_of(row.started_at)}, {row.started_at.astimezone():%H:%M}"


def without_words(row: CallRow) -> str:
    removed = date_of(row.words_removed_at) if row.words_removed_at else ""
    return f"What was said in this call was removed on {removed}. Its scores, and where its moments were, are kept."


def date_of(at: datetime) -> str:
    at = at.astimezone()
    return f"{at.day} {at:%B %Y}"


def day_of(at: datetime) -> str:
    return f"{at.astimezone():%A}, {date_of(at)}"


def moment_of(at: datetime) -> str:
    """A point in time, as a line in a log tells it."""
    return f"{day_of(at)}, {at.astimezone():%H:%M}"


def span(seconds: float) -> str:
    """How long something took, or all recordings together: 5400 -> "1.5 hours"."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:,.1f} hours"


def size(number: float) -> str:
    """1 500 000 -> "1.5 MB"."""
    units = ("bytes", "kB", "MB", "GB", "TB")
    power = min(len(units) - 1, max(0, len(str(int(number))) - 1) // 3)
    return f"{number / 1000**power:.{1 if power else 0}f}\N{NO-BREAK SPACE}{units[power]}"


def versions(scorer: dict[str, str]) -> str:
    """By what calls were transcribed and scored: for operations."""
    return ", ".join(f"{name} {version}" for name, version in scorer.items()) or "not known"


def length(seconds: float | None) -> str:
    """75 -> "1:15 min", never broken over two lines."""
    return f"{clock(seconds)}\N{NO-BREAK SPACE}min" if seconds is not None else ""


def speakers(row: CallRow) -> str:
    """Who we take for the rep, and how sure that is."""
    sure = row.rep_confidence or 0.5
    side = None if row.rep_channel is None else ("first", "second")[row.rep_channel]
    if sure == 1 or row.rep_confidence is None:
        return f"The rep is on the {side} channel." if side else ""
    certainty = "almost certainly" if sure >= 0.95 else "probably" if sure >= 0.7 else "perhaps"
    told = f"({min(sure, 0.99):.0%} sure, from what is said)"
    return f"The rep is {certainty} {f'on the {side} channel' if side else 'the one we took for it'} {told}."


def contents(row: CallRow) -> str:
    """What there is to hear in a call."""
    parts = [count(row.strengths, "strength"), count(row.giveaways, "giveaway")]
    return " · ".join(part for part in parts if part) or "nothing stood out"


def count(number: int, noun: str, more: str = "") -> str:
    """2, "call" -> "2 calls"; nothing for none."""
    return f"{number} {noun if number == 1 else more or noun + 's'}" if number else ""


def hours(number: int) -> str:
    """48 -> "2 days"."""
    return count(number // 24, "day") if number and number % 24 == 0 else count(number, "hour")


def sentence(error: Exception) -> str:
    """What is wrong, as the commands say it in one line, as a sentence."""
    said = str(error)
    return f"{said[:1].upper()}{said[1:].rstrip('.')}."


def markdown_free(text: str) -> str:
    """The text, so that Streamlit's labels show it as it is: no formatting, links or images out of a file's name."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()<>#+-.!|~$:&" else letter for letter in text)


# What was said of a moment, and who sees it
COUNTS = "What you say is kept with the moment. It counts when we check how good the marks are."
KEPT_BY_ANOTHER = "Only you see this: you keep another moment in the same words private."
NOT_SHARED = "Kept. Your lead can answer once you let them see this moment."
VERDICT = {
    "agreed": "Your lead sees it as you do.",
    "partly": "Your lead agrees in part.",
    "kept": "Your lead sees it as it was marked.",
}


def state_of(said: Disagreement, alone: bool = False) -> str:
    """What came of it that somebody sees something differently."""
    if said.withdrawn_at:
        return "You took this back."
    if said.verdict:
        return VERDICT[said.verdict]
    return "Kept. It counts when the marks are checked." if alone else "Waiting for an answer."


def seen_from(since: datetime | None) -> str:
    """From when on a lead sees a moment, to the rep whose it is."""
    if since is None:
        return "Only you see this."
    if since <= datetime.now(UTC):
        return "Your lead can see this."
    since = since.astimezone()
    return f"Your lead sees this from {since:%A}, {since.day} {since:%B}, {since:%H:%M} on, unless you keep it private."


def call_seen(policy: Policy, choice: str | None) -> str:
    """What a choice for a whole call comes to, under a policy."""
    if choice == "private" or (choice is None and policy.sharing == "opt-in"):
        return "Your lead sees only moments that you share one by one."
    what = "the whole call" if policy.whole_calls else "its moments, and nothing else of the call"
    later = policy.first_hours and choice is None
    when = f" {hours(policy.first_hours)} after it was listened to" if later else ""
    return f"Your lead can see {what}{when}, but nothing that you keep private."
