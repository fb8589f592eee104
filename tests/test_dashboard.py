import io
import json
import re
import subprocess
import sys
import wave
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hand_made import record, review, score, spoken
from pages import html_of, opened, text_of
from streamlit.testing.v1 import AppTest

from coach import audio
from coach.calls import AXES, Evidence, InputError, Rating, Review, Turn
from coach.dashboard import marks, resources, routes, timeline, transcript, words
from coach.dashboard.operations import uploads
from coach.dashboard.operations.uploads import Upload
from coach.store import Store

ROOT = Path(__file__).parents[1]


def marks_in(html: str) -> list[tuple[str, str]]:
    return re.findall(r'<mark class="(\w+)"[^>]*>([^<]*)</mark>', html)


def test_an_empty_store_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/new.db")
    app = opened()
    assert "No calls yet" in text_of(app)
    assert [link.proto.label for link in app.get("page_link")] == ["Add a recording"]


def test_a_database_that_is_none_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "coach.db").write_text("a shopping list " * 100)
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/coach.db")
    assert "cannot be opened as a Tone Coach database" in opened().error[0].value.replace("\\", "")


def test_the_list_names_each_call_and_what_is_in_it(store: Store) -> None:
    app = opened(place=routes.CALLS)
    link = app.get("page_link")[0].proto
    assert link.label == "Boiler out" and "id=1" in link.query_string
    assert "Ann" in text_of(app) and "1 strength · 1 giveaway" in text_of(app)
    assert "Condescension" in text_of(app)


def test_a_file_name_gives_way_to_what_the_call_was_about(store: Store) -> None:
    store.save(review(), digest="boiler", title="boiler", queue="Repairs & visits")
    app = opened(place=routes.CALLS)
    assert app.get("page_link")[0].proto.label.replace("\\", "") == "Repairs & visits"
    assert "boiler" in text_of(opened("1"))


def test_a_turn_that_could_not_be_scored_says_why(store: Store) -> None:
    ratings = (Rating(None, (), "most of these words could not be made out"), *review().ratings[1:])
    store.replace(1, replace(review(), ratings=ratings))
    assert "not scored: most of these words could not be made out" in text_of(opened("1"))


def test_what_is_not_sure_is_said_and_neither_marked_nor_called_slight(store: Store) -> None:
    scores = review().ratings[4].scores | {"impatience": score(1.0)}
    ratings = (*review().ratings[:4], replace(review().ratings[4], scores=scores), None)
    store.replace(1, replace(review(), ratings=ratings))
    said = text_of(opened("1")).partition("Transcript")[2]
    assert "Empathy: not sure, listen for yourself" in said
    assert "Condescension · clearstates the obviousImpatience: not sure, listen for yourself" in said
    assert "Impatience ·" not in said and "hurries" not in said
    assert ("impatience", "Just give me the number") not in marks_in(html_of(opened("1")))


def test_a_call_in_which_no_turn_is_sure_is_not_called_slight_in_the_list_nor_on_its_page(store: Store) -> None:
    unsure = replace(review().ratings[0], scores={axis: score(0.9 * (axis == "impatience")) for axis in AXES})
    store.replace(1, replace(review(), ratings=(unsure, None, unsure, None, unsure, None), moments=()))
    for app in (opened(place=routes.CALLS), opened("1")):
        meters = re.findall(r'class="name">\W*(\w+)<.*?class="word">([\w ]+)<', html_of(app))
        assert meters == [("Condescension", "none"), ("Impatience", "not sure"), ("Empathy", "little")]
        assert 'class="on"' not in html_of(app)
    assert "nothing stood out" in text_of(opened(place=routes.CALLS))


def test_a_call_shows_its_moments_strengths_first_with_words_reason_and_tip(store: Store) -> None:
    shown = text_of(opened("1"))
    strength, giveaway = shown.index("A strength"), shown.index("A giveaway")
    assert strength < giveaway < shown.index("Transcript")
    for moment in review().moments:
        for part in (moment.quote, moment.why, moment.tip, words.behaviours(moment.behaviours)):
            assert part in shown
    assert "almost certainly" not in shown and "probably on the first channel (93% sure" in shown


