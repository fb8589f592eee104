"""What reps choose: which moments and calls their lead may see."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select

from coach.store.access import Policy
from coach.store.desk import Desk
from coach.store.people import Choice
from coach.store.rows import CallRow
from coach.store.said.lines import Spot, own_call
from coach.store.schema import Rep, StoredCall

Chosen = Literal["shared", "private"]


def own_rep(desk: Desk) -> str | None:
    """The name of the rep who the person is."""
    with desk.reading() as (session, _):
        return session.scalar(select(Rep.name).where(Rep.id == (desk.person.rep or 0)))


def owns(desk: Desk, call_id: int) -> bool:
    """Whether a call is the person's own."""
    with desk.reading() as (session, access):
        return session.scalar(select(StoredCall.id).where(StoredCall.id == call_id, access.own)) is not None


def choose(desk: Desk, spot: Spot, choice: Chosen | None) -> None:
    """Share a moment of an own call with one's lead or keep it private; None leaves it to the policy.

    Raises
    ------
    NotHere
        Where the call is not the person's own.
    """
    same = {"call_id": spot.call_id, "turn": spot.turn, "axis": spot.axis, "kind": spot.kind}
    with desk.writing() as (session, access):
        own_call(session, access, spot.call_id)
        session.execute(delete(Choice).filter_by(**same))
        if choice:
            session.add(Choice(**same, choice=choice, at=datetime.now(UTC)))


def choose_call(desk: Desk, call_id: int, choice: Chosen | None) -> None:
    """The same for a whole call."""
    with desk.writing() as (session, access):
        own_call(session, access, call_id).choice = choice


def choices(desk: Desk, call_id: int) -> dict[tuple[int, str, str], str]:
    """What was chosen for the moments of an own call, by turn, axis and kind."""
    with desk.reading() as (session, access):
        query = select(Choice).join(StoredCall, StoredCall.id == Choice.call_id)
        found = session.scalars(query.where(Choice.call_id == call_id, access.own))
        return {(row.turn, row.axis, row.kind): row.choice for row in found}


def lead_sees_from(policy: Policy, call: CallRow, made: dict[tuple[int, str, str], str], spot: Spot) -> datetime | None:
    """When a moment of a call is there for the rep's lead, as `Access` decides it; None where it never is.

    `made` are the `choices` of that call.
    """
    if any(turn == spot.turn and choice == "private" for (turn, *_), choice in made.items()):
        return None
    if "shared" in (call.choice, made.get((spot.turn, spot.axis, spot.kind or ""))):
        return call.reviewed_at
    if policy.sharing == "opt-out" and call.choice != "private":
        return call.reviewed_at + timedelta(hours=policy.first_hours)
    return None
