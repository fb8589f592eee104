"""Alembic runs this within the store's own connection; see `coach.store.engine.migrate`."""

from alembic import context

from coach.store import people  # noqa: F401 - its tables are known once it is imported
from coach.store.schema import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