def test_evidence_is_marked_in_quote_and_transcript_and_unsure_words_are_set_apart(store: Store) -> None:
    marked = marks_in(html_of(opened("1")))
    assert marked.count(("condescension", "obviously it has to be switched on")) == 2
    assert ("impatience", "Just give me the number") in marked
    assert ("unsure", "one.") in marked


def test_each_moment_can_be_heard_from_two_seconds_before_to_one_after(store: Store) -> None:
    app, moments = opened("1"), review().moments
    assert len(app.get("audio")) == len(moments)
    for moment in moments:
        with wave.open(io.BytesIO(resources.clip_of(store.call(1), store.review(1).call, moment))) as clip:
            assert clip.getnframes() / clip.getframerate() == pytest.approx(moment.end - moment.start + 3, abs=0.05)


def test_a_lost_recording_takes_only_the_sound_away(store: Store) -> None:
    Path(store.call(1).recording).unlink()
    app = opened("1")
    assert not app.get("audio") and "A strength" in text_of(app)
    assert "The recording is no longer where it was" in text_of(app)


def test_what_was_said_cannot_become_html(store: Store) -> None:
    evil = '<script>alert("x")</script><img src=x onerror=alert(1)>'
    turns = tuple(replace(turn, text=evil, words=()) for turn in review().call.turns)
    moments = tuple(replace(m, quote=evil, why=evil, tip=evil) for m in review().moments)
    bad = replace(review(), call=replace(review().call, turns=turns, rep=evil), moments=moments)
    call_id = store.save(bad, digest="evil", title=evil + "[a](http://a.example) :red[b]")
    for app in (opened(str(call_id)), opened(place=routes.CALLS), opened()):
        assert evil in text_of(app)
        assert "<script" not in html_of(app) and "<img" not in html_of(app)
    labels = [link.proto.label for link in opened(place=routes.CALLS).get("page_link")]
    assert not any(re.search(r"(?<!\\)[\[<:]", label) for label in labels)


@pytest.mark.parametrize("call", ["999", "-1", "9" * 30, "1 OR 1=1", "<script>", ""])
def test_a_call_that_is_not_there_is_said_plainly(store: Store, call: str) -> None:
    assert "This call is not here" in opened(call).info[0].value


def test_a_call_that_is_not_scored_says_why_and_shows_the_words(store: Store) -> None:
    turns = tuple(replace(turn, speaker="unknown") for turn in review().call.turns)
    call = replace(review().call, turns=turns, rep_channel=None, rep_confidence=None, channels=1)
    reason = "its speakers cannot be told apart (one channel)"
    call_id = store.save(Review(call, (None,) * len(turns), (), reason), digest="mono")
    app = opened(str(call_id))
    assert f"Not scored: {reason}" in text_of(app)
    assert turns[1].text in text_of(app)
    assert not any(button.key in ("swap", "right", "listen") for button in app.button) and not app.get("audio")


def test_swapping_the_speakers_scores_the_call_again_with_the_other_one_as_the_rep(store: Store) -> None:
    opened("1").button(key="swap").click().run(timeout=120)
    swapped, row = store.review(1), store.call(1)
    assert [turn.speaker for turn in swapped.call.turns] == ["customer", "rep"] * 3
    assert [rating is not None for rating in swapped.ratings] == [False, True] * 3
    assert (row.rep_channel, row.rep_confidence, row.rep) == (1, 1.0, "Ann")
    shown = opened("1")
    assert "The rep is on the second channel." in text_of(shown)
    assert not any(m.quote in text_of(shown).partition("Transcript")[0] for m in review().moments)


@pytest.mark.parametrize("recorded", [True, False])
def test_swapping_the_speakers_measures_the_other_voice_where_the_recording_is_still_there(
    store: Store, recorded: bool
) -> None:
    path = Path(store.call(1).recording)
    store.replace(1, spoken(path))
    if not recorded:
        path.unlink()
    opened("1").button(key="swap").click().run(timeout=120)
    swapped = store.review(1, viewer="rep")
    assert [how is not None for how in swapped.delivery] == [False, True] * 3
    assert swapped.timing.talk_share == pytest.approx(1 - talk_share(spoken()), abs=0.05)
    assert swapped.delivery[1].rate is not None
    assert swapped.delivery[1].pitch == (pytest.approx(300, rel=0.02) if recorded else None)


