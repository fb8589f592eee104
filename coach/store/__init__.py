"""Where reviewed calls are kept: SQLite by default, PostgreSQL by URL. Every read goes through `Store`."""

from coach.store.delivery import Policy, Viewer
from coach.store.jobs import LEASE, FailedRow, LeaseLost, RunRow, Shift
from coach.store.patience import GONE, DatabaseGone, patiently, reason_of
from coach.store.rows import CallRow, EarlierRow, MomentRow
from coach.store.store import Store, default_url, digest_of

__all__ = [
    "GONE", "LEASE", "CallRow", "DatabaseGone", "EarlierRow", "FailedRow", "LeaseLost", "MomentRow", "Policy", "RunRow",
    "Shift", "Store", "Viewer", "default_url", "digest_of", "patiently", "reason_of",
]  # fmt: skip
