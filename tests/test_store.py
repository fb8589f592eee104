from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable

from coach.calls import (
    Call,
    Delivery,
    Evidence,
    InputError,
    Moment,
    Overlap,
    Rating,
    Review,
    Score,
    Silence,
    Stretch,
    Timing,
    Turn,
    Word,
)
from coach.delivery.usual import ENOUGH_CALLS
from coach.store import Policy, Store, digest_of
from coach.store.engine import alembic_config, migrate, open_engine
from coach.store.schema import Table

SCORES = {"condescension": 1.9, "impatience": 0.2, "empathy": 0.7}
UNSURE = ("empathy",)


def review_of(quote: str = "Well, obviously it has to be plugged in.", kind: str = "giveaway") -> Review:
    turns = (
        Turn("customer", "It won't start.", 0.0, 1.5, (Word("It", 0.0, 0.4, 0.9), Word("won't start.", 0.4, 1.5))),
        Turn("rep", quote, 2.0, 4.5),
    )
    scores = {axis: Score(value, value / 3, value / 4, axis in UNSURE) for axis, value in SCORES.items()}
    evidence = Evidence("condescension", "states_the_obvious", 0, len(quote), quote, 0.6)
    moment = Moment(1, "condescension", ("states_the_obvious",), kind, 2.0, 4.5, quote, "It sounds as if.", "Try this.")
    call = Call("kettle", turns, "Ann", "/calls/kettle.wav", 4.5, "en", 2, 1, 0.9)
    return Review(call, (None, Rating(scores, (evidence,))), (moment,))


def spoken(rate: float = 4.5) -> Review:
    """The same call with all that can be known of how it was spoken."""
    review = review_of()
    speech = (Stretch("customer", 0.0, 1.5), Stretch("rep", 2.0, 4.5))
    timing = Timing(0.625, 2.5, 0, (Overlap(1, "rep", "customer", 1.5, 1.75),), (Silence(0, 1.5, 2.0, False),))
    how = Delivery(speaking=123.77, rate=rate, pauses=1, longest_pause=0.3, gap=0.5, pitch=187.5, loudness=-1.0)
    over = replace(review.moments[0], axis="impatience", behaviours=("cuts_off",), why="Over them, 1.4 s.", heard=True)
    call, moments = replace(review.call, speech=speech), (over, *review.moments)
    return replace(review, call=call, moments=moments, delivery=(None, how), timing=timing)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path}/coach.db")


def test_a_review_comes_back_as_it_was(store: Store) -> None:
    call_id = store.save(review_of(), digest="a")
    assert store.review(call_id) == review_of()
    assert store.review(call_id + 1) is None


def test_a_row_says_what_a_list_needs(store: Store) -> None:
    started = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=2)))
    scorer = {"tone": "1"}
    call_id = store.save(review_of(), digest="a", title="Kettle", started_at=started, scorer=scorer)
    row = store.call(call_id)
    assert row == store.calls()[0]
    assert (row.rep, row.title, row.recording, row.duration) == ("Ann", "Kettle", "/calls/kettle.wav", 4.5)
    assert row.started_at == started and row.started_at.tzinfo == UTC
    assert (row.scores, row.strengths, row.giveaways, row.scorer) == (SCORES, 0, 1, scorer)
    assert row.unsure == UNSURE


def test_what_is_not_scored_has_no_scores_but_a_reason(store: Store) -> None:
    call_id = store.save(replace(review_of(), moments=(), not_scored="it seems to be in Spanish"), digest="a")
    row = store.call(call_id)
    assert row.scores is None and row.not_scored == "it seems to be in Spanish"


def test_saving_the_same_recording_again_replaces_its_review_and_keeps_what_was_known(store: Store) -> None:
    first = store.save(review_of(), digest="a", rep="Bo", team="North", queue="repairs")
    again = replace(review_of("Let me look into that."), call=replace(review_of().call, rep=None))
    assert store.save(again, digest="a") == first
    assert store.count() == 1
    assert [row.moment.quote for row in store.moments()] == ["Let me look into that."]
    row = store.call(first)
    assert (row.rep, row.team, row.queue) == ("Bo", "North", "repairs")


def test_a_save_that_fails_changes_nothing(store: Store) -> None:
    call_id = store.save(review_of(), digest="a")
    other = review_of("Other words.")
    with pytest.raises(DBAPIError):
        store.save(replace(other, moments=(replace(other.moments[0], why=None),)), digest="a")
    assert store.review(call_id) == review_of() and store.call(call_id).scores == SCORES


