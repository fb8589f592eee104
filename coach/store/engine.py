"""Connections: one engine a store, writers one at a time, the schema brought up to date on opening."""

from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from coach.calls import InputError

BUSY_SECONDS = 30
WRITERS_LOCK = 7_366_001  # any number that no other program on the same PostgreSQL uses


def open_engine(url: str) -> tuple[Engine, Engine]:
    """An engine to read with and one to write with, on a database whose schema is up to date."""
    shown = "the database"
    try:
        shown = make_url(url).render_as_string(hide_password=True)
        engine = _engine(url)
        writing = engine.execution_options(writes=True)
        with writing.begin() as connection:
            migrate(connection)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise InputError(f"{shown}: this database address cannot be used ({_first_line(error)})") from error
    except CommandError as error:
        raise InputError(f"{shown}: written by a newer Tone Coach; update Tone Coach to open it") from error
    except DBAPIError as error:
        raise InputError(f"{shown}: cannot be opened as a Tone Coach database ({_first_line(error.orig)})") from error
    return engine, writing


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the schema up to `revision`, all of it or nothing."""
    command.upgrade(alembic_config(connection), revision)


def alembic_config(connection: Connection) -> Config:
    """For Alembic's commands: `alembic.command.revision(alembic_config(c), "what changed", autogenerate=True)`."""
    config = Config()
    config.set_main_option("script_location", "coach.store:migrations")
    config.attributes["connection"] = connection
    return config


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_pre_ping=True)
        event.listen(engine, "begin", _begin_elsewhere)
        return engine
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # sqlite3 would else begin on its own, and too late to lock or to undo DDL
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")  # readers need not wait for a writer


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")


def _begin_elsewhere(connection: Connection) -> None:
    if _writes(connection) and connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("writes"))


def _first_line(error: BaseException | None) -> str:
    return str(error).strip().partition("\n")[0]
