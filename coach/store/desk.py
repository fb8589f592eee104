"""What one person sees of the store. The dashboard reads and writes through it alone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from coach.calls import Delivery, Review
from coach.delivery.usual import Usual
from coach.store import reading
from coach.store.access import Access, Person, Policy
from coach.store.people import AuditEntry
from coach.store.reading import EVERY, Filter
from coach.store.rows import CallRow, MomentRow
from coach.store.schema import Rep, StoredCall, StoredMoment
from coach.store.store import Store


class Desk:
    """A person's way to the store: they see what `Access` lets them, and nothing tells them that there is more.

    Parameters
    ----------
    person
        Who looks, as the store knows them by their account; never made up from what a browser sent.
    """

    def __init__(self, store: Store, person: Person) -> None:
        self._store, self.person = store, person

    def calls(self, wanted: Filter = EVERY, limit: int = 50, offset: int = 0) -> list[CallRow]:
        """Calls that may be opened whole, the latest first."""
        with self.reading() as (session, access):
            return reading.calls(session, access.calls, access.moments, wanted, limit, offset)

    def count(self, wanted: Filter = EVERY) -> int:
        with self.reading() as (session, access):
            return reading.count(session, access.calls, wanted)

    def call(self, call_id: int) -> CallRow | None:
        with self.reading() as (session, access):
            return reading.call(session, call_id, access.calls, access.moments)

    def review(self, call_id: int) -> Review | None:
        with self.reading() as (session, access):
            return reading.review(session, call_id, access.calls, access.heard)

    def rescore(self, call_id: int, rate: Callable[[Review], Review]) -> None:
        """Put what `rate` says in place of a call's review: somebody has said who the rep is.

        `rate` is given all that is kept, so that none of it is lost whoever decides.
        """
        with self.reading() as (session, access):
            kept = reading.review(session, call_id, access.calls, true())
        if kept is not None:
            self._store.replace(call_id, rate(kept))

    def usual(self, call_id: int, delivery: Sequence[Delivery | None] = ()) -> Usual:
        """With what to compare how a call was spoken: what is usual for its rep, besides that call."""
        with self.reading() as (session, access):
            row = reading.call(session, call_id, access.calls, access.moments)
            return reading.usual(session, row.rep if row else None, access.heard, call_id, delivery)

    def hears(self, call_id: int) -> bool:
        """Whether this person may know how the rep of a call spoke."""
        with self.reading() as (session, access):
            this = select(StoredCall.id).where(StoredCall.id == call_id, access.calls, access.heard)
            return session.scalar(this) is not None

    def moments(self, wanted: Filter = EVERY, limit: int = 50, offset: int = 0) -> list[MomentRow]:
        """Moments of the latest calls first."""
        with self.reading() as (session, access):
            return reading.moments(session, access.moments, wanted, limit, offset)

    def count_moments(self, wanted: Filter = EVERY) -> int:
        with self.reading() as (session, access):
            return reading.count_moments(session, access.moments, wanted)

    def moment(self, call_id: int, turn: int, axis: str, kind: str) -> MomentRow | None:
        with self.reading() as (session, access):
            return reading.moment(session, access.moments, call_id, turn, axis, kind)

    def excerpt(self, found: MomentRow) -> Review | None:
        """The words of a moment and those just before; None where it may not be seen (any more)."""
        with self.reading() as (session, access):
            same = found.call_id, found.moment.turn, found.moment.axis, found.moment.kind
            seen = reading.moment(session, access.moments, *same)
            return reading.excerpt(session, seen, access.heard) if seen else None

    def reps(self) -> list[str]:
        """The reps whom the person may choose from: of the teams that they lead, and themselves."""
        person = self.person
        theirs = true() if person.role == "alone" else Rep.id == (person.rep or 0)
        members = Rep.team.in_(person.teams if person.role == "lead" else ())
        with self.reading() as (session, _):
            return list(session.scalars(select(Rep.name).where(or_(theirs, members)).order_by(Rep.name)))

    def queues(self) -> list[str]:
        """The queues of the calls that may be seen whole, by name."""
        with self.reading() as (session, access):
            query = select(StoredCall.queue).where(access.calls, StoredCall.queue.is_not(None)).distinct()
            return sorted(queue for queue in session.scalars(query) if queue)

    def log(self, action: str, call_id: int | None = None, **detail: Any) -> None:
        """Add to the audit trail what the person did."""
        with self.writing() as (session, _):
            at, account = datetime.now(UTC), self.person.account
            session.add(AuditEntry(at=at, account_id=account, action=action, call_id=call_id, detail=detail))

    @property
    def policy(self) -> Policy:
        return self._store.policy

    def set_policy(self, policy: Policy) -> int:
        """Change it as an admin, as `Store.set_policy` does.

        Raises
        ------
        PermissionError
            Where it is not the person's to change.
        """
        if not self.person.governs:
            raise PermissionError("only an admin changes the policy")
        return self._store.set_policy(policy, self.person)

    @contextmanager
    def reading(self) -> Iterator[tuple[Session, Access]]:
        """For the modules of this package: a session, and what the person may see in it."""
        with self._store.reading() as session:
            yield session, Access.of(self.person, Policy.read(session))

    @contextmanager
    def writing(self) -> Iterator[tuple[Session, Access]]:
        """For the modules of this package: a transaction, and what the person may see in it."""
        with self._store.writing() as session:
            yield session, Access.of(self.person, Policy.read(session))


def may_see_turn(session: Session, access: Access, call_id: int, turn: int) -> bool:
    """Whether a person may say something of this turn: of any in a call that they see whole, or of a moment's."""
    whole = select(StoredCall.id).where(StoredCall.id == call_id, access.calls)
    part = select(StoredMoment.id).join(StoredMoment.call)
    part = part.where(StoredMoment.call_id == call_id, StoredMoment.turn == turn, access.moments)
    return any(session.scalar(query.limit(1)) is not None for query in (whole, part))
