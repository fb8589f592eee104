"""Where reviewed calls are kept: SQLite by default, PostgreSQL by URL. Every read goes through `Store`."""

from coach.store.rows import CallRow, MomentRow
from coach.store.store import Store, default_url, digest_of

__all__ = ["CallRow", "MomentRow", "Store", "default_url", "digest_of"]
