"""Rating blind: what is drawn, that nothing is told before, what is told after, and how agreement is shown."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hand_made import SAID, review, store_with_a_call
from pages import html_of, text_of
from streamlit.testing.v1 import AppTest
from test_access import LEAD, NOBODY, OPEN

from coach.calls import AXES, Axis
from coach.dashboard import routes
from coach.dashboard.lead.agreement import statement
from coach.store import ALONE, Desk, Person, Policy, Store
from coach.store.people import StoredRating
from coach.store.said import calibrating
from coach.store.said import feedback as fb
from coach.store.said.calibrating import RATING, drawn, looked_into, passage, rate_turn, revealed
from coach.store.said.feedback import NotHere, Spot
from coach.tone.agreement import Estimate
from coach.tone.feedback import agreement, judgements

ROOT = Path(__file__).parents[1]
REP_TURNS = {(1, 0), (1, 2), (1, 4)}
RATED: dict[Axis, int] = {"condescension": 0, "impatience": 1, "empathy": 3}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The call of Ann in the team North: of its three turns each is likely to show something, in one axis at most."""
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/coach.db")
    store = store_with_a_call(tmp_path)[0]
    yield store
    store.close()


def alone(store: Store) -> Desk:
    return Desk(store, ALONE)


def opened() -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    app.switch_page(routes.PATHS["calibrate"]).run()
    assert not app.exception
    return app


def test_every_scored_turn_can_be_drawn_and_likely_ones_half_of_the_time(store: Store) -> None:
    places = Counter(drawn(alone(store), set(), Random(seed)) for seed in range(150))
    assert set(places) == REP_TURNS
    turns = store.review(1).ratings
    shows = [at for _, at in REP_TURNS for axis in AXES if turns[at].scores[axis].probability >= 0.5]
    assert len(shows) < len(REP_TURNS) * len(AXES) / 2


def test_what_was_rated_or_skipped_is_not_drawn_again(store: Store) -> None:
    desk = alone(store)
    rate_turn(desk, (1, 0), RATED)
    assert drawn(desk, {(1, 2)}, Random(1)) == (1, 4)
    assert drawn(desk, {(1, 2), (1, 4)}, Random(1)) is None
    assert calibrating.count_rated(desk) == 1


def test_a_call_that_one_has_looked_into_comes_last_and_is_not_blind(store: Store) -> None:
    desk = alone(store)
    other = store.save(replace(review(), call=replace(review().call, id="other")), digest="other", team="North")
    desk.log("opened", 1)
    desk.log("played", other, **RATING)
    assert {drawn(desk, set(), Random(seed))[0] for seed in range(20)} == {other}
    assert looked_into(desk, 1) and not looked_into(desk, other)
    skipped = {(other, turn) for _, turn in REP_TURNS}
    rate_turn(desk, drawn(desk, skipped, Random(1)), RATED)
    rate_turn(desk, (other, 0), RATED)
    assert {(row.blind) for row in fb.ratings(desk, 1)} == {False}
    assert {(row.blind) for row in fb.ratings(desk, other)} == {True}


def test_a_passage_ends_with_the_turn_and_tells_nothing_of_scores(store: Store) -> None:
    found = passage(alone(store), (1, 2))
    assert found and found.whole
    assert [turn.text for turn in found.call.turns] == [said[1] for said in SAID[:3]]
    assert passage(alone(store), (1, 1)) is None and passage(alone(store), (1, 99)) is None  # no turn of the rep's


def test_where_calls_are_closed_moments_are_drawn_that_may_be_seen(store: Store) -> None:
    lead = Desk(store, replace(LEAD, account=None))
    assert drawn(lead, set(), Random(1)) is None
    fb.choose(alone(store), Spot(1, 4, "condescension", "giveaway"), "shared")
    assert drawn(lead, set(), Random(1)) == (1, 4)
    found = passage(lead, (1, 4))
    assert found and not found.whole
    assert [turn.text for turn in found.call.turns] == [said[1] for said in SAID[3:5]]
    assert passage(lead, (1, 2)) is None


