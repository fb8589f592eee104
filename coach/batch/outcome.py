"""What becomes of a recording: told, counted, and kept in the store."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from coach.batch.recordings import Recording
from coach.calls import Review
from coach.store import Store

if TYPE_CHECKING:
    from coach.review import Reviewer

Kind = Literal["scored", "not scored", "already there", "failed", "waiting", "to score"]


@dataclass(frozen=True, slots=True)
class Event:
    """What became of a recording. `failure` is the kind of a failure; `audio` and `took` in seconds."""

    kind: Kind
    recording: Recording
    reason: str = ""
    failure: str = ""
    audio: float = 0.0
    took: float = 0.0


@dataclass(slots=True)
class Outcome:
    """How a batch went: recordings by what became of them, failures by kind, seconds of audio, seconds in all.

    `total` is how many recordings it was given.
    """

    scored: int = 0
    not_scored: int = 0
    already_there: int = 0
    failed: int = 0
    waiting: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    audio: float = 0.0
    took: float = 0.0
    total: int = 0

    def add(self, event: Event) -> None:
        name = event.kind.replace(" ", "_")
        setattr(self, name, getattr(self, name) + 1)
        self.audio += event.audio
        if event.kind == "failed":
            self.failures[event.failure] += 1
        elif event.kind in ("scored", "not scored"):
            self.missing.update(event.recording.missing)

    def as_dict(self) -> dict[str, Any]:
        return {
            name: dict(value) if isinstance(value, Counter) else value
            for name, value in ((f.name, getattr(self, f.name)) for f in fields(self))
        }


def ingest(
    recording: Recording,
    digest: str,
    store: Store,
    reviewer: "Reviewer",
    progress: Callable[[float], None] | None = None,
) -> tuple[int, Review]:
    """Review one recording of this machine and keep the review; returns the call's id in the store, and the review."""
    review = reviewer.review(recording.path, rep_channel=recording.rep_channel, progress=progress)
    return keep(recording, digest, store, review, reviewer.versions)


def keep(
    recording: Recording, digest: str, store: Store, review: Review, scorer: Mapping[str, str], **more: Any
) -> tuple[int, Review]:
    """Store a review with what is known of its recording; `more` goes to `Store.save` as it is."""
    review = replace(review, call=replace(review.call, rep=recording.rep, recording=str(recording.path)))
    more |= {"title": recording.title} | described(recording)
    return store.save(review, digest=digest, recording=recording.place, scorer=scorer, **more), review


def described(recording: Recording) -> dict[str, Any]:
    return {name: getattr(recording, name) for name in ("rep", "team", "started_at", "queue", "customer", "caller")}
