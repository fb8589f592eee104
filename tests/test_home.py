"""The landing page and the list of calls."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hand_made import review
from pages import html_of, opened, text_of
from streamlit.testing.v1 import AppTest

from coach.calls import Review
from coach.dashboard import resources, routes
from coach.dashboard.rep import home, overview
from coach.store import Filter, MomentRow, Person, Store
from coach.store.schema import Rep

PAGE_SIZE = 20


def row(number: int, kind: str) -> MomentRow:
    return MomentRow(number, number, str(number), None, None, None, replace(review().moments[0], kind=kind))


@pytest.mark.parametrize(
    ("latest", "shown"),
    [
        ("sss", ["sss"]),
        ("gggg", ["gg", "gg"]),
        ("gggs", ["sgg", "g"]),
        ("ggsgss", ["sgg", "ssg"]),
        ("g" * 5 + "s", ["sgg", "gg", "g"]),
        ("", []),
    ],
)
def test_three_at_a_time_strengths_first_and_never_three_giveaways(latest: str, shown: Sequence[str]) -> None:
    rows = [row(n, {"s": "strength", "g": "giveaway"}[letter]) for n, letter in enumerate(latest)]
    found = home.chosen(rows, 9)
    assert ["".join(each.moment.kind[0] for each in three) for three in found] == shown
    for three in found:
        for kind in ("strength", "giveaway"):
            ids = [each.id for each in three if each.moment.kind == kind]
            assert ids == sorted(ids)  # latest first
    assert sorted(each.id for three in found for each in three) == list(range(len(rows)))


def test_the_landing_page_has_the_latest_moments_each_to_be_played_with_its_reason(store: Store) -> None:
    app = opened()
    shown = text_of(app)
    assert "Three moments to listen to" in shown and shown.index("A strength") < shown.index("A giveaway")
    for moment in review().moments:
        for part in (moment.quote, moment.why, moment.tip):
            assert part in shown
    assert len(app.get("audio")) == 2 and 'class="condescension"' in html_of(app)
    assert "Boiler out" in shown and "Show older ones" not in [button.label for button in app.button]
    [first, _] = [link.proto for link in app.get("page_link") if link.proto.label == "Hear it in the call"]
    assert "id=1" in first.query_string and "turn=2" in first.query_string


def test_older_moments_follow_below_when_asked_for(store: Store) -> None:
    for number in range(2):
        at = datetime.now(UTC) - timedelta(days=number)
        store.save(review(), digest=str(number), title=f"call {number}", started_at=at)
    app = opened()
    assert "call 0" in text_of(app) and "call 1" not in text_of(app)
    app.button(key="older").click().run()
    assert not app.exception
    assert text_of(app).index("Older ones") < text_of(app).index("call 1")


def test_the_landing_page_shows_a_rep_their_own_and_says_so_where_nothing_stood_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(without_moments(), digest="Bo", rep="Bo", team="North")
    monkeypatch.setattr(resources, "person", lambda: rep_of(store, "Bo"))
    assert "Nothing stood out" in text_of(opened()) and review().moments[0].quote not in text_of(opened())
    store.save(review(), digest="more of Bo", rep="Bo", title="well done", team="North")
    assert text_of(opened()).count("well done") == 2 and "Boiler out" not in text_of(opened())


def test_a_rep_without_calls_is_told_what_will_be_here_and_is_not_sent_to_add_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "person", lambda: Person("rep", account=1, rep=99))
    for app in (opened(), opened(place=routes.CALLS)):
        assert "No calls yet" in text_of(app) and not app.get("page_link")


def without_moments() -> Review:
    return replace(review(), moments=())


def rep_of(store: Store, name: str) -> Person:
    with store.reading() as session:
        return Person("rep", account=1, rep=session.query(Rep).filter_by(name=name).one().id)


def listed(app: AppTest) -> list[str]:
    assert not app.exception
    return [link.proto.label for link in app.get("page_link")]


@pytest.fixture
def calls(store: Store) -> Store:
    """Besides the call "Boiler out": an old one of Bo in another queue, and one that is not scored."""
    long_ago = datetime.now(UTC) - timedelta(days=60)
    store.save(without_moments(), digest="old", rep="Bo", title="old", queue="Billing", started_at=long_ago)
    nothing = Review(review().call, (None,) * 6, (), "it is too short")
    store.save(nothing, digest="short", rep="Bo", title="short", queue="Repairs")
    return store


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"rep": "Bo", "when": "Last 30 days"}, ["short"]),
        ({"queue": "Billing"}, ["old"]),
        ({"in": "▼ states the obvious"}, ["Boiler out"]),
        ({"scored": "Not scored"}, ["short"]),
        ({"rep": "Bo", "when": "Last 7 days", "scored": "Scored"}, []),
        ({"rep": "Nobody", "when": "ever", "queue": "'", "in": "<b>", "scored": "1"}, ["short", "Boiler out", "old"]),
    ],
)
def test_the_list_can_be_narrowed_and_its_address_says_how(
    calls: Store, asked: dict[str, str], found: list[str]
) -> None:
    app = opened(place=routes.CALLS, **asked)
    assert sorted(listed(app)) == sorted(found)
    assert ("No call is like that" in text_of(app)) == (not found)


def test_filters_can_be_cleared(calls: Store) -> None:
    app = opened(place=routes.CALLS)
    app.selectbox(key="queue").select("Billing").run()
    app.selectbox(key="in").select("A giveaway").run()
    assert listed(app) == []
    app.button(key="clear").click().run()
    assert len(listed(app)) == 3 and app.selectbox(key="queue").value == overview.EVERY_QUEUE


def test_each_thing_that_may_be_in_a_call_can_be_asked_for_in_plain_words(calls: Store) -> None:
    for name, fields in overview.contents().items():
        assert "_" not in name
        Filter(**fields).of_calls()  # every one of them is a field


def test_the_list_turns_pages_and_begins_anew_with_another_filter(store: Store) -> None:
    for number in range(PAGE_SIZE + 2):
        store.save(review(), digest=str(number), rep="Bo", title=f"call {number}")
    app = opened(place=routes.CALLS)
    assert len(listed(app)) == PAGE_SIZE
    app.pagination(key="page").set_value(2).run()
    assert listed(app) == ["call 1", "call 0", "Boiler out"]
    app.selectbox(key="rep").select("Bo").run()
    assert listed(app)[0] == f"call {PAGE_SIZE + 1}"
    app.selectbox(key="rep").select("Ann").run()
    assert listed(app) == ["Boiler out"]


def test_a_lost_recording_takes_only_the_sound_off_the_landing_page(store: Store) -> None:
    Path(store.call(1).recording).unlink()
    app = opened()
    assert not app.get("audio") and "A strength" in text_of(app)