@pytest.mark.parametrize("policy", [Policy(), OPEN])
@pytest.mark.parametrize("person", NOBODY, ids=lambda person: f"{person.role}-{person.account}")
def test_who_sees_nothing_draws_and_reads_nothing(store: Store, person: Person, policy: Policy) -> None:
    store.set_policy(policy)
    rate_turn(alone(store), (1, 4), RATED)
    desk = Desk(store, person)
    assert drawn(desk, set(), Random(1)) is None and calibrating.rated(desk) == []
    assert passage(desk, (1, 4)) is None and revealed(desk, (1, 4)) is None
    with pytest.raises(NotHere):
        rate_turn(desk, (1, 4), RATED)


def test_nothing_is_revealed_before_one_has_rated(store: Store) -> None:
    desk = alone(store)
    assert revealed(desk, (1, 4)) is None
    rate_turn(desk, (1, 4), RATED)
    assert revealed(desk, (1, 2)) is None
    found = revealed(desk, (1, 4))
    assert found and found.model == store.review(1).ratings[4]
    assert {row.axis: row.rating for row in found.given if row.mine} == RATED


def test_the_page_tells_nothing_before_and_all_after(store: Store) -> None:
    app = opened()
    drawn_on = [block.proto.body for block in app.get("html") if "<style" not in block.proto.body]
    before = " ".join(drawn_on) + " ".join(audio.proto.url for audio in app.get("audio"))
    assert not any(word in before for word in ("<mark", "chip", "giveaway", "As marked", "talks down", "obvious:"))
    app.button_group[1].set_value(3)
    app.button[0].click().run()
    assert "Rate each of the three" in app.warning[0].value
    for group in app.button_group[1:]:
        group.set_value(2)
    app.button[0].click().run()
    assert not app.exception
    assert "As marked" in html_of(app) and calibrating.count_rated(alone(store)) == 1
    [next_one] = [button for button in app.button if button.label == "Next one"]
    next_one.click().run()
    assert "As marked" not in html_of(app) and not app.exception


def test_skipping_goes_on_until_nothing_is_left(store: Store) -> None:
    app = opened()
    for _ in REP_TURNS:
        [skip] = [button for button in app.button if button.label == "Skip this one"]
        skip.click().run()
    assert "Nothing to rate yet" in text_of(app) and calibrating.count_rated(alone(store)) == 0


def test_agreement_is_counted_from_what_one_may_see_and_silent_on_few(store: Store) -> None:
    store.set_policy(OPEN)
    for number in range(8):
        store.save(review(), digest=f"call {number}", rep="Ann", team="North")
    with store.writing() as session:
        for call_id in range(1, 9):
            for turn in (0, 2, 4):
                for axis in AXES:
                    value = round(store.review(1).ratings[turn].scores[axis].rating)
                    for role, said in (("lead", value), ("rep", (value + call_id % 2) % 4)):
                        rating = StoredRating(call_id=call_id, turn=turn, axis=axis, role=role, rating=said)
                        rating.blind, rating.account_id = True, None
                        rating.at = store.call(1).added_at
                        session.add(rating)
    lead = agreement(judgements(calibrating.rated(Desk(store, LEAD))))
    assert set(lead.between) == {"lead and rep", "lead and model", "rep and model"} and set(lead.turns) == {24}
    best = lead[(lead.axis == "empathy") & (lead.between == "lead and model")].kappa.item()
    assert best.value > 0.9
    assert calibrating.rated(Desk(store, Person("lead", account=9, teams=("South",)))) == []
    text = told(opened())
    assert "Lead and rep" in text and "24 turns of 8 calls" in text
    with store.writing() as session:
        session.query(StoredRating).filter(StoredRating.call_id > 3).delete()
    assert "Too few to tell (9 of 20 turns)" in told(opened())


def told(app: AppTest) -> str:
    app.button_group[0].set_value("How far we agree").run()
    assert not app.exception
    return text_of(app)


@pytest.mark.parametrize(
    ("kappa", "said"),
    [
        (Estimate(0.7, 0.65, 0.75), "They agree well."),
        (Estimate(0.5, 0.45, 0.65), "They agree fairly well, or well."),
        (Estimate(0.5, 0.1, 0.75), "Not clear yet: anything from “hardly at all” to “well”."),
        (Estimate(float("nan"), float("nan"), float("nan")), "nothing to compare"),
    ],
)
def test_agreement_is_said_in_words_that_hold_for_the_whole_interval(kappa: Estimate, said: str) -> None:
    assert said in statement(kappa, figures=False)
    assert not any(letter.isdigit() for letter in statement(kappa, figures=False))
