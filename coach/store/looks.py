"""What a rep may read of the audit trail: who looked at their own calls, and when the policy changed."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select

from coach.store.access import Policy
from coach.store.desk import Desk
from coach.store.people import Account, AuditEntry
from coach.store.schema import StoredCall

CHANGED_POLICY = "changed policy"
LOOKS = ("opened", "played", "exported")


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked at a call; `who` is None where they have no account, or none any more."""

    at: datetime
    who: str | None
    action: str
    call_id: int
    title: str
    recording: str | None
    queue: str | None
    started_at: datetime | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class PolicyChange:
    at: datetime
    before: Policy
    after: Policy


def looks(desk: Desk, limit: int = 20) -> list[Look]:
    """Who looked at one's own calls, the latest first; one's own looks are left out."""
    of_call = ("id", "title", "recording", "queue", "started_at", "added_at")
    columns = AuditEntry.at, Account.name, AuditEntry.action, *(getattr(StoredCall, name) for name in of_call)
    query = select(*columns).join(StoredCall, StoredCall.id == AuditEntry.call_id)
    query = query.outerjoin(Account, Account.id == AuditEntry.account_id)
    others = AuditEntry.account_id.is_distinct_from(desk.person.account), AuditEntry.action.in_(LOOKS)
    with desk.reading() as (session, access):
        query = query.where(access.own, *others)
        found = session.execute(query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit))
        return [Look(*row) for row in found]


def policy_changes(desk: Desk, limit: int = 5) -> list[PolicyChange]:
    """What became of the policy, the latest first. It is the same for everybody, and everybody may know."""
    query = select(AuditEntry).where(AuditEntry.action == CHANGED_POLICY)
    with desk.reading() as (session, _):
        entries = session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit))
        return [PolicyChange(e.at, _policy(e.detail["before"]), _policy(e.detail["after"])) for e in entries]


def _policy(kept: dict[str, Any]) -> Policy:
    known = {field.name for field in fields(Policy)}
    return Policy(**{name: value for name, value in kept.items() if name in known})
