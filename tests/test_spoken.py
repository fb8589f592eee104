import json
import re
from dataclasses import replace

import pytest
from hand_made import USUAL, review, spoken
from pages import html_of, opened, text_of
from streamlit.testing.v1 import AppTest

from coach.calls import Delivery
from coach.dashboard import resources, timeline
from coach.dashboard.rep import spoken as spoken_page
from coach.store import Person, Policy, Store

TRACES = ("How you spoke", "How you said it", "You came in before", "both speak", "talked over", "spoke at once")


def everything(app: AppTest) -> str:
    """All that a page says: its text and the data of its charts."""
    charts = [str(chart.proto) for chart in app.get("vega_lite_chart")]
    return text_of(app) + "".join(charts)


def test_a_rep_reads_how_they_spoke_beside_the_moments_and_is_led_to_the_lines(store: Store) -> None:
    store.replace(1, spoken())
    app = opened("1")
    shown, html = text_of(app), html_of(app)
    before, _, part = shown.partition("How you spoke")
    assert "Only you see this. Not enough calls yet to know your usual (0 of 8)" in part
    assert "You did 61 % of the talking. Once, both of you spoke at once. The longest silence was 11 s." in part
    talked_over = "You talked over the customer for 1.4 s, and kept going."
    assert talked_over in part and f"How you said it: {talked_over}" in before
    assert all(trace in everything(app) for trace in TRACES)
    for line in re.findall(r'href="#(line-\d+)"', html):
        assert f'id="{line}"' in html
    assert len(app.get("vega_lite_chart")) == 2


def test_each_turn_lies_where_it_is_against_the_usual_and_only_what_is_far_from_it_is_dark() -> None:
    table = spoken_page.lane_table(spoken(), USUAL)
    speed, pitch = table[table.measure == "Speed"], table[table.measure == "Pitch"]
    assert list(speed.far) == [False, False, True] and not pitch.far.any()
    assert 0 <= speed.y.iloc[1] < speed.y.iloc[2] < 0.5 and pitch.y.max() < -0.5
    assert list(speed.long) == [False, True, True]
    assert speed.figure.iloc[2] == "6.9 syllables a second" and speed.usual.iloc[2] == "4.1 to 4.7 syllables a second"
    told = spoken_page.in_words(table)
    assert "Speed: 4.1 to 4.7 syllables a second is usual; far from it at 0:20." in told
    assert "Pitch: 171 to 192 Hz is usual; no turn is far from it." in told


def test_without_a_usual_nothing_is_far_from_it_and_no_band_is_drawn() -> None:
    nothing = type(USUAL)({})
    table = spoken_page.lane_table(spoken(), nothing)
    assert len(table) == 9 and not table.far.any() and set(table.usual) == {"not known yet"}
    assert "Pitch: your usual is not known yet." in spoken_page.in_words(table)
    assert "band" not in spoken_page.key(nothing, table) and "your usual" in spoken_page.key(USUAL, table)
    data = json.loads(spoken_page.chart(table, nothing, 30.0).to_json())["datasets"].values()
    assert not any("top" in row for rows in data for row in rows)


def test_a_fact_that_was_not_measured_takes_its_lane_away() -> None:
    turns = tuple(how and replace(how, pitch=None) for how in spoken().delivery)
    table = spoken_page.lane_table(replace(spoken(), delivery=turns), USUAL)
    assert set(table.measure) == {"Speed", "Loudness"}
    nothing = replace(spoken(), delivery=tuple(how and Delivery() for how in spoken().delivery))
    assert len(spoken_page.lane_table(nothing, USUAL)) == 0


def test_overlaps_and_silences_are_marked_on_the_timeline() -> None:
    data = json.loads(timeline.chart(spoken()).to_json())["datasets"].values()
    marked = {row["what"]: row for rows in data for row in rows if "what" in row}
    assert set(marked) == {timeline.BOTH, timeline.NOBODY}
    assert marked[timeline.NOBODY]["length"] == "11 s"
    assert marked[timeline.BOTH]["who"] == "the rep came in, the customer gave way"
    assert "both speak" in timeline.key(spoken()) and "both speak" not in timeline.key(review())


def test_a_lead_finds_no_trace_of_it_on_the_page_unless_the_policy_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = Person("lead", account=1, teams=("North",))
    sees_calls = Policy("opt-out", first_hours=0, whole_calls=True)
    store.set_policy(sees_calls)
    store.replace(1, spoken())
    monkeypatch.setattr(resources, "person", lambda: lead)
    app = opened("1")
    assert not any(trace in everything(app) for trace in TRACES) and "obviously" in text_of(app)
    store.set_policy(replace(sees_calls, delivery="team"))
    assert "You and your team's lead see this." in text_of(opened("1"))


def test_where_it_is_not_shown_the_page_says_why(store: Store) -> None:
    assert "It was not measured when this call was scored." in text_of(opened("1"))
    call_id = store.save(review(), digest="transcript")
    assert "This call came as a transcript" in text_of(opened(str(call_id)))
    store.replace(1, spoken())
    store.set_policy(Policy(delivery="off"))
    shown = text_of(opened("1"))
    assert "How you spokeIt is switched off here" in shown and "You came in before" not in shown
    assert not any(trace in shown for trace in ("61 %", "spoke at once", "Only you"))