def talk_share(review: Review) -> float:
    lengths = {s: sum(t.end - t.start for t in review.call.speech if t.speaker == s) for s in ("rep", "customer")}
    return lengths["rep"] / sum(lengths.values())


def test_an_unsure_choice_of_the_rep_can_be_confirmed(store: Store) -> None:
    call = replace(review().call, rep_confidence=0.6)
    unsure = Review(call, (None,) * len(call.turns), (), "it is unclear which speaker is the rep")
    store.replace(1, unsure)
    app = opened("1")
    assert "perhaps on the first channel (60% sure" in text_of(app)
    app.button(key="right").click().run(timeout=120)
    row = store.call(1)
    assert (row.rep_channel, row.rep_confidence, row.not_scored) == (0, 1.0, None)
    assert row.scores and store.review(1).call.turns == call.turns


def test_reading_needs_no_model(store: Store) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests'); import test_dashboard as t;"
        "assert t.opened('1').get('audio'); print('torch' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_marks_may_overlap_and_keep_every_letter() -> None:
    html = marks.marked("a <b> & c", [marks.Mark(0, 5, "one", 'say "hi"'), marks.Mark(2, 9, "two", "t")])
    assert unescape(re.sub(r"<[^>]+>", "", html)) == "a <b> & c"
    assert '<mark class="two" title="t"><mark class="one" title="say &quot;hi&quot;">&lt;b&gt;</mark></mark>' in html


def test_a_quote_cut_from_a_turn_keeps_its_marks() -> None:
    found = review()
    turn, rating = found.call.turns[4], found.ratings[4]
    part = replace(found.moments[0], quote="it has to be switched on. Just")
    assert '">it has to be switched on</mark>. Just' in marks.quote_text(part, turn, rating)


def test_a_long_quote_cut_short_keeps_its_marks() -> None:
    found = review()
    cut = replace(found.moments[0], quote="Well, obviously it has…")
    assert "obviously it has…</mark>" in marks.quote_text(cut, found.call.turns[4], found.ratings[4])


def test_a_stock_phrase_is_called_one_and_not_a_touch_of_empathy(store: Store) -> None:
    found, phrase = review(), "How can I help?"
    at = found.call.turns[0].text.index(phrase)
    rated = replace(found.ratings[0], evidence=(Evidence(None, "hollow", at, at + len(phrase), phrase, 0.7),))
    moment = replace(found.moments[0], turn=0, axis="empathy", behaviours=("hollow",), quote=phrase)
    found = replace(found, ratings=(rated, *found.ratings[1:]), moments=(moment,))
    app = opened(str(store.save(found, digest="hollow")))
    assert html_of(app).count(f'<mark class="hollow" title="A stock phrase">{phrase}</mark>') == 2
    assert "A giveawaya stock phrase" in text_of(app) and words.levels(found)[0] == {}


def test_the_timeline_has_a_row_a_turn_coloured_by_what_it_shows_most() -> None:
    table = timeline.turn_table(review())
    assert list(table.who) == ["Rep", "Customer"] * 3
    assert list(table.axis[table.level > 0]) == ["empathy", "condescension"]
    assert list(table.level[table.level > 0]) == [3, 2]
    assert table.tone[0] == "Empathy: not sure, listen for yourself"
    assert (table.high - table.low)[2] > (table.high - table.low)[4] > (table.high - table.low)[0]


def test_the_timeline_numbers_the_moments_as_the_cards_do() -> None:
    data = json.loads(timeline.chart(review()).to_json())["datasets"].values()
    badges = next(rows for rows in data if "number" in rows[0])
    assert [(row["number"], row["kind"]) for row in badges] == [("1", "A strength"), ("2", "A giveaway")]


def test_a_transcript_without_times_has_no_timeline_and_no_sound(store: Store) -> None:
    turns = tuple(Turn(turn.speaker, turn.text) for turn in review().call.turns)
    moments = tuple(replace(m, start=None, end=None) for m in review().moments)
    bare = replace(review(), call=replace(review().call, turns=turns, duration=None), moments=moments)
    app = opened(str(store.save(bare, digest="bare")))
    assert not app.get("vega_lite_chart") and not app.get("audio")
    assert turns[2].text in text_of(app)
    assert "Transcript" in text_of(app) and len(re.findall('class="turn ', transcript.dialogue(bare))) == 6


