"""What a lead sees of their team: the moments of others that they may see, and what comes up in them."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, select

from coach.store import reading
from coach.store.access import Access
from coach.store.desk import Desk
from coach.store.reading import EVERY, Filter
from coach.store.rows import MomentRow
from coach.store.schema import StoredCall, StoredMoment, when

WEEKS = 4
REPS, MOMENTS = 3, 20  # fewer would point at persons


@dataclass(slots=True)
class Seen:
    """How often something was seen: in so many moments, and in which calls of which reps."""

    moments: int = 0
    calls: set[int] = field(default_factory=set)
    reps: set[int] = field(default_factory=set)

    def add(self, call: int, rep: int) -> None:
        self.moments += 1
        self.calls.add(call)
        self.reps.add(rep)


@dataclass(frozen=True, slots=True)
class TeamView:
    """What came up in the last weeks (`now`) and in as many before; behaviours of too few reps are left out."""

    now: Seen
    before: Seen
    behaviours: dict[tuple[str, str], tuple[Seen, Seen]]  # by kind and behaviour: now, before


def team_moments(desk: Desk, wanted: Filter = EVERY, limit: int = 20, offset: int = 0) -> list[MomentRow]:
    """Moments of others, those of the latest calls first."""
    with desk.reading() as (session, access):
        return reading.moments(session, _of_others(desk, access), wanted, limit, offset)


def count_team_moments(desk: Desk, wanted: Filter = EVERY) -> int:
    with desk.reading() as (session, access):
        return reading.count_moments(session, _of_others(desk, access), wanted)


def hears_any(desk: Desk) -> bool:
    """Whether there is any moment of others that a person may see."""
    with desk.reading() as (session, access):
        query = select(StoredMoment.id).join(StoredMoment.call).where(_of_others(desk, access))
        return session.scalar(query.limit(1)) is not None


def in_team(desk: Desk, now: datetime | None = None) -> TeamView | None:
    """The behaviours in the moments that a person may see of others; None where they are of too few to tell."""
    rows = _rows(desk, now or datetime.now(UTC))
    names: dict[str, list[str]] = {text: json.loads(text) for text in {row[1] for row in rows}}
    found: dict[tuple[str, str], tuple[Seen, Seen]] = defaultdict(lambda: (Seen(), Seen()))
    whole = Seen(), Seen()
    for kind, text, call, rep, earlier in rows:
        whole[earlier].add(call, rep)
        for name in names[text]:
            found[kind, name][earlier].add(call, rep)
    if whole[0].moments < MOMENTS or len(whole[0].reps) < REPS:
        return None
    enough = {about: halves for about, halves in found.items() if len(halves[0].reps | halves[1].reps) >= REPS}
    return TeamView(*whole, enough)


def _rows(desk: Desk, now: datetime) -> list[Any]:
    """One a moment of the weeks that are looked at: many for a large team, so that they are as light as can be."""
    turn, since = now - timedelta(weeks=WEEKS), now - timedelta(weeks=2 * WEEKS)
    behaviours, earlier = cast(StoredMoment.behaviours, String), when() < turn
    columns: tuple[Any, ...] = (StoredMoment.kind, behaviours, StoredCall.id, StoredCall.rep_id, earlier)
    with desk.reading() as (session, access):
        query = select(*columns).join(StoredMoment.call)
        query = query.where(_of_others(desk, access), when() >= since, when() < now, StoredCall.rep_id.is_not(None))
        return list(session.execute(query))


def _of_others(desk: Desk, access: Access) -> ColumnElement[bool]:
    """Who leads and takes calls as well looks at the team here, not at themselves."""
    return access.moments if desk.person.role == "alone" else and_(access.moments, ~access.own)
