"""What operations look after: who may see it, what it says, and what the trail keeps of it."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hand_made import review
from sqlalchemy import update

from coach import care
from coach.cli import main
from coach.export.trail import lines
from coach.store import ALONE, Desk, Person, Store, trail, upkeep
from coach.store.people import Account, AuditEntry
from coach.store.trail import Entry, Wanted

NOW = datetime.now(UTC)
OLD, NEW = {"coach": "1"}, {"coach": "2", "tone": "best"}
OPERATIONS = Person("operations", account=1)
OTHERS = [Person("rep", 2, rep=1), Person("lead", 3, teams=("North",)), Person("lead", 4, rep=1)]
READ = {
    "runs": upkeep.runs,
    "count of runs": upkeep.count_runs,
    "failures": upkeep.failures,
    "kinds": upkeep.kinds,
    "waiting": upkeep.waiting,
    "retry": upkeep.try_again,
    "holding": upkeep.holding,
    "versions": upkeep.versions,
    "scorer": upkeep.scorer_now,
    "intake": upkeep.intake,
    "entries": trail.entries,
    "count of entries": trail.count_entries,
    "every entry": lambda desk: list(trail.every_entry(desk)),
    "actions": trail.actions,
    "people": trail.people,
}


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Two runs; Ann's calls, one of them old and without its recording; three failures, one not even readable."""
    store = Store(url)
    first = store.begin("/calls", OLD)
    first.end({"scored": 1})
    run = store.begin("/calls", NEW)
    for name, kind, digest in (("a", "crashed", "a"), ("b", "cannot be used", "b"), ("c", "cannot be used", None)):
        if digest:
            run.claim(digest, f"/calls/{name}.wav", rep="Ann", customer="C-1")
        run.fail(f"/calls/{name}.wav", kind, f"why {name}", digest, rep="Ann", customer="C-1")
    run.end({"failed": 3})
    long_ago = NOW - timedelta(days=100)
    store.save(review(), digest="1", rep="Ann", team="North", scorer=OLD, started_at=long_ago)
    store.save(review(), digest="2", rep="Ann", team="North", scorer=NEW, recording="/calls/2.wav")
    yield store
    store.close()


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store, OPERATIONS)


@pytest.mark.parametrize("person", OTHERS, ids=lambda person: f"{person.role}-{person.account}")
@pytest.mark.parametrize("what", READ)
def test_reps_and_leads_get_nothing_of_it(store: Store, person: Person, what: str) -> None:
    with pytest.raises(upkeep.NotTheirs):
        READ[what](Desk(store, person))
    assert upkeep.waiting(Desk(store, OPERATIONS)) == 0


@pytest.mark.parametrize("person", [OPERATIONS, Person("admin", account=5), ALONE], ids=lambda person: person.role)
def test_operations_admins_and_who_is_alone_see_it(store: Store, person: Person) -> None:
    desk = Desk(store, person)
    assert [run.state for run in upkeep.runs(desk)] == ["ended", "ended"] and upkeep.count_runs(desk) == 2
    assert [run.scorer for run in upkeep.runs(desk, 1, 1)] == [OLD] and upkeep.scorer_now(desk) == NEW
    assert upkeep.kinds(desk) == {"cannot be used": 2, "crashed": 1}


def test_failures_come_a_page_at_a_time_the_latest_first(desk: Desk) -> None:
    assert [row.reason for row in upkeep.failures(desk)] == ["why c", "why b", "why a"]
    assert [row.recording for row in upkeep.failures(desk, limit=1, offset=1)] == ["/calls/b.wav"]
    assert [row.reason for row in upkeep.failures(desk, "crashed")] == ["why a"]


