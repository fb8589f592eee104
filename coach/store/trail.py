"""The audit trail, read: who did what, and when. `Desk.log` writes it; commands leave their entries by `note`."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select

from coach.store.desk import Desk
from coach.store.people import Account, AuditEntry
from coach.store.store import Store
from coach.store.upkeep import looking

NOBODY = 0  # instead of an account: the command line, or who uses Tone Coach alone
COMMAND_LINE = "command line"
PURGED, EXPORTED, FORGOTTEN = "purged", "exported", "forgot"
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are wanted; what is None is not asked for. `account` may be `NOBODY`."""

    account: int | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    call_id: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        same = (AuditEntry.action, self.action), (AuditEntry.call_id, self.call_id)
        found: list[ColumnElement[bool]] = [column == value for column, value in same if value is not None]
        if self.account is not None:
            found.append(AuditEntry.account_id.is_not_distinct_from(self.account or None))
        if self.since is not None:
            found.append(AuditEntry.at >= self.since)
        return found if self.until is None else [*found, AuditEntry.at < self.until]


EVERYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Entry:
    """`account` is None for the command line and for who is alone; `who` is None where the account is gone."""

    at: datetime
    account: int | None
    who: str | None
    action: str
    call_id: int | None
    detail: dict[str, Any]


def entries(desk: Desk, wanted: Wanted = EVERYTHING, limit: int = 50, offset: int = 0) -> list[Entry]:
    """What was done, the latest first."""
    columns = (
        AuditEntry.at,
        AuditEntry.account_id,
        Account.name,
        AuditEntry.action,
        AuditEntry.call_id,
        AuditEntry.detail,
    )
    query = select(*columns).outerjoin(Account, Account.id == AuditEntry.account_id).where(*wanted.conditions())
    with looking(desk) as session:
        found = session.execute(query.order_by(AuditEntry.id.desc()).limit(limit).offset(offset))
        return [Entry(*row) for row in found]


def every_entry(desk: Desk, wanted: Wanted = EVERYTHING) -> Iterator[Entry]:
    """All that was done until now, the latest first, some of it in memory at a time."""
    until_now = replace(wanted, until=wanted.until or datetime.now(UTC))
    for offset in count(step=_AT_ONCE):
        found = entries(desk, until_now, _AT_ONCE, offset)
        yield from found
        if len(found) < _AT_ONCE:
            return


def count_entries(desk: Desk, wanted: Wanted = EVERYTHING) -> int:
    with looking(desk) as session:
        return session.scalar(select(func.count(AuditEntry.id)).where(*wanted.conditions())) or 0


def actions(desk: Desk) -> list[str]:
    """All that was ever done, by name."""
    with looking(desk) as session:
        return list(session.scalars(select(AuditEntry.action).distinct().order_by(AuditEntry.action)))


def people(desk: Desk) -> dict[int, str]:
    """The names of all accounts, removed ones too: what they did stays in the trail."""
    with looking(desk) as session:
        found = session.execute(select(Account.id, Account.name).order_by(Account.name, Account.id))
        return dict(row for row in found)


def note(store: Store, action: str, **detail: Any) -> None:
    """Leave an entry for what a command did. It names nobody: the trail outlives who asked to be forgotten."""
    with store.writing() as session:
        session.add(AuditEntry(at=datetime.now(UTC), action=action, detail=detail | {"by": COMMAND_LINE}))


def remove_before(store: Store, before: datetime, dry_run: bool = False) -> int:
    """Remove older entries; returns how many."""
    old = AuditEntry.at < before
    with store.writing() as session:
        number = session.scalar(select(func.count(AuditEntry.id)).where(old)) or 0
        if not dry_run:
            session.execute(delete(AuditEntry).where(old))
    return number
