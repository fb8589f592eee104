"""A rep's progress: what the figures allow to say, whose calls they are, and what the page says."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from hand_made import review
from pages import ROOT, text_of
from streamlit.testing.v1 import AppTest

from coach.calls import AXES
from coach.dashboard import resources, routes
from coach.dashboard.rep import progress as draw
from coach.progress import Change, Figures, by_week, comparable, habits, of_ratings, of_shares, ratings, split
from coach.store import ALONE, Desk, Person, Store, trend
from coach.store.people import StoredSession
from coach.store.schema import Rep

LAST = date(2026, 11, 18)  # a Wednesday
NOON = datetime(2026, 11, 18, 12).astimezone()


def figures(days_ago: int, empathy: float = 1.0, *behaviours: str, scorer: str = "best") -> Figures:
    scores = dict.fromkeys(AXES, 0.5) | {"empathy": empathy}
    return Figures(NOON - timedelta(days=days_ago), scores, frozenset(behaviours), {"tone": scorer})


def test_the_last_four_calendar_weeks_are_set_against_the_eight_before() -> None:
    calls = [figures(days) for days in (0, 23, 24, 79, 80)]  # 23 days before was a Monday, and so was 79
    recent, earlier = split(calls, LAST)
    assert [call.at for call in recent] == [calls[0].at, calls[1].at]
    assert [call.at for call in earlier] == [calls[2].at, calls[3].at]


@pytest.mark.parametrize(
    ("recent", "earlier", "verdict"),
    [
        ([1.5, 2.0] * 10, [0.5, 1.0] * 20, "more"),
        ([0.5, 1.0] * 10, [1.5, 2.0] * 20, "less"),
        ([1.0, 1.2] * 10, [0.9, 1.1] * 20, "usual"),
        ([0.0, 3.0] * 4, [0.0, 2.4] * 4, "unclear"),
        ([1.0] * 20, [0.95, 0.97] * 20, "usual"),
        ([3.0] * 7, [0.0] * 40, "few"),
        ([3.0] * 40, [0.0] * 7, "few"),
    ],
)
def test_a_change_is_called_one_only_where_the_interval_and_the_number_of_calls_allow(
    recent: list[float], earlier: list[float], verdict: str
) -> None:
    assert of_ratings(recent, earlier, statements=3).verdict == verdict


def test_welchs_interval_decides() -> None:
    scipy = pytest.importorskip("scipy.stats")
    rng = random.Random(1)
    for _ in range(10):
        a, b = [rng.gauss(1.5, 0.5) for _ in range(12)], [rng.gauss(1.0, 0.8) for _ in range(25)]
        low, high = scipy.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
        assert (of_ratings(a, b).verdict in ("more", "less")) == (not low <= 0 <= high)


@pytest.mark.parametrize(
    ("found", "calls", "verdict"),
    [
        ((15, 5), (30, 60), "more"),
        ((1, 30), (30, 60), "less"),
        ((3, 5), (30, 60), "usual"),
        ((4, 2), (10, 20), "unclear"),
        ((5, 0), (7, 60), "few"),
    ],
)
def test_a_habit_changes_where_newcombes_interval_says_so(
    found: tuple[int, int], calls: tuple[int, int], verdict: str
) -> None:
    assert of_shares(found, calls).verdict == verdict


def test_chance_is_seldom_taken_for_a_change() -> None:
    rng, said = random.Random(7), 0
    for _ in range(200):
        calls = [figures(0, max(0.0, rng.gauss(0.5, 1.0))) for _ in range(60)]
        said += any(change.verdict in ("more", "less") for change in ratings(calls[:20], calls[20:]).values())
    assert said / 200 < 0.08


def test_weeks_with_fewer_calls_are_less_certain_and_one_call_alone_tells_nothing_of_it() -> None:
    calls = [figures(0, 1.0), *(figures(7, value) for value in (0.5, 1.0, 1.5, 2.0))]
    before, this = by_week(calls, "empathy")
    assert (before.monday, this.monday) == (date(2026, 11, 9), date(2026, 11, 16))
    assert (before.calls, before.mean, this.mean) == (4, 1.25, 1.0)
    assert before.band and this.band and this.band[0] < before.band[0] < 1.25 < before.band[1] < this.band[1] <= 3.0
    assert by_week([figures(0)], "empathy")[0].band is None and by_week([], "empathy") == []


def test_another_models_ratings_are_not_compared() -> None:
    calls = [figures(9, scorer="fast"), figures(8), figures(7)]
    assert comparable(calls) == calls[1:] and comparable([]) == []


def test_strengths_come_first_among_habits() -> None:
    recent = [figures(1, 1.0, "hurries", "argues"), figures(1, 1.0, "hurries", "explores")]
    assert list(habits(recent, [figures(40, 1.0, "takes_ownership")])) == [
        "explores", "takes_ownership", "hurries", "argues",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change("more", 20, 40), "More empathy than your usual."),
        (Change("usual", 20, 40), "About your usual."),
        (Change("unclear", 20, 40), "No clear change."),
        (Change("few", 3, 40), "Too few calls to tell (3 of 8)."),
        (Change("few", 9, 3), "Too few earlier calls to know your usual (3 of 8)."),
    ],
)
def test_what_is_said_of_an_axis(change: Change, said: str) -> None:
    assert draw.statement("empathy", change) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change("more", 20, 40, 0.31, 0.1), "In 3 of 10 calls, before in 1 of 10: more often than your usual."),
        (Change("less", 20, 40, 0.0, 0.4), "In none, before in 4 of 10: less often than your usual."),
        (Change("unclear", 40, 40, 0.03, 0.1), "In fewer than 1 of 10 calls, before in 1 of 10."),
        (Change("few", 3, 40, 2 / 3, 0.1), "In 2 of your 3 calls. Too few to compare."),
    ],
)
def test_how_often_a_habit_came_up(change: Change, said: str) -> None:
    assert draw.often(change) == said


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Anna of North has twelve calls in two of the last weeks, Ben of South one; nobody has one either."""
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/coach.db")
    store = Store()
    nobodys = replace(review(), call=replace(review().call, rep=None))
    for number in range(12):
        at = datetime.now(UTC) - timedelta(weeks=number % 2)
        store.save(review(), digest=f"a{number}", rep="Anna", team="North", started_at=at)
    store.save(review(), digest="b", rep="Ben", team="South", started_at=datetime.now(UTC))
    store.save(nobodys, digest="n", started_at=datetime.now(UTC))
    return store


