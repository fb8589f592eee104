"""The command line's contract: formats, exit codes, one clear line for each input that fails."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import wave
from dataclasses import fields, replace
from pathlib import Path

import hand_made
import numpy as np
import pytest
from click.testing import CliRunner, Result

from coach import report
from coach.as_json import call_to_dict, review_from_dict, review_to_dict
from coach.calls import AXES, Call, Delivery, Evidence, Moment, Overlap, Score, Silence, Stretch, Timing, Turn, Word
from coach.cli import main
from coach.commands.options import VIEWERS
from coach.store import Store

CALLS = [
    {
        "id": "curt",
        "turns": [
            {"speaker": "customer", "text": "Hi, I think I was charged twice, and I'm a bit worried about it."},
            {"speaker": "rep", "text": "Okay okay, just give me the account number. I've got other people waiting."},
            {"speaker": "customer", "text": "Sorry. It's four four one."},
            {"speaker": "rep", "text": "As I already told you, you should have read the terms before you signed."},
        ],
    },
    {"id": "plain", "turns": [{"speaker": "rep", "text": "Good morning, this is Anna. How can I help?"}]},
]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    path = tmp_path / "calls.jsonl"
    path.write_text("".join(json.dumps(call) + "\n" for call in CALLS))
    return path


def test_json_is_one_review_a_line_in_the_order_of_the_calls(calls: Path):
    result = run("score", calls, "--format", "json")
    reviews = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [review["id"] for review in reviews] == ["curt", "plain"]
    assert [len(review["turns"]) for review in reviews] == [4, 1]
    for review in reviews:
        assert review["not_scored"] is None
        assert review_to_dict(review_from_dict(review)) == review_to_dict(
            review_from_dict(json.loads(json.dumps(review)))
        )
        for turn in review["turns"]:
            assert ("scores" in turn) == (turn["speaker"] == "rep")
            for axis in AXES if "scores" in turn else ():
                score = turn["scores"][axis]
                assert 0 <= score["rating"] <= 3
                assert 0 <= score["clear"] <= score["probability"] <= 1
            for evidence in turn.get("evidence", ()):
                assert turn["text"][evidence["start"] : evidence["end"]] == evidence["text"]


def test_the_curt_rep_is_given_away_by_their_own_words(calls: Path):
    first = json.loads(run("score", calls, "--format", "json").stdout.splitlines()[0])
    hurried, blamed = first["turns"][1]["scores"], first["turns"][3]["scores"]
    assert max(hurried, key=lambda axis: hurried[axis]["rating"]) == "impatience"
    assert max(blamed, key=lambda axis: blamed[axis]["rating"]) == "condescension"
    moment = next(moment for moment in first["moments"] if moment["turn"] == 3)
    assert (moment["kind"], moment["axis"], moment["start"]) == ("giveaway", "condescension", None)
    assert "you should have read the terms" in moment["quote"]
    assert moment["why"] and moment["tip"]


def test_table_and_csv_say_the_same_for_people_and_spreadsheets(calls: Path, tmp_path: Path):
    table = run("score", calls).stdout
    assert "curt" in table and "impatience" in table and "!" in table
    out = tmp_path / "out.csv"
    assert run("score", calls, "--format", "csv", "--out", out).stdout == ""
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [(row["call"], row["turn"]) for row in rows] == [("curt", "1"), ("curt", "3"), ("plain", "0")]
    assert float(rows[0]["impatience"]) > 1 > float(rows[2]["impatience"])


@pytest.mark.parametrize("arguments", [["score"], ["score", "x.json", "--format", "xml"], ["nonsense"]])
def test_wrong_usage_is_exit_code_2(arguments: list[str]):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["evaluate", "{here}/absent.jsonl"], "absent.jsonl"),
        (["train", "--data", "{here}"], "train.jsonl"),
        (["batch", "{here}/calls.jsonl", "--db", "{here}/new.db"], "recording"),
        (["calls", "--db", "{here}/calls.jsonl"], "calls.jsonl"),
    ],
)
def test_what_a_command_cannot_go_on_without_is_said_in_one_line(
    command: list[str], reason: str, calls: Path, tmp_path: Path
):
    before = calls.read_bytes()
    result = run(*(part.format(here=tmp_path) for part in command))
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert reason in result.stderr
    assert calls.read_bytes() == before


def spoil(folder: Path, sample: Path) -> dict[str, str]:
    """Files that cannot be used, each with a word that must be in the line about it."""
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("Dear customer, this is not a recording.")
    (folder / "broken.json").write_text('{"id": "x", "turns": [')
    (folder / "noturns.json").write_text('{"id": "x"}')
    (folder / "spanish.json").write_text(
        json.dumps(
            {"id": "es", "turns": [{"speaker": "rep", "text": "Buenos días, ¿en qué puedo ayudarle con su factura?"}]}
        )
    )
    write_wav(folder / "short.wav", np.ones((2, 1600)))
    write_wav(folder / "silence.wav", np.zeros((2, 8 * 16000)))
    write_wav(folder / "nine.wav", np.random.default_rng(0).normal(0, 0.1, (9, 32000)))
    shutil.copy(sample, folder / "secret.wav")
    (folder / "secret.wav").chmod(0)
    expected = {
        "empty.wav": "empty", "text.wav": "not a recording", "broken.json": "JSON", "noturns.json": "turns",
        "spanish.json": "Spanish", "short.wav": "too short", "silence.wav": "no speech", "nine.wav": "9 channels",
        "absent.wav": "no such file",
    }  # fmt: skip
    return expected | ({"secret.wav": "permission"} if os.getuid() else {})


def write_wav(path: Path, sound: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(sound))
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((sound.T * 32000).clip(-32767, 32767).astype("<i2").tobytes())


def test_each_bad_file_gets_one_line_and_the_others_are_done(calls: Path, tmp_path: Path, samples: Path):
    expected = spoil(tmp_path, samples / "2026-11-17_0912_dana.wav")
    result = run("score", *(tmp_path / name for name in expected), calls, "--format", "json")
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert len(lines) == len(expected)
    for line, (name, reason) in zip(lines, expected.items(), strict=True):
        assert name in line
        assert reason in line
    scored = [review["id"] for line in result.stdout.splitlines() if not (review := json.loads(line))["not_scored"]]
    assert scored == ["curt", "plain"]


def test_a_recording_that_breaks_off_is_scored_as_far_as_it_goes_and_said(samples: Path, tmp_path: Path):
    whole = samples / "2026-11-19_1618_colin.mp3"
    cut = tmp_path / "cut.mp3"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 3])
    result = run("score", cut, "--format", "json", "--engine", "faster-whisper")
    review = json.loads(result.stdout)
    assert 25 < review["duration"] < 40
    assert any(turn["speaker"] == "rep" and turn["scores"] for turn in review["turns"])


def test_the_module_runs_and_tells_its_commands():
    told = subprocess.run([sys.executable, "-m", "coach", "--help"], capture_output=True, text=True, check=True).stdout
    for command in ("score", "batch", "calls", "settings", "dashboard", "train", "evaluate"):
        assert f"  {command} " in told


@pytest.fixture
def stored(tmp_path: Path) -> Store:
    store = Store(f"sqlite:///{tmp_path}/coach.db")
    store.save(hand_made.spoken(), digest="boiler")
    return store


def test_what_is_printed_of_the_stored_calls_depends_on_who_looks(stored: Store):
    line = "talk share 61 %, 1 overlap, longest silence 11 s, 3 questions asked"
    printed = {viewer: run("calls", "--db", stored.url, "--viewer", viewer).stdout for viewer in VIEWERS}
    assert line in printed["rep"] and "cuts_off" in printed["rep"]
    for viewer in ("lead", "operations"):
        assert "Boiler out" in printed[viewer] and "states_the_obvious" in printed[viewer]
        assert "talk share" not in printed[viewer] and "cuts_off" not in printed[viewer]
    assert run("calls", "--db", stored.url).stdout == printed["operations"]
    run("settings", "delivery", "team", "--db", stored.url)
    assert line in run("calls", "--db", stored.url, "--viewer", "lead").stdout


def test_the_setting_is_shown_and_changed_and_off_says_what_it_removes(stored: Store):
    def setting(*choice: str) -> str:
        return run("settings", "delivery", *choice, "--db", stored.url).stdout

    assert "delivery: rep (only the rep sees" in setting()
    assert "delivery: team" in setting("team") and "delivery: team" in setting()
    assert "Removed from 1 calls for good." in setting("off")
    assert "Removed" not in setting() and "delivery: off" in setting()
    assert run("settings", "delivery", "everybody", "--db", stored.url).exit_code == 2
    assert "talk share" not in run("calls", "--db", stored.url, "--viewer", "rep").stdout


def test_the_csv_ends_with_how_each_turn_was_spoken():
    rows = list(csv.DictReader(io.StringIO(report.csv([hand_made.spoken(), hand_made.review()]))))
    measured = [field.name for field in fields(Delivery)]
    assert list(rows[0])[-len(measured) - 2 :] == ["evidence", "not_scored", *measured]
    assert [float(row["rate"]) for row in rows[:3]] == [4.4, 4.5, 6.9]
    assert {row[name] for row in rows[3:] for name in measured} == {""}


@pytest.mark.parametrize(
    ("flags", "env", "told"), [([], "on", True), (["--no-delivery"], "", False), ([], "off", False)]
)
def test_scoring_tells_how_it_was_spoken_unless_told_not_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: list[str], env: str, told: bool
):
    monkeypatch.setenv("TONE_COACH_DELIVERY", env)
    path = tmp_path / "spoken.jsonl"
    path.write_text(json.dumps(call_to_dict(hand_made.spoken().call)))
    found = json.loads(run("score", path, "--tone", "fast", "--format", "json", *flags).stdout)
    assert ("timing" in found, "delivery" in found["turns"][0]) == (told, told)
    assert ("talk share" in run("score", path, "--tone", "fast", *flags).stdout) == told


@pytest.mark.parametrize(
    "part", [Call, Turn, Word, Score, Evidence, Moment, Stretch, Delivery, Timing, Overlap, Silence]
)
def test_every_field_of_the_json_is_documented(part: type):
    text = (Path(__file__).parents[1] / "docs" / "formats.md").read_text()
    assert [field.name for field in fields(part) if f"`{field.name}`" not in text] == []


def test_of_a_transcript_nobody_says_whether_people_spoke_at_once():
    heard = hand_made.spoken()
    assert "1 overlap" in report.table(heard)
    assert "overlap" not in report.table(replace(heard, call=replace(heard.call, speech=())))
