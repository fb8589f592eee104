"""Connections: one engine a store, writers one at a time, the schema brought up to date on opening."""

import logging
from sqlite3 import OperationalError
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from coach.calls import InputError
from coach.store.patience import reason_of

BUSY_SECONDS = 30
EXAMPLES = "it should be like sqlite:///coach.db or postgresql://user:password@host/name"
POSTGRESQL = ("postgresql", "postgres")  # without a driver: pg8000 is the one that comes with our extra
WRITERS_LOCK = 7_366_001  # any number that no other program on the same PostgreSQL uses


def open_engine(url: str) -> tuple[Engine, Engine]:
    """An engine to read with and one to write with, on a database whose schema is up to date."""
    shown = shown_url(url)
    try:
        engine = _engine(url)
        writing = engine.execution_options(writes=True)
        with writing.begin() as connection:
            migrate(connection)
    except (ArgumentError, ValueError):  # what SQLAlchemy says of these may quote the password
        raise InputError(f"{shown}: this database address cannot be used; {EXAMPLES}") from None
    except ModuleNotFoundError as error:
        raise InputError(f"{shown}: {error.name} is missing; pip install 'tone-coach[postgresql]'") from error
    except NoSuchModuleError as error:
        raise InputError(f"{shown}: this database address cannot be used ({_first_line(error)})") from error
    except CommandError as error:
        raise InputError(f"{shown}: written by a newer Tone Coach; update Tone Coach to open it") from error
    except DBAPIError as error:
        raise InputError(f"{shown}: cannot be opened as a Tone Coach database ({reason_of(error)})") from error
    return engine, writing


def shown_url(url: str) -> str:
    """A database's address as it may be printed: without its password, wherever in it that is."""
    try:
        parsed = make_url(url)
        return parsed.set(query={}).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "the database"


def erase(engine: Engine) -> None:
    """Leave no trace of deleted rows in an SQLite file; other databases clean up by themselves.

    Raises
    ------
    InputError
        Where others use the file, or there is no room for it to be written anew.
    """
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()  # past SQLAlchemy's, which begins a transaction: VACUUM cannot be in one
    try:
        cursor = connection.cursor()
        cursor.execute("VACUUM")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise OperationalError("others are reading it")
    except OperationalError as error:
        reason = f"traces of what was removed may still be in the file ({error})"
        raise InputError(f"{shown_url(str(engine.url))}: {reason}; run this again when nothing else uses it") from error
    finally:
        connection.close()


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
        address = make_url(url)
        address = address.set(drivername="postgresql+pg8000") if address.drivername in POSTGRESQL else address
        logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # else a traceback for each lost connection
        engine = create_engine(address, pool_pre_ping=True, hide_parameters=True)
        event.listen(engine, "begin", _begin_elsewhere)
        return engine
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
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
