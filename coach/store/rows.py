"""What the store hands out: light rows for lists."""

from dataclasses import dataclass
from datetime import datetime

from coach.calls import Axis, Moment


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call in a list. `scores` (0-3 an axis) is None where the call is not scored; `not_scored` then says why.

    `team` is the rep's when the call was kept, `caller` the kind of caller ("new", "small"), `choice` the rep's word on
    the whole call: "shared" or "private". `rep_channel` and `rep_confidence` are as in `coach.calls.Call`, `unsure` is
    what `coach.calls.unsure_axes` says, `customer` the reference that the organisation knows them by. From
    `words_removed_at` on, only scores and counts are kept of what was said.
    """

    id: int
    digest: str
    title: str
    rep: str | None
    team: str | None
    recording: str | None
    started_at: datetime | None
    queue: str | None
    duration: float | None
    language: str | None
    channels: int | None
    rep_channel: int | None
    rep_confidence: float | None
    scores: dict[Axis, float] | None
    unsure: tuple[Axis, ...]
    not_scored: str | None
    strengths: int
    giveaways: int
    scorer: dict[str, str]
    added_at: datetime
    reviewed_at: datetime
    customer: str | None = None
    caller: str | None = None
    choice: str | None = None
    words_removed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EarlierRow:
    """What a call's scores were before it was scored again, and by whom; None where it was not scored."""

    scores: dict[Axis, float] | None
    not_scored: str | None
    scorer: dict[str, str]
    reviewed_at: datetime


@dataclass(frozen=True, slots=True)
class MomentRow:
    """A moment, and what is known of the call that it is from."""

    id: int
    call_id: int
    title: str
    rep: str | None
    recording: str | None
    started_at: datetime | None
    moment: Moment
    queue: str | None = None
    added_at: datetime | None = None