def test_replacing_takes_the_new_moments_and_scores(store: Store) -> None:
    call_id = store.save(review_of(), digest="a", title="Kettle")
    kinder = review_of("How can I help?", kind="strength")
    scores = SCORES | {"empathy": 2.0}
    kinder = replace(kinder, ratings=(None, Rating({axis: Score(value, 0.5, 0.2) for axis, value in scores.items()})))
    store.replace(call_id, kinder)
    row = store.call(call_id)
    assert (row.title, row.strengths, row.giveaways, row.scores["empathy"]) == ("Kettle", 1, 0, 2.0)
    assert row.unsure == ()
    assert row.added_at < row.reviewed_at
    assert [m.moment.quote for m in store.moments(kind="strength")] == ["How can I help?"]


def test_lists_are_filtered_by_rep_paged_and_latest_first(store: Store) -> None:
    for day, rep in ((1, "Ann"), (3, "Bo"), (2, "Ann")):
        at = datetime(2026, 3, day, tzinfo=UTC)
        store.save(review_of(), digest=str(day), rep=rep, started_at=at, title=f"day {day}")
    assert [row.title for row in store.calls()] == ["day 3", "day 2", "day 1"]
    assert [row.title for row in store.calls(rep="Ann", limit=1, offset=1)] == ["day 1"]
    assert store.count(rep="Ann") == 2 and store.reps() == ["Ann", "Bo"]
    assert [row.title for row in store.moments(rep="Ann")] == ["day 2", "day 1"]
    assert store.moments(axis="empathy") == []


def test_two_stores_share_one_file(store: Store) -> None:
    other = Store(store.url)
    call_id = other.save(review_of(), digest="a")
    assert store.has("a") and not store.has("b")
    assert store.find("a") == call_id and store.save(review_of(), digest="a") == call_id


def test_it_knows_where_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONE_COACH_DB", f"{tmp_path}/named.db")
    assert Store().folder == tmp_path and (tmp_path / "named.db").exists()


