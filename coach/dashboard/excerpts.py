"""A moment apart from its call, as a person may see it: its words, its sound, its card; and those to talk about."""

from coach.calls import Review
from coach.dashboard import cards, resources, words
from coach.focus import Candidate, suggest
from coach.store import Desk, Filter, MomentRow
from coach.store.said.lines import Spot

LATEST = 40  # moments of a rep among which those to talk about are looked for


def heard(desk: Desk, row: MomentRow) -> tuple[Review, bytes | None] | None:
    """The words of a moment and its sound; None where it may not be seen any more."""
    review = desk.excerpt(row)
    if review is None:
        return None
    if sound := resources.clip_of(row, review.call, row.moment):
        resources.log_once(desk, "played", row.call_id)
    return review, sound


def draw_excerpt(desk: Desk, row: MomentRow) -> None:
    """The card of a moment."""
    found = heard(desk, row)
    if found is None:
        return
    review, sound = found
    cards.draw_moment(review, review.moments[0], sound, where=where(row))


def where(row: MomentRow) -> str:
    """Whose moment it is, and from which call."""
    at = row.started_at or row.added_at
    parts = (row.rep or "rep not named", words.headline(row), words.date_of(at) if at else "")
    return " · ".join(part for part in parts if part)


def suggested(desk: Desk, rep: str) -> list[Spot]:
    """The moments to begin a coaching session with."""
    found = [(row, desk.excerpt(row)) for row in desk.moments(Filter(rep=rep), LATEST)]
    latest = [Candidate(row.call_id, row.moment, _clear(review)) for row, review in found if review]
    return [Spot(one.call_id, one.moment.turn, one.moment.axis, one.moment.kind) for one in suggest(latest)]


def _clear(review: Review) -> float:
    """How clearly a moment shows what it is about: its rating, 0-3."""
    moment = review.moments[0]
    rating = review.ratings[moment.turn]
    return rating.scores[moment.axis].rating if rating and rating.scores else 0.0