def test_what_failed_is_taken_by_the_next_run_once_somebody_asks(store: Store, desk: Desk) -> None:
    again = store.begin("/calls", NEW)
    assert again.claim("b", "/calls/b.wav").state == "failed"
    [wanted] = [row for row in upkeep.failures(desk) if row.reason == "why b"]
    assert upkeep.try_again(desk, failure=wanted.id) == 1 and upkeep.try_again(desk, failure=wanted.id) == 0
    assert upkeep.waiting(desk) == 1
    assert again.claim("b", "/calls/b.wav").state == "ours"
    assert (again.claim("a", "/calls/a.wav").state, upkeep.waiting(desk)) == ("failed", 0)
    again.fail("/calls/b.wav", "cannot be used", "once more", "b")
    assert store.begin("/calls", NEW).claim("b", "/calls/b.wav").state == "failed"
    [entry] = trail.entries(desk, Wanted(action="asked to try again"))
    assert (entry.account, entry.detail) == (1, {"recordings": 1})


def test_what_failed_is_no_failure_any_more_where_a_scored_recording_took_its_place(store: Store, desk: Desk) -> None:
    assert store.begin("/calls", NEW).claim("2", "/calls/b.wav").state == "done"
    assert [row.recording for row in upkeep.failures(desk)] == ["/calls/c.wav", "/calls/a.wav"]


def test_all_of_a_kind_can_be_asked_for(store: Store, desk: Desk) -> None:
    assert upkeep.try_again(desk, kind="cannot be used") == 2
    marked = {row.recording for row in store.failures() if row.again_at}
    assert marked == {"/calls/b.wav", "/calls/c.wav"}
    assert care.forget(store, print, customer="C-1", dry_run=True).left == 0
    assert {row.customer for row in store.failures()} == {"C-1"}  # it can still be forgotten while it waits


def test_a_run_says_how_far_it_has_come(store: Store, desk: Desk) -> None:
    run = store.begin("/calls", NEW)
    run.beat({"scored": 3, "total": 10})
    run.beat()
    assert upkeep.runs(desk, 1)[0].outcome == {"scored": 3, "total": 10}


def test_what_is_kept_is_counted(desk: Desk) -> None:
    found = upkeep.holding(desk)
    assert (found.calls, found.without_recording, found.not_scored, found.without_words) == (2, 1, 0, 0)
    assert found.seconds == 2 * review().call.duration and found.bytes > 50_000
    assert found.older == {30: 1, 90: 1, 365: 0}
    assert found.oldest is not None and 99 < (NOW - found.oldest).days + 1 < 102
    assert sorted((version.scorer["coach"], version.calls) for version in upkeep.versions(desk)) == [("1", 1), ("2", 1)]


def test_an_empty_store_has_nothing_to_count(tmp_path: Path) -> None:
    desk = Desk(Store(f"sqlite:///{tmp_path}/new.db"), ALONE)
    found = upkeep.holding(desk)
    assert (found.calls, found.seconds, found.oldest, found.older[30]) == (0, 0.0, None, 0)
    assert upkeep.versions(desk) == [] and upkeep.scorer_now(desk) is None and trail.entries(desk) == []


@pytest.fixture
def told(store: Store) -> Store:
    """Ann (7) opened call 1, long ago and now; somebody whose account is gone (8) played it; a command exported."""
    with store.writing() as session:
        session.add(Account(id=7, login="ann", name="=Ann", role="rep", teams=[], made_at=NOW))
    Desk(store, Person("rep", account=7)).log("opened", 1)
    with store.writing() as session:
        session.execute(update(AuditEntry).values(at=NOW - timedelta(days=60)))
    Desk(store, Person("rep", account=8)).log("played", 1, turn=4)
    Desk(store, Person("rep", account=7)).log("opened", 1)
    trail.note(store, trail.EXPORTED, calls=2)
    return store


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), ["exported", "opened", "played", "opened"]),
        (Wanted(account=7), ["opened", "opened"]),
        (Wanted(account=trail.NOBODY), ["exported"]),
        (Wanted(action="played"), ["played"]),
        (Wanted(since=NOW - timedelta(days=1), call_id=1), ["opened", "played"]),
        (Wanted(until=NOW - timedelta(days=1)), ["opened"]),
        (Wanted(call_id=999), []),
    ],
)
def test_the_trail_is_filtered_in_the_database(told: Store, wanted: Wanted, found: list[str]) -> None:
    desk = Desk(told, OPERATIONS)
    assert [entry.action for entry in trail.entries(desk, wanted)] == found
    assert trail.count_entries(desk, wanted) == len(found)
    assert [entry.action for entry in trail.every_entry(desk, wanted)] == found
    assert [entry.action for entry in trail.entries(desk, wanted, 1, 1)] == found[1:2]


