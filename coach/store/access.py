"""Who may see what: decided here and nowhere else, as conditions on what is read from the database.

A person sees their own calls. A lead sees, of the reps whose team they lead and in what those did there, what the
organisation's policy and the rep's own choices let them see. Operations and admins see no calls. What a person may not
see is, to them, not there.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from coach.store.delivery import DEFAULT, DeliveryPolicy
from coach.store.people import Choice, StoredSession
from coach.store.schema import Rep, Setting, StoredCall, StoredMoment

Role = Literal["rep", "lead", "operations", "admin", "alone"]
Sharing = Literal["opt-in", "opt-out"]
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who looks. "alone" is who uses Tone Coach on their own computer, without accounts: they see all.

    Attributes
    ----------
    account
        The id of their account, None for who is alone.
    rep
        The id of the rep whose calls are their own.
    teams
        Those that they lead.
    """

    role: Role
    account: int | None = None
    name: str = ""
    rep: int | None = None
    teams: tuple[str, ...] = ()

    @property
    def operates(self) -> bool:
        """Whether they look after runs, failures, storage and the audit trail: where recordings lie, but no calls."""
        return self.role in ("operations", "admin", "alone")

    @property
    def governs(self) -> bool:
        """Whether they decide on the policy."""
        return self.role in ("admin", "alone")


ALONE = Person("alone")


@dataclass(frozen=True, slots=True)
class Policy:
    """What the organisation lets leads see of a rep's calls, and when. The rep always sees all of their own.

    Attributes
    ----------
    sharing
        "opt-in": only moments and calls that the rep has shared. "opt-out": all but those that the rep keeps private.
    first_hours
        So many hours after a call was scored nobody but its rep sees it, unless they share it.
    whole_calls
        Whether leads may open the whole call, and not its moments only.
    delivery
        Who sees how a rep spoke: nobody, the rep alone, or the lead too.
    """

    sharing: Sharing = "opt-in"
    first_hours: int = 48
    whole_calls: bool = False
    delivery: DeliveryPolicy = DEFAULT

    @classmethod
    def read(cls, session: Session) -> Self:
        names = [field.name for field in fields(cls)]
        found = {row.name: row.value for row in session.scalars(select(Setting).where(Setting.name.in_(names)))}
        return cls(**{name: _READ.get(name, str)(value) for name, value in found.items()})

    def write(self, session: Session) -> None:
        for name, value in asdict(self).items():
            session.merge(Setting(name=name, value=str(value)))


_READ: dict[str, Callable[[str], Any]] = {"first_hours": int, "whole_calls": lambda value: value == "True"}


@dataclass(frozen=True, slots=True)
class Access:
    """What one person may see under a policy, now.

    Attributes
    ----------
    calls
        Of `StoredCall`: those that may be opened whole.
    moments
        Of `StoredMoment` joined with `StoredCall`: those that may be seen and played.
    heard
        Of the same: those in which moments may be seen that say how something was spoken.
    own
        Of `StoredCall`: those that are the person's own, to share or to keep private.
    counted
        Of `StoredCall`: those that may go into a lead's sums over many reps, in which no call can be told. How much
        was shared does not matter to these, but what is private or the rep's first is not counted.
    """

    calls: Condition
    moments: Condition
    heard: Condition
    own: Condition
    counted: Condition

    @classmethod
    def of(cls, person: Person, policy: Policy, now: datetime | None = None) -> Self:
        own, led = _own(person), _led(person)
        had_time = StoredCall.reviewed_at <= (now or datetime.now(UTC)) - timedelta(hours=policy.first_hours)
        not_private = and_(had_time, StoredCall.choice.is_distinct_from("private"))
        open_ = not_private if policy.sharing == "opt-out" else false()
        calls = and_(led, or_(StoredCall.choice == "shared", open_), ~_any_private()) if policy.whole_calls else false()
        chosen = or_(_is("shared"), StoredCall.choice.is_not_distinct_from("shared"), open_)
        heard = or_(own if policy.delivery != "off" else false(), led if policy.delivery == "team" else false())
        moments = or_(own, and_(led, chosen, ~_turn_is_private()))
        counted = own if person.role == "alone" else and_(led, not_private)
        return cls(or_(own, calls), and_(moments, or_(StoredMoment.heard.is_(False), heard)), heard, own, counted)


def _own(person: Person) -> Condition:
    if person.role == "alone":
        return true()
    return false() if person.rep is None else StoredCall.rep_id.is_not_distinct_from(person.rep)


def _led(person: Person) -> Condition:
    """Calls that a rep made in a team which the person leads, as long as the rep is still in it."""
    if person.role != "lead" or not person.teams:
        return false()
    still_there = select(Rep.id).where(Rep.id == StoredCall.rep_id, Rep.team == StoredCall.team)
    return and_(StoredCall.team.in_(person.teams), still_there.correlate(StoredCall).exists())


def _any_private() -> Condition:
    private = select(Choice.turn).where(Choice.call_id == StoredCall.id, Choice.choice == "private")
    return private.correlate(StoredCall).exists()


def _is(choice: str) -> Condition:
    """What the rep said of this very moment."""
    same = Choice.call_id == StoredMoment.call_id, Choice.turn == StoredMoment.turn
    this = Choice.axis == StoredMoment.axis, Choice.kind == StoredMoment.kind
    return select(Choice.turn).where(*same, *this, Choice.choice == choice).correlate(StoredMoment).exists()


def _turn_is_private() -> Condition:
    """What is kept private are the words: another moment in the same words does not show them either."""
    same = Choice.call_id == StoredMoment.call_id, Choice.turn == StoredMoment.turn
    return select(Choice.turn).where(*same, Choice.choice == "private").correlate(StoredMoment).exists()


def prepared_by(person: Person) -> Condition:
    """Of `StoredSession`: those that are a person's to prepare, hold and close."""
    if person.role == "alone":
        return true()
    if person.role != "lead" or person.account is None or not person.teams:
        return false()
    still_there = select(Rep.id).where(Rep.id == StoredSession.rep_id, Rep.team == StoredSession.team)
    led = StoredSession.team.in_(person.teams), still_there.correlate(StoredSession).exists()
    return and_(StoredSession.lead_id == person.account, *led)


def held_with(person: Person) -> Condition:
    """Of `StoredSession`: those that a person had as a rep."""
    nobody = false() if person.rep is None else StoredSession.rep_id == person.rep
    own = true() if person.role == "alone" else nobody
    return and_(own, StoredSession.held_at.is_not(None))


def may_coach(person: Person) -> Condition:
    """Of `Rep`: those for whom a person may prepare a session."""
    if person.role == "alone":
        return true()
    teams = person.teams if person.role == "lead" and person.account is not None else ()
    return and_(Rep.team.in_(teams), Rep.id.is_distinct_from(person.rep))