class Ear:
    """Hears the hand-made call in whatever it is given, or nothing at all."""

    def __init__(self, fails: bool = False) -> None:
        self.fails, self.heard = fails, 0

    versions: ClassVar = {"engine": "an ear"}

    def review(self, path, rep_channel, progress) -> Review:
        if self.fails:
            raise InputError(f"{path}: no sound in it; choose another file")
        self.heard += 1
        progress(1.0)
        return replace(review(), call=replace(review().call, rep=None))


def test_an_upload_is_kept_under_its_content_and_heard_once(tmp_path: Path) -> None:
    store, ear, steps = Store(f"sqlite:///{tmp_path}/coach.db"), Ear(), []
    content = record(tmp_path / "in.wav", review().call).read_bytes()
    first = uploads.add(Upload("../../My call.wav", content, "Ann"), store, lambda: ear, steps.append)
    again = uploads.add(Upload("other name.wav", content), store, lambda: ear, steps.append)
    row = store.call(first)
    assert first == again and ear.heard == 1 and steps == [1.0]
    assert (row.rep, row.title) == ("Ann", "My call")
    assert Path(row.recording).read_bytes() == content and Path(row.recording).is_relative_to(tmp_path / "recordings")
    assert [path.name for path in (tmp_path / "recordings").rglob("*.wav")] == ["My_call.wav"]


def test_an_upload_that_cannot_be_used_is_not_kept(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/coach.db")
    with pytest.raises(InputError):
        uploads.add(Upload("x.wav", b"nothing"), store, lambda: Ear(fails=True), lambda done: None)
    assert store.count() == 0 and list((tmp_path / "recordings").iterdir()) == []


def test_the_clip_has_the_sound_of_the_one_who_speaks(store: Store) -> None:
    with wave.open(io.BytesIO(resources.clip_of(store.call(1), review().call, review().moments[1]))) as clip:
        sound = np.frombuffer(clip.readframes(clip.getnframes()), "<i2").astype(float)
        rate = clip.getframerate()
    second = sound[3 * rate : 4 * rate]
    assert abs(np.fft.rfftfreq(rate, 1 / rate)[np.abs(np.fft.rfft(second)).argmax()] - 440) < 2


def handed_in(name: str, content: bytes) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run().switch_page(routes.ADD).run()
    app.text_input[0].set_value("Dana")
    app.file_uploader[0].set_value((name, content, "audio/wav")).run()
    return app.button[0].click().run(timeout=300)


def test_what_is_no_recording_is_said_in_one_line_and_not_kept(store: Store) -> None:
    app = handed_in("notes.wav", b"Only a few notes, and no sound at all.")
    assert "notes.wav" in app.error[0].value.replace("\\", "") and "\n" not in app.error[0].value
    assert store.count() == 1 and not list((store.folder / "recordings").rglob("*.*"))


def test_a_recording_handed_in_is_heard_and_its_call_opened(store: Store, samples: Path, tmp_path: Path) -> None:
    start = next(audio.blocks(samples / "2026-11-19_1132_dana.wav", seconds=20))
    with wave.open(str(tmp_path / "start.wav"), "wb") as wav:
        wav.setparams((2, 2, audio.RATE, 0, "NONE", ""))
        wav.writeframes((start.T * 32767).astype("<i2").tobytes())
    app = handed_in("Start of a call.wav", (tmp_path / "start.wav").read_bytes())
    assert not app.exception and not app.error
    row = store.calls()[0]
    assert (row.title, row.rep, row.channels) == ("Start of a call", "Dana", 2)
    said = [(turn.speaker, turn.text) for turn in store.review(row.id).call.turns]
    assert any(who == "rep" and "phone number" in text for who, text in said)
    assert any(who == "customer" and "dryer" in text for who, text in said)
    assert "Start of a call" in text_of(app) and all(text in text_of(app) for _, text in said)
