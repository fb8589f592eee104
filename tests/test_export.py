import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
import webvtt
from click.testing import CliRunner
from test_store import review_of, spoken

from coach import transcripts
from coach.as_json import review_from_dict
from coach.calls import Call, InputError, Rating, Review, Turn, Word
from coach.cli import main
from coach.export import FORMATS, export, tables
from coach.store import Policy, Store, care

STARTED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
TRACES = ("187.5", "Over them, 1.4 s.", "cuts_off", "0.625")  # of how the rep of `spoken` spoke


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(f"sqlite:///{tmp_path}/coach.db")
    known = {"team": "North", "queue": "repairs", "customer": "C-1", "scorer": {"tone": "1"}}
    store.save(spoken(), digest="a", title="Kettle", started_at=STARTED, **known)
    store.save(review_of("Right & “<quick>” then."), digest="b", rep="Bo", started_at=STARTED.replace(month=5))
    return store


def contents(out: Path) -> str:
    files = out.rglob("*") if out.is_dir() else [out]
    return "".join(path.read_bytes().decode("utf-8", "replace") for path in files if path.is_file())


@pytest.mark.parametrize("form", list(FORMATS))
def test_only_who_may_see_delivery_takes_it_along(store: Store, tmp_path: Path, form: str) -> None:
    seen: dict[str, dict[str, str]] = {}
    for policy in ("team", "rep", "off"):
        store.set_policy(Policy(delivery=policy))
        for viewer in ("rep", "lead", "operations"):
            export(store, form, tmp_path / policy / viewer, viewer=viewer)
            seen.setdefault(policy, {})[viewer] = contents(tmp_path / policy / viewer)
    nothing = seen["off"]["operations"]
    assert not any(trace in nothing for trace in TRACES)
    assert (
        {seen["off"][viewer] for viewer in ("rep", "lead")}
        == {nothing}
        == {seen["rep"][v] for v in ("lead", "operations")}
    )
    assert seen["team"]["operations"] == nothing
    if form != "srt":  # which has the words alone
        everything = seen["rep"]["rep"]
        assert everything != nothing and seen["team"]["rep"] == seen["team"]["lead"] == everything
    if form in ("csv", "jsonl", "convokit"):
        assert all(trace in everything for trace in TRACES)


def test_lines_of_json_are_reviews_as_the_store_has_them(store: Store, tmp_path: Path) -> None:
    export(store, "jsonl", tmp_path / "all.jsonl", viewer="rep")
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text("utf-8").splitlines()]
    assert [review_from_dict(line) for line in lines] == [store.review(1, viewer="rep"), store.review(2, viewer="rep")]
    kept = lines[0]["kept"]
    assert (kept["title"], kept["started_at"], kept["customer"]) == ("Kettle", "2026-03-01T09:30:00+00:00", "C-1")
    first = next(iter(transcripts.read(tmp_path / "all.jsonl")))
    assert isinstance(first, Call) and first.turns == store.review(1).call.turns