def test_the_trail_names_accounts_as_far_as_they_are_there(told: Store) -> None:
    desk = Desk(told, OPERATIONS)
    assert [(e.account, e.who) for e in trail.entries(desk)] == [(None, None), (7, "=Ann"), (8, None), (7, "=Ann")]
    assert trail.people(desk) == {7: "=Ann"} and trail.actions(desk) == ["exported", "opened", "played"]


def test_no_name_becomes_a_formula() -> None:
    entry = Entry(NOW, 7, "=cmd|' /C calc'!A1", "opened", 1, {"turn": 4})
    assert "'=cmd" in list(lines([entry], "csv"))[1]
    assert json.loads(next(iter(lines([entry], "jsonl"))))["who"] == entry.who


def run(store: Store, *what: str) -> str:
    result = CliRunner().invoke(main, [*what, "--db", store.url])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_commands_leave_an_entry_and_name_nobody(store: Store, tmp_path: Path) -> None:
    run(store, "export", "--format", "jsonl", "--out", f"{tmp_path}/calls.jsonl", "--rep", "Ann")
    run(store, "purge", "--older-than", "30d", "--transcripts", "--dry-run")
    run(store, "purge", "--older-than", "30d", "--transcripts")
    run(store, "forget", "--rep", "Ann", "--keep-recordings")
    said = [json.loads(line) for line in run(store, "trail", "--format", "jsonl").splitlines()]
    assert [entry["action"] for entry in said] == ["forgot", "purged", "exported"]
    assert said[1]["detail"]["transcripts"] == 1 and said[2]["detail"]["calls"] == 2
    assert {entry["detail"]["by"] for entry in said} == {"command line"} and "Ann" not in json.dumps(said)
    assert run(store, "trail", "--action", "purged").splitlines()[0] == "at,account,who,action,call,detail"


def test_the_trail_goes_only_when_it_is_asked_for(told: Store) -> None:
    assert run(told, "purge", "--older-than", "30d", "--trail", "--dry-run").count("1 entries of the trail") == 1
    run(told, "purge", "--older-than", "30d", "--all")
    assert trail.count_entries(Desk(told, OPERATIONS), Wanted(action="opened")) == 2
    run(told, "purge", "--older-than", "30d", "--trail")
    left = [entry.action for entry in trail.entries(Desk(told, OPERATIONS))]
    assert left == ["purged", "purged", "exported", "opened", "played"]


def test_what_failed_is_tried_again_wherever_it_lies(tmp_path: Path) -> None:
    """Only what was asked for, from its manifest, with what that says; here, the file is still empty."""
    store = Store(f"sqlite:///{tmp_path}/coach.db")
    for name in ("a", "b"):
        (tmp_path / f"{name}.wav").touch()
        os.utime(tmp_path / f"{name}.wav", (0, 0))
    (tmp_path / "calls.csv").write_text("recording,rep,queue\na.wav,Ann,Repairs\nb.wav,Ann,Sales\n")
    CliRunner().invoke(main, ["batch", f"{tmp_path}/calls.csv", "--db", store.url])
    desk = Desk(store, OPERATIONS)
    first, second = upkeep.failures(desk)
    assert not first.again_at and first.source.endswith("calls.csv")
    upkeep.try_again(desk, failure=second.id)
    preview = CliRunner().invoke(
        main, ["batch", "--again", "marked", "--dry-run", "--log-format", "json", "--db", store.url]
    )
    [told] = [json.loads(line) for line in preview.stderr.splitlines()]
    assert (told["recording"], told["rep"]) == (second.recording, "Ann")
    CliRunner().invoke(main, ["batch", "--again", "marked", "--db", store.url])
    tried, _ = upkeep.failures(desk)
    assert (tried.recording, tried.again_at, tried.at > second.at) == (second.recording, None, True)
    assert upkeep.runs(desk, 1)[0].source == "--again marked" and upkeep.waiting(desk) == 0