def test_migrations_lead_to_the_schema_and_back(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/coach.db")
    with engine.begin() as connection:
        migrate(connection)
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
        command.downgrade(alembic_config(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]


def make_first_version(url: str) -> None:
    with open_engine(url)[1].begin() as connection:
        for value in ("true", "false"):
            connection.exec_driver_sql(f"UPDATE reviews SET body = replace(body, ', \"unsure\": {value}', '')")
        command.downgrade(alembic_config(connection), "0001")
        assert "unsure" not in [column["name"] for column in inspect(connection).get_columns("calls")]
        assert "unsure" not in connection.exec_driver_sql("SELECT body FROM reviews").scalar_one()


def test_reviews_in_a_database_of_the_first_version_stay_and_new_ones_can_be_unsure(store: Store) -> None:
    call_id = store.save(review_of(), digest="a")
    make_first_version(store.url)
    newer = Store(store.url)
    row, kept = newer.call(call_id), newer.review(call_id)
    assert (row.scores, row.unsure, row.giveaways) == (SCORES, (), 1)
    assert (kept.call, kept.moments) == (review_of().call, review_of().moments)
    assert not any(score.unsure for score in kept.ratings[1].scores.values())
    newer.replace(call_id, review_of())
    assert newer.call(call_id).unsure == UNSURE and newer.review(call_id) == review_of()


@pytest.mark.parametrize(
    ("policy", "seen_by"), [("off", set()), ("rep", {"rep"}), ("team", {"rep", "lead"}), (None, {"rep"})]
)
def test_the_setting_says_who_sees_how_a_rep_spoke(store: Store, policy: str | None, seen_by: set[str]) -> None:
    if policy:
        store.set_policy(Policy(delivery=policy))
    call_id = store.save(spoken(), digest="a")
    for viewer in ("rep", "lead", "operations"):
        seen = Store(store.url).review(call_id, viewer=viewer)
        assert seen == (spoken() if viewer in seen_by else review_of())
        row, moments = store.call(call_id, viewer=viewer), store.moments(viewer=viewer)
        assert row == store.calls(viewer=viewer)[0]
        assert row.giveaways == len(moments) == 1 + (viewer in seen_by)
    assert store.review(call_id) == review_of()


def test_only_a_person_who_sees_delivery_sees_the_usual_that_comes_of_it(store: Store) -> None:
    store.set_policy(Policy(delivery="rep"))
    for number in range(ENOUGH_CALLS):
        how = [replace(spoken().delivery[1], rate=4.0 + number / 10)] * 20
        many = replace(spoken(), delivery=(None, *how), ratings=(None, *[spoken().ratings[1]] * 20))
        many = replace(many, call=replace(many.call, turns=(many.call.turns[0], *[many.call.turns[1]] * 20)))
        store.save(many, digest=str(number), started_at=datetime(2026, 3, 1 + number, tzinfo=UTC))
    low, high = store.usual("Ann", viewer="rep").band("rate")
    assert low < 4.35 < high
    assert store.usual("Ann", viewer="lead").typical == {} == store.usual("Bo", viewer="rep").typical
    assert store.usual(None, viewer="rep").typical == {}
    but_one = store.usual("Ann", viewer="rep", besides=1)
    assert (but_one.calls, but_one.own) == (ENOUGH_CALLS - 1, False)


TRACES = (b"123.77", b"talk_share", b"1.4 s", b"cuts_off")


def bytes_of(store: Store) -> bytes:
    """All that a database has on the disk, its write-ahead log included."""
    return b"".join(path.read_bytes() for path in store.folder.iterdir())


def test_switched_off_nothing_of_it_reaches_the_file(store: Store) -> None:
    assert store.set_policy(Policy(delivery="off")) == 0
    store.replace(store.save(spoken(), digest="a"), spoken())
    assert b"kettle" in bytes_of(store)
    assert not any(trace in bytes_of(store) for trace in TRACES)


def test_switching_it_off_removes_every_trace_of_what_was_kept(store: Store) -> None:
    store.set_policy(Policy(delivery="team"))
    ids = [store.save(spoken(), digest=str(n)) for n in range(40)]
    store.replace(ids[0], spoken(5.25))
    assert all(trace in bytes_of(store) for trace in TRACES)
    assert store.set_policy(Policy(delivery="off")) == 40
    assert not any(trace in bytes_of(store) for trace in TRACES)
    store.set_policy(Policy(delivery="team"))
    assert {store.review(call_id, viewer="rep") == review_of() for call_id in ids} == {True}


def test_a_call_scored_again_keeps_only_what_is_known_of_it_now(store: Store) -> None:
    call_id = store.save(spoken(), digest="a")
    store.replace(call_id, spoken(5.25))
    assert store.review(call_id, viewer="rep") == spoken(5.25)
    store.replace(call_id, review_of())
    assert store.review(call_id, viewer="rep") == review_of()


def test_reviews_in_a_database_of_the_second_version_stay_and_new_ones_tell_how_the_rep_spoke(store: Store) -> None:
    call_id = store.save(review_of(), digest="a")
    with open_engine(store.url)[1].begin() as connection:
        command.downgrade(alembic_config(connection), "0002")
        assert "deliveries" not in inspect(connection).get_table_names()
    newer = Store(store.url)
    assert newer.review(call_id, viewer="rep") == review_of() and newer.policy.delivery == "rep"
    newer.replace(call_id, spoken())
    assert newer.review(call_id, viewer="rep") == spoken()


def test_postgresql_can_hold_the_same_tables() -> None:
    ddl = "".join(str(CreateTable(t).compile(dialect=postgresql.dialect())) for t in Table.metadata.sorted_tables)
    assert "CREATE TABLE calls" in ddl and "ON DELETE CASCADE" in ddl


def make_corrupt(path: Path) -> None:
    path.write_text("This was once a shopping list." * 50)


def make_newer(path: Path) -> None:
    Store(f"sqlite:///{path}").close()
    with create_engine(f"sqlite:///{path}").begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize(
    ("make", "reason"),
    [(make_corrupt, "not a database"), (Path.mkdir, "unable to open"), (make_newer, "newer Tone Coach")],
)
def test_what_is_not_our_database_is_said_in_one_line(tmp_path: Path, make, reason: str) -> None:
    path = tmp_path / "coach.db"
    make(path)
    with pytest.raises(InputError, match=reason) as error:
        Store(f"sqlite:///{path}")
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_an_address_that_makes_no_sense_is_said_in_one_line() -> None:
    with pytest.raises(InputError, match="cannot be used") as error:
        Store("nosuchthing://me:secret@somewhere")
    assert "secret" not in str(error.value)


def test_a_recording_is_known_by_its_content(tmp_path: Path) -> None:
    for name, content in (("a", b"hello"), ("b", b"hello"), ("c", b"bye")):
        (tmp_path / name).write_bytes(content)
    assert digest_of(tmp_path / "a") == digest_of(tmp_path / "b") != digest_of(tmp_path / "c")
