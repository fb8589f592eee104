"""The same store and the same batches on a real PostgreSQL server, with several processes at once."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from light import Light, record
from nights import night, start
from postgres import Server
from sqlalchemy import inspect, text
from test_faults import (  # noqa: F401  these run here too, with the fixtures below
    begun,
    check_all_scored_once,
    light,
    test_a_batch_that_lost_its_lease_keeps_nothing,
    test_another_version_scores_again_only_if_told_to_and_the_old_scores_are_kept,
    test_two_batches_share_the_work,
)
from test_store import (  # noqa: F401
    review_of,
    spoken,
    test_a_call_scored_again_keeps_only_what_is_known_of_it_now,
    test_a_review_comes_back_as_it_was,
    test_a_row_says_what_a_list_needs,
    test_a_save_that_fails_changes_nothing,
    test_lists_are_filtered_by_rep_paged_and_latest_first,
    test_only_a_person_who_sees_delivery_sees_the_usual_that_comes_of_it,
    test_replacing_takes_the_new_moments_and_scores,
    test_reviews_in_a_database_of_the_first_version_stay_and_new_ones_can_be_unsure,
    test_reviews_in_a_database_of_the_second_version_stay_and_new_ones_tell_how_the_rep_spoke,
    test_saving_the_same_recording_again_replaces_its_review_and_keeps_what_was_known,
    test_two_stores_share_one_file,
)

from coach.batch import Batch, recordings
from coach.calls import InputError
from coach.store import Policy, Store
from coach.store.engine import alembic_config, open_engine
from coach.store.schema import Table


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.remove()


@pytest.fixture
def url(server: Server) -> str:
    return server.database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url)
    yield store
    store.close()


def test_migrations_lead_to_the_schema_and_back(url: str):
    with open_engine(url)[1].begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
        command.downgrade(alembic_config(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]


def test_switching_delivery_off_removes_it(store: Store):
    store.set_policy(Policy(delivery="team"))
    ids = [store.save(spoken(), digest=str(n)) for n in range(3)]
    assert any(trace in all_rows(store) for trace in ("123.77", "talk_share", "1.4 s", "cuts_off"))
    assert store.set_policy(Policy(delivery="off")) == 3
    assert not any(trace in all_rows(store) for trace in ("123.77", "talk_share", "1.4 s", "cuts_off"))
    store.replace(ids[0], spoken())
    assert not any(trace in all_rows(store) for trace in ("123.77", "talk_share", "1.4 s", "cuts_off"))
    assert store.review(ids[0]) == review_of()


def all_rows(store: Store) -> str:
    with open_engine(store.url)[0].connect() as connection:
        tables = inspect(connection).get_table_names()
        return "".join(str(connection.execute(text(f'SELECT * FROM "{table}"')).all()) for table in tables)


@pytest.mark.slow
def test_a_server_that_is_gone_for_a_while_is_waited_for(server: Server, url: str, tmp_path: Path, light: Light):  # noqa: F811
    """A server that crashes and comes back while a batch runs, whatever it was doing."""
    paths = record(tmp_path / "in", *map(str, range(12)))
    back = threading.Timer(1.5, server.start)
    batch = Batch(Store(url), replace(light, takes=0.05), lambda event: crash(), workers=2, patience=60.0, lease=2.0)

    def crash() -> None:
        if batch.outcome.scored == 3:
            server.stop()
            back.start()

    assert batch.run(recordings(tmp_path / "in")).scored == 12
    back.join()
    check_all_scored_once(Store(url), paths)
    assert set(begun(light).values()) == {1}


@pytest.mark.slow
def test_a_server_that_stays_away_ends_the_batch_and_a_rerun_finishes(
    server: Server,
    url: str,
    tmp_path: Path,
    light: Light,  # noqa: F811
):
    paths = record(tmp_path / "in", *map(str, range(12)))
    batch = Batch(Store(url), light, lambda event: batch.outcome.scored == 3 and server.stop(), patience=1.0, lease=1.0)
    try:
        with pytest.raises(InputError, match="the database cannot be used any more"):
            batch.run(recordings(tmp_path / "in"))
    finally:
        server.start()
    night(tmp_path / "in", url, light)
    check_all_scored_once(Store(url), paths)


@pytest.mark.slow
def test_killed_a_rerun_of_two_batches_finishes(url: str, tmp_path: Path, light: Light):  # noqa: F811
    paths = record(tmp_path / "in", *map(str, range(16)))
    for seconds in (0.6, 1.0):
        batch = start(tmp_path / "in", url, light)
        batch.join(seconds)
        batch.kill()
    batches = [start(tmp_path / "in", url, light) for _ in range(2)]
    for batch in batches:
        batch.join()
    assert [batch.exitcode for batch in batches] == [0, 0]
    check_all_scored_once(Store(url), paths)
