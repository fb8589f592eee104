"""Where reviewed calls are kept: SQLite by default, PostgreSQL by URL.

Commands read through `Store`, which shows all; people through a `Desk`, which shows what they may see.
"""

from coach.store.access import ALONE, Access, Person, Policy, Role
from coach.store.delivery import DeliveryPolicy, Viewer
from coach.store.desk import Desk
from coach.store.jobs import LEASE, FailedRow, LeaseLost, RunRow, Shift
from coach.store.patience import GONE, DatabaseGone, patiently, reason_of
from coach.store.reading import Filter
from coach.store.rows import CallRow, EarlierRow, MomentRow
from coach.store.store import Store, default_url, digest_of

__all__ = [
    "ALONE", "GONE", "LEASE", "Access", "CallRow", "DatabaseGone", "DeliveryPolicy", "Desk", "EarlierRow", "FailedRow",
    "Filter", "LeaseLost", "MomentRow", "Person", "Policy", "Role", "RunRow", "Shift", "Store", "Viewer", "default_url",
    "digest_of", "patiently", "reason_of",
]  # fmt: skip
