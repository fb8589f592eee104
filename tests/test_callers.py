"""The same service for everyone: what is said of kinds of callers and queues, to whom, and when nothing is said."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pages import html_of, text_of
from sqlalchemy import update
from streamlit.testing.v1 import AppTest
from test_access import NOBODY

from coach.callers import COLUMNS, Group, compare
from coach.calls import AXES
from coach.dashboard import routes
from coach.store import ALONE, Desk, Person, Policy, Store
from coach.store.coaching.callers import service
from coach.store.schema import Rep, StoredCall

ROOT = Path(__file__).parents[1]
KINDS, QUEUES = ("existing", "new", "small"), ("Repairs", "Sales")
LEAD = Person("lead", account=1, teams=("North",))
NOW = datetime.now(UTC)


def made_up(reps: int = 8, each: int = 60, more: float = 0.0, seed: int = 1) -> pd.DataFrame:
    """Calls of reps who differ, in queues that differ; those who are new meet `more` impatience."""
    chance = np.random.default_rng(seed)
    calls = pd.DataFrame({"rep": np.repeat(np.arange(1, reps + 1), each)})
    number = len(calls)
    calls["queue"] = chance.choice(QUEUES, number)
    often = np.where(calls.queue == "Sales", 0.5, 0.2)  # new callers come to sales, where all are hurried more
    calls["caller"] = np.where(chance.random(number) < often, "new", chance.choice(("existing", "small"), number))
    calls["calls"] = 1
    for axis in AXES:
        own, noise = chance.normal(0, 0.3, reps)[calls.rep - 1], chance.normal(0, 0.5, number)
        calls[axis] = 1.0 + own + noise + 0.4 * (calls.queue == "Sales")
    calls["impatience"] += more * (calls.caller == "new")
    return calls


def cells(calls: pd.DataFrame) -> pd.DataFrame:
    return calls.groupby(["rep", "queue", "caller"], as_index=False, dropna=False).sum()[list(COLUMNS)]


def verdicts(groups: list[Group]) -> dict[tuple[str, str], str]:
    return {(group.name, axis): found.verdict for group in groups for axis, found in group.differences.items()}


def named(groups: list[Group]) -> set[tuple[str, str]]:
    """What a difference is said of."""
    return {key for key, verdict in verdicts(groups).items() if verdict in ("more", "less")}


def keep(store: Store, calls: pd.DataFrame, team: str = "North", **known: object) -> None:
    """Put calls into a store: their figures, which are all that is compared."""
    at = NOW - timedelta(days=20)
    with store.writing() as session:
        for rep in sorted(set(calls.rep)):
            session.merge(Rep(id=int(rep), name=f"Rep {rep}", team=team))
        for n, row in enumerate(calls.to_dict("records")):
            call = StoredCall(digest=f"{team}-{n}", title="made up", rep_id=row["rep"], team=team, queue=row["queue"])
            call.caller, call.scorer, call.added_at, call.reviewed_at, call.started_at = row["caller"], {}, at, at, at
            for name, value in ({axis: row[axis] for axis in AXES} | known).items():
                setattr(call, name, value)
            session.add(call)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/coach.db")
    store = Store(f"sqlite:///{tmp_path}/coach.db")
    yield store
    store.close()


def test_a_planted_difference_is_found_and_nothing_else_is_named() -> None:
    found = compare(cells(made_up(more=0.6)))
    assert verdicts(found)["new", "impatience"] == "more"
    assert {axis for _, axis in kinds(found)} == {"impatience"}
    assert {name for name, _ in named(found)} - set(KINDS) <= set(QUEUES)  # where more is said of all
    [new] = [group.differences["impatience"] for group in found if group.name == "new"]
    assert new.low <= 0.6 <= new.high


def test_where_nothing_is_planted_a_difference_is_hardly_ever_named() -> None:
    assert sum(bool(kinds(compare(cells(made_up(seed=seed))))) for seed in range(20)) <= 2


def kinds(groups: list[Group]) -> set[tuple[str, str]]:
    return {(name, axis) for name, axis in named(groups) if name in KINDS}


def test_another_mix_of_queues_is_no_difference() -> None:
    calls = made_up(reps=12, each=100)
    by_kind = calls.groupby("caller").impatience.mean()
    assert by_kind["new"] - by_kind["existing"] > 0.1
    [new] = [group for group in compare(cells(calls)) if group.name == "new"]
    assert new.differences["impatience"].verdict in ("same", "unclear")


def test_calls_of_one_rep_are_alike_and_do_not_count_as_many() -> None:
    """One rep who is short with everybody, and has most of the new callers, is no difference between callers."""
    calls = made_up(reps=6, each=80)
    calls["caller"] = np.where((calls.rep == 1) & (calls.index % 2 == 0) | (calls.index % 9 == 0), "new", "existing")
    calls["impatience"] += 1.5 * (calls.rep == 1)
    assert not kinds(compare(cells(calls)))


@pytest.mark.parametrize(
    ("wanted", "calls", "reps"), [(lambda c: c.index % 20 == 0, 24, 8), (lambda c: c.rep <= 2, 120, 2)]
)
def test_of_too_few_calls_or_reps_nothing_is_said_and_nothing_comes_out_by_subtraction(wanted, calls, reps) -> None:
    whole = made_up()
    few = whole.assign(caller=np.where(wanted(whole), "prospect", whole.caller))
    found = {group.name: group for group in compare(cells(few)) if group.by == "caller"}
    assert (found["prospect"].size.calls, found["prospect"].size.reps) == (calls, reps)
    assert not found["prospect"].differences
    louder = few.assign(impatience=few.impatience + 2.0 * (few.caller == "prospect"))
    again = {group.name: group for group in compare(cells(louder)) if group.by == "caller"}
    assert again == found and found["new"].differences


def test_a_group_that_is_mostly_one_rep_tells_of_that_rep_and_is_silent() -> None:
    whole = made_up()
    prospects = ((whole.rep == 1) | (whole.index % 30 == 0)) & (whole.index % 60 < 50)
    found = compare(cells(whole.assign(caller=np.where(prospects, "prospect", whole.caller))))
    [group] = [group for group in found if group.name == "prospect"]
    assert group.size.calls >= 30 and group.size.reps >= 5 and not group.size.enough and not group.differences


def test_a_lead_gets_sums_of_calls_that_they_may_not_see(store: Store) -> None:
    keep(store, made_up(more=0.8))
    found = service(Desk(store, LEAD), NOW)
    assert Desk(store, LEAD).count() == Desk(store, LEAD).count_moments() == 0  # opt-in, and nothing shared
    assert (found.whole.calls, found.whole.reps) == (480, 8)
    assert ("new", "impatience") in named(found.groups)
    assert named(service(Desk(store, ALONE), NOW).groups) == named(found.groups)


@pytest.mark.parametrize("person", NOBODY, ids=lambda person: f"{person.role}-{person.account}")
def test_whoever_leads_others_or_nobody_gets_nothing(store: Store, person: Person) -> None:
    keep(store, made_up(more=0.8))
    found = service(Desk(store, person), NOW)
    assert (found.whole.calls, found.unnamed, found.left_out, found.groups) == (0, 0, 0, [])


def test_what_a_rep_keeps_or_has_to_themselves_yet_is_not_counted(store: Store) -> None:
    keep(store, made_up(), choice="private")
    assert service(Desk(store, LEAD), NOW).whole.calls == 0
    with store.writing() as session:
        session.execute(update(StoredCall).values(choice=None, reviewed_at=NOW - timedelta(hours=1)))
    assert service(Desk(store, LEAD), NOW).whole.calls == 0
    store.set_policy(Policy(first_hours=0))
    assert service(Desk(store, LEAD), NOW).whole.calls == 480


def test_callers_of_whom_nobody_said_the_kind_are_counted_apart(store: Store) -> None:
    calls = made_up()
    keep(store, calls.assign(caller=np.where(calls.index % 4 == 0, None, " New ")))
    found = service(Desk(store, LEAD), NOW)
    assert (found.whole.calls, found.unnamed) == (480, 120)
    assert [(group.name, group.size.calls) for group in found.groups if group.by == "caller"] == [("new", 360)]


def test_a_rep_who_changed_teams_is_counted_by_neither_lead(store: Store) -> None:
    keep(store, made_up())
    with store.writing() as session:
        session.get_one(Rep, 1).team = "South"
    assert service(Desk(store, LEAD), NOW).whole.reps == 7
    assert service(Desk(store, Person("lead", account=2, teams=("South",))), NOW).whole.calls == 0


def test_a_new_call_changes_nothing_before_its_week_is_over(store: Store) -> None:
    keep(store, made_up())
    before = service(Desk(store, LEAD), NOW)
    one = made_up(reps=1, each=1).assign(impatience=3.0)
    keep(store, one.assign(caller="new"), "North", digest="new", started_at=NOW)
    assert service(Desk(store, LEAD), NOW) == before


def test_calls_that_another_version_rated_are_left_out(store: Store) -> None:
    keep(store, made_up())
    with store.writing() as session:
        session.execute(update(StoredCall).where(StoredCall.id <= 50).values(scorer={"tone": "old"}))
    found = service(Desk(store, LEAD), NOW)
    assert (found.whole.calls, found.left_out) == (430, 50)


def opened() -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    app.switch_page(routes.PATHS["callers"]).run()
    assert not app.exception
    return app


def test_the_page_says_where_there_is_a_difference_and_names_nobody(store: Store) -> None:
    keep(store, made_up(more=0.8))
    text = text_of(opened())
    assert "A difference: more impatience." in text
    assert "480 calls of 8 reps" in text and "Rep 1" not in html_of(opened())


def test_the_page_says_that_there_are_too_few(store: Store) -> None:
    assert "Too early to tell" in text_of(opened())
    calls = made_up()
    keep(store, calls.assign(caller=np.where(calls.index % 40 == 0, "<b>prospect", calls.caller)))
    html = html_of(opened())
    assert "&lt;b&gt;prospect" in html and "too few calls to tell (12 of 30)" in html