def person(store: Store, name: str, role: str = "rep", teams: tuple[str, ...] = ()) -> Person:
    with store.reading() as session:
        return Person(role, account=5, name=name, rep=session.query(Rep).filter_by(name=name).one().id, teams=teams)


def seen(store: Store, who: Person, rep: str | None = None) -> tuple[int, int]:
    """How many calls and moments somebody's progress stands on."""
    today, desk = date.today(), Desk(store, who)
    since, until = today - timedelta(weeks=5), today + timedelta(days=1)
    calls, moments = trend.figures(desk, since, until, rep), trend.moments(desk, since, until, rep)
    assert bool(calls) == bool(trend.days(desk, rep))
    return len(calls), len(moments)


def test_progress_is_for_the_rep_alone_whatever_a_lead_may_see(kept: Store) -> None:
    kept.set_policy(replace(kept.policy, sharing="opt-out", first_hours=0, whole_calls=True))
    assert seen(kept, person(kept, "Anna")) == (12, 24)
    assert seen(kept, person(kept, "Ben")) == (1, 2)
    assert seen(kept, person(kept, "Ben", "lead", ("North",))) == (1, 2)
    for nobody in (Person("lead", 1, teams=("North",)), Person("operations", 2), Person("admin", 3), Person("rep", 4)):
        assert seen(kept, nobody) == (0, 0) == seen(kept, nobody, "Anna")
    assert seen(kept, person(kept, "Ben"), "Anna") == (0, 0)


def test_who_is_alone_chooses_the_rep(kept: Store) -> None:
    assert (seen(kept, ALONE, "Anna"), seen(kept, ALONE, "Ben"), seen(kept, ALONE)) == ((12, 24), (1, 2), (14, 28))


def test_figures_hold_what_was_rated_and_which_behaviours_came_up(kept: Store) -> None:
    [found] = trend.figures(Desk(kept, person(kept, "Ben")), date.today(), date.today() + timedelta(days=1))
    assert found.behaviours == {"acknowledges_feeling", "takes_ownership", "states_the_obvious"}
    assert found.scores == kept.call(13).scores and found.scorer == {}


def page(rep: str | None = None) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    app = app.switch_page(routes.PROGRESS)
    if rep:
        app.query_params["rep"] = rep
    app.run()
    assert not app.exception
    return app


def test_the_page_says_what_can_be_said_and_leads_to_the_moments(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "person", lambda: person(kept, "Anna"))
    app = page()
    assert text_of(app).count("Too few earlier calls to know your usual (0 of 8).") == 3
    assert "In 12 of your 12 calls. Too few to compare." in text_of(app)
    assert len(app.get("vega_lite_chart")) == 3 and not app.selectbox
    links = {link.proto.label: parse_qs(link.proto.query_string) for link in app.get("page_link")}
    assert list(links) == ["Sees how the customer feels", "Takes it on", "States the obvious"]
    app.switch_page(routes.CALLS).query_params["in"] = links["States the obvious"]["in"][0]
    assert app.run().selectbox(key="in").value == "▼ states the obvious"
    assert not app.exception


def test_what_was_agreed_is_there_for_its_rep(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    with kept.writing() as session:
        rep = session.query(Rep).filter_by(name="Anna").one()
        agreed = {"focus": "hurries", "agreed": "Wait <two> seconds", "plan": "the lead's own", "team": "North"}
        session.add(StoredSession(rep_id=rep.id, made_at=now, held_at=now, closed_at=now, **agreed))
    monkeypatch.setattr(resources, "person", lambda: person(kept, "Anna"))
    told = text_of(page())
    assert "Focus: hurries the customer. Wait <two> seconds" in told and "the lead's own" not in told
    monkeypatch.setattr(resources, "person", lambda: person(kept, "Ben"))
    assert "What you agreed on" not in text_of(page())


def test_alone_one_looks_at_one_rep_after_the_other(kept: Store) -> None:
    assert "In 1 of your 1 call. Too few to compare." in text_of(page("Ben"))
    assert "In 12 of your 12 calls." in text_of(page("Somebody else"))  # the first rep


def test_a_new_rep_reads_what_will_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/new.db")
    assert "There is no scored call of yours yet" in text_of(page())