def test_tables_agree_and_have_their_types(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "ROWS", 1)  # so that they are written piece by piece
    for form in ("csv", "parquet"):
        export(store, form, tmp_path / form, viewer="rep")
    parquet = {name: pd.read_parquet(tmp_path / "parquet" / f"{name}.parquet") for name in tables.COLUMNS}
    for name, table in parquet.items():
        with (tmp_path / "csv" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(table) > 0 and list(rows[0]) == list(table) == list(tables.COLUMNS[name])
    calls, turns = parquet["calls"], parquet["turns"]
    assert calls.started_at[0] == STARTED and calls.customer[0] == "C-1" and calls.rep.tolist() == ["Ann", "Bo"]
    assert (calls.condescension[0], calls.unsure[0], calls.overlaps[0]) == (1.9, "empathy", 1)
    assert turns.text.tolist()[3] == "Right & “<quick>” then." and turns.groupby("call").size().tolist() == [2, 2]
    assert (turns.condescension[1], turns.condescension_probability[1], turns.rate[1]) == (1.9, 1.9 / 3, 4.5)
    assert pd.isna(turns.condescension[0]) and pd.isna(turns.rate[3]) and bool(turns.empathy_unsure[1])
    assert parquet["evidence"].behaviour.tolist() == ["states_the_obvious"] * 2
    assert parquet["moments"].heard.tolist() == [True, False, False]


def test_captions_say_who_speaks_and_mark_the_evidence(store: Store, tmp_path: Path) -> None:
    export(store, "vtt", tmp_path / "vtt")
    assert sorted(path.name for path in (tmp_path / "vtt").iterdir()) == ["1-Kettle.vtt", "2-kettle.vtt"]
    text = (tmp_path / "vtt" / "1-Kettle.vtt").read_text("utf-8")
    assert "00:00:02.000 --> 00:00:04.500\n<v Ann><c.condescension>Well, obviously it has to be plugged in.</c>" in text
    assert "NOTE giveaway: states_the_obvious. It sounds as if. Try this.\n\n00:00:02.000" in text
    escaped = webvtt.read(tmp_path / "vtt" / "2-kettle.vtt").captions[1]
    assert escaped.raw_text == "<v Bo><c.condescension>Right &amp; “&lt;quick&gt;” then.</c>"
    export(store, "srt", tmp_path / "srt")
    assert (tmp_path / "srt" / "1-Kettle.srt").read_text("utf-8") == (
        "1\n00:00:00,000 --> 00:00:01,500\nCustomer: It won't start.\n\n"
        "2\n00:00:02,000 --> 00:00:04,500\nAnn: <u>Well, obviously it has to be plugged in.</u>\n"
    )


@pytest.mark.parametrize("form", ["vtt", "srt"])
def test_captions_are_read_again_as_the_same_call(store: Store, tmp_path: Path, form: str) -> None:
    export(store, form, tmp_path / form)
    (call,) = transcripts.read(tmp_path / form / f"1-Kettle.{form}")
    was = store.review(1).call
    assert [(t.speaker, t.text, t.start, t.end) for t in call.turns] == [
        (t.speaker, t.text, t.start, t.end) for t in was.turns
    ]
    assert call.rep == "Ann"


def long_turn() -> Review:
    words = tuple(Word(f"word{n},", n * 0.5, n * 0.5 + 0.4) for n in range(60))
    text = " ".join(word.text for word in words)
    turns = (Turn("rep", text, 0.0, 29.9, words), Turn("customer", "Over it.", 3.0, 3.5), Turn("unknown", " ", 3, 4))
    rating = replace(review_of().ratings[1].evidence[0], start=text.index("word10"), end=text.index("word14,"))
    return Review(Call("long", turns), (Rating(review_of().ratings[1].scores, (rating,)), None, None))


def test_a_long_turn_is_cut_into_captions_that_can_be_read(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/coach.db")
    store.save(long_turn(), digest="long")
    export(store, "vtt", tmp_path / "vtt")
    (path,) = (tmp_path / "vtt").iterdir()
    captions = [c for c in webvtt.read(path).captions if c.voice == "Rep"]
    assert " ".join(c.text for c in captions) == long_turn().call.turns[0].text
    assert all(len(c.text) <= 85 and c.end_in_seconds - c.start_in_seconds <= 7 for c in captions) and len(captions) > 4
    starts = [c.start_in_seconds for c in webvtt.read(path).captions]
    assert starts == sorted(starts)
    marked = "".join(c.raw_text for c in captions)
    assert marked.count("<c.condescension>") == marked.count("</c>") == 2  # it goes over from one caption to the next


def test_calls_without_words_or_times_have_no_captions(store: Store, tmp_path: Path) -> None:
    bare = review_of()
    turns = tuple(replace(turn, start=None, end=None, words=()) for turn in bare.call.turns)
    store.save(replace(bare, call=replace(bare.call, turns=turns)), digest="bare")
    for calls in care.found(store, care.StoredCall.id == 1):
        care.remove_words(store, calls)
    outcome = export(store, "srt", tmp_path / "srt")
    assert (outcome.calls, outcome.without_words, outcome.without_times) == (1, 1, 1)


def test_a_convokit_corpus_is_consistent(store: Store, tmp_path: Path) -> None:
    export(store, "convokit", tmp_path / "corpus", viewer="rep")
    read = {path.name: path.read_text("utf-8") for path in (tmp_path / "corpus").iterdir()}
    assert sorted(read) == ["conversations.json", "corpus.json", "index.json", "speakers.json", "utterances.jsonl"]
    utterances = [json.loads(line) for line in read["utterances.jsonl"].splitlines()]
    conversations, speakers, index = (json.loads(read[f"{n}.json"]) for n in ("conversations", "speakers", "index"))
    assert [u["id"] for u in utterances] == ["1-0", "1-1", "2-0", "2-1"]
    assert [(u["conversation_id"], u["reply-to"]) for u in utterances[:3]] == [
        ("1-0", None),
        ("1-0", "1-0"),
        ("2-0", None),
    ]
    assert {u["speaker"] for u in utterances} == set(speakers) == {
        "customer: C-1", "rep: Ann", "customer of call 2", "rep: Bo"
    }  # fmt: skip
    assert set(conversations) == {"1-0", "2-0"} and conversations["1-0"]["meta"]["started_at"] == STARTED.isoformat()
    assert utterances[1]["meta"]["scores"]["condescension"]["rating"] == 1.9
    for about, objects in (("utterances", utterances), ("conversations", conversations.values())):
        assert set(index[f"{about}-index"]) == {name for each in objects for name in each["meta"]}


def test_reps_and_dates_choose_the_calls(store: Store, tmp_path: Path) -> None:
    assert export(store, "csv", tmp_path / "bo", rep="Bo").calls == 1
    assert export(store, "csv", tmp_path / "since", since=STARTED.replace(month=4)).calls == 1
    assert "Kettle" not in contents(tmp_path / "bo") + contents(tmp_path / "since")
    assert export(store, "csv", tmp_path / "none", rep="Nobody").calls == 0


def test_more_calls_than_are_read_at_once(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.store.each.AT_ONCE", 2)
    for number in range(5):
        store.save(review_of(), digest=str(number))
    export(store, "jsonl", tmp_path / "all.jsonl")
    lines = (tmp_path / "all.jsonl").read_text().splitlines()
    assert [json.loads(line)["kept"]["id"] for line in lines] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("form", list(FORMATS))
def test_an_export_that_fails_leaves_nothing(
    store: Store, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object):
        yield store.call(1), store.review(1)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("coach.export.files.each", breaks)
    (tmp_path / "exports").mkdir()
    with pytest.raises(InputError, match="No space left on device") as error:
        export(store, form, tmp_path / "exports" / "out")
    assert "exports/out" in str(error.value) and list((tmp_path / "exports").iterdir()) == []


def test_the_command_writes_nothing_over(store: Store, tmp_path: Path) -> None:
    command = ["export", "--format", "jsonl", "--db", store.url, "--out", str(tmp_path / "new" / "all.jsonl")]
    first, second = (CliRunner().invoke(main, command) for _ in range(2))
    assert (first.exit_code, first.stdout) == (0, f"2 calls are in {tmp_path}/new/all.jsonl.\n")
    assert second.exit_code == 1 and "is there already" in second.stderr and second.stderr.count("\n") == 1
