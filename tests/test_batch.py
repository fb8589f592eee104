"""Which recordings a batch takes, what is known of them, and what it says of its work."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import fsspec
import psutil
import pytest
from click.testing import CliRunner
from light import Light, record

from coach.batch import Batch, Event, Outcome, Recording, night, recordings
from coach.batch.recordings import latest
from coach.batch.telling import line, status, summary
from coach.calls import InputError
from coach.cli import main
from coach.review import Reviewer
from coach.store import Store


def run(source: Path | str, store: Store, light: Light, **options) -> tuple[Outcome, list[Event]]:
    said: list[Event] = []
    return Batch(store, light, said.append, **options).run(recordings(source), str(source)), said


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path}/night.db")


@pytest.fixture
def light(tmp_path: Path) -> Light:
    return Light(tmp_path / "log")


def test_a_folder_is_scored_once_and_a_bad_file_stops_nothing(tmp_path: Path, samples: Path, store: Store):
    """With the real models."""
    folder = tmp_path / "calls"
    (folder / "monday").mkdir(parents=True)
    (folder / "bad.wav").write_text("not sound")
    (folder / "notes.txt").write_text("not meant")
    shutil.copy(samples / "2026-11-18_1405_dana.wav", folder / "monday" / "call.wav")

    def night() -> tuple[Outcome, list[Event]]:
        return run(folder, store, Reviewer("faster-whisper"))

    outcome, said = night()
    assert (outcome.scored, outcome.failed, outcome.failures) == (1, 1, {"cannot be used": 1})
    assert 45 < outcome.audio < 55 and outcome.missing == {"rep": 1, "team": 1, "started_at": 1}
    (bad,) = [event for event in said if event.kind == "failed"]
    assert bad.recording.path == folder / "bad.wav" and bad.reason.startswith("this is not a recording")
    (row,) = store.calls()
    assert (row.title, row.rep, row.recording) == ("call", None, str(folder / "monday" / "call.wav"))
    assert row.scores["impatience"] > row.scores["empathy"]

    shutil.move(folder / "monday" / "call.wav", folder / "renamed.wav")
    outcome, said = night()
    assert (outcome.already_there, outcome.failed, store.count()) == (1, 1, 1)


def test_a_manifest_says_who_took_the_call_and_when(tmp_path: Path):
    manifest = tmp_path / "calls.csv"
    manifest.write_text("recording,rep,started_at,rep_channel\na.wav,Dana R.,2026-11-18T14:05:00,1\nb.wav,,,\n")
    dana = Recording(tmp_path / "a.wav", rep="Dana R.", started_at=datetime(2026, 11, 18, 14, 5), rep_channel=1)
    assert recordings(manifest) == [dana, Recording(tmp_path / "b.wav")]
    rows = [{"recording": "a.wav", "rep": "Dana R.", "started_at": "2026-11-18T14:05:00", "rep_channel": 1}]
    rows.append({"recording": "memory://bucket/b.wav", "customer": 4711, "caller": "new"})
    (tmp_path / "calls.jsonl").write_text("\n".join(map(json.dumps, rows)))
    elsewhere = Recording("memory://bucket/b.wav", customer="4711", caller="new")
    assert recordings(tmp_path / "calls.jsonl") == [dana, elsewhere]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("calls.csv", "file,rep\na.wav,Dana\n", "column named recording"),
        ("calls.csv", "recording,started_at\na.wav,yesterday\n", "line 2"),
        ("calls.csv", "recording,rep_channel\na.wav,3\n", "line 2.*0 or 1"),
        ("calls.jsonl", '{"recording": "a.wav"}\n{"rep": "Dana"}\n', "line 2.*names no recording"),
        ("calls.jsonl", "recording\n", "line 1.*not JSON"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_before_anything_is_done(
    tmp_path: Path, name: str, text: str, reason: str
):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=reason):
        recordings(tmp_path / name)


def test_what_the_manifest_leaves_out_the_side_car_says_and_then_the_name(tmp_path: Path):
    calls = record(tmp_path, "2026-11-17_0912_dana", "20261118_140500_colin", "2026-99-99_9999_nobody", "plain")
    (tmp_path / "2026-11-17_0912_dana.json").write_text('{"rep": "Dana R.", "queue": "Repairs", "turns": []}')
    (tmp_path / "plain.json").write_text("[]")
    found = {recording.path: recording for recording in recordings(tmp_path)}
    nine, two = datetime(2026, 11, 17, 9, 12), datetime(2026, 11, 18, 14, 5)
    assert found[calls[0]] == Recording(calls[0], rep="Dana R.", queue="Repairs", started_at=nine)
    assert found[calls[1]] == Recording(calls[1], rep="colin", started_at=two)
    assert found[calls[2]].missing == found[calls[3]].missing == ["rep", "team", "started_at"]


def test_a_pattern_says_what_names_and_folders_tell(tmp_path: Path):
    (path,) = record(tmp_path / "Energy" / "dana", "C-4711 2026-11-17")
    (found,) = recordings(tmp_path, "{team}/{rep}/{customer} {date}")
    assert found == Recording(path, rep="dana", team="Energy", customer="C-4711", started_at=datetime(2026, 11, 17))
    with pytest.raises(InputError, match="cannot tell wage"):
        recordings(tmp_path, "{wage}")


def test_globs_and_single_recordings_are_sources_too(tmp_path: Path):
    monday, tuesday = (*record(tmp_path / "mon", "a"), *record(tmp_path / "tue", "b"))
    assert [r.path for r in recordings(tmp_path / "*" / "a.wav")] == [monday]
    assert [r.path for r in recordings(f"{tmp_path}/**/*.wav")] == [monday, tuesday]
    assert [r.path for r in recordings(tuesday)] == [tuesday]


@pytest.mark.parametrize("source", ["memory://night/in", "memory://night/in/*.wav", "memory://night/in/list.csv"])
def test_a_bucket_is_read_by_copies_that_do_not_stay(tmp_path: Path, store: Store, light: Light, source: str):
    bucket = fsspec.filesystem("memory")
    for path in record(tmp_path / "here", "a", "refuse"):
        bucket.put_file(str(path), f"/night/in/{path.name}")
    bucket.pipe("/night/in/a.json", b'{"rep": "Dana R."}')
    bucket.pipe("/night/in/list.csv", b"recording,rep\na.wav,Dana R.\nrefuse.wav,\nabsent.wav,\n")
    outcome, said = run(source, store, light)
    listed = source.endswith("csv")
    assert (outcome.scored, outcome.failed) == (1, 1 + listed)
    (row,) = store.calls()
    url = row.recording
    assert row.title == "a" and url.replace(":///", "://") == "memory://night/in/a.wav"
    assert row.rep == (None if "*" in source else "Dana R.")
    assert store.review(row.id).call.recording == url
    failed = {event.recording.path.rpartition("/")[2]: event.reason for event in said if event.kind == "failed"}
    assert failed == {"refuse.wav": "this is not a recording; save it again"} | (
        {"absent.wav": "there is no such file"} if listed else {}
    )
    again, _ = run(source, store, light)
    assert again.already_there == 1 and light.log.read_text().count("review a.wav") == 1
    bucket.rm("/night", recursive=True)


def test_the_last_recordings_of_a_bucket_are_there_until_they_are_scored(tmp_path: Path, store: Store, light: Light):
    bucket = fsspec.filesystem("memory")
    for path in record(tmp_path / "here", "a", "b", "c"):
        bucket.put_file(str(path), f"/evening/{path.name}")
    outcome, said = run("memory://evening", store, replace(light, takes=0.5), workers=3)
    assert outcome.scored == 3, [event.reason for event in said]
    bucket.rm("/evening", recursive=True)


def test_a_bucket_that_nobody_can_reach_is_said_in_one_line():
    with pytest.raises(InputError, match=r"nosuch://bucket/calls: cannot be reached"):
        recordings("nosuch://bucket/calls")


SECRET = "AKIA/s3cr3t"


@pytest.mark.parametrize(
    "url",
    [
        f"s3://me:{SECRET}@bucket/calls/",
        f"simplecache::s3://me:{SECRET}@bucket/a.wav",
        f"https://{SECRET.partition('/')[2]}@calls.example/list.csv",
        f"https://calls.example/a.wav?X-Amz-Date=2026&X-Amz-Signature={SECRET}",
        f"abfs://box@calls.example/a.wav?sv=2026&sig={SECRET}",
    ],
)
def test_keys_in_urls_are_neither_kept_nor_shown(tmp_path: Path, store: Store, url: str):
    (tmp_path / "calls.csv").write_text(f"recording,rep\n{url},Dana\n")
    for source in (url, tmp_path / "calls.csv"):
        result = CliRunner().invoke(main, ["batch", str(source), "--db", store.url])
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1) and "in the environment" in result.stderr
        assert "s3cr3t" not in result.output and not store.runs()


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/who@where/call-?.wav",
        "sftp://coach@host:22/a@b.wav",
        "sftp://host:22/a@b.wav",
        "abfs://box@calls.example/a.wav",
        "https://calls.example:8080/a.wav?day=2026-11-18",
    ],
)
def test_urls_without_keys_are_taken(tmp_path: Path, url: str):
    (tmp_path / "calls.jsonl").write_text(json.dumps({"recording": url}))
    assert recordings(tmp_path / "calls.jsonl") == [Recording(url)]


@pytest.mark.parametrize(("policy", "measured"), [("off", False), ("rep", True)])
def test_nothing_is_measured_of_how_a_rep_spoke_where_nobody_may_see_it(
    tmp_path: Path, store: Store, light: Light, monkeypatch: pytest.MonkeyPatch, policy: str, measured: bool
):
    said = []
    monkeypatch.setattr("coach.review.Reviewer", lambda *_, delivery, **more: said.append(delivery) or light)
    store.set_policy(replace(store.policy, delivery=policy))
    assert CliRunner().invoke(main, ["batch", str(tmp_path), "--db", store.url]).exit_code == 0
    assert said == [measured]


def test_only_what_is_new_is_taken(tmp_path: Path):
    old, new = record(tmp_path, "2026-11-17_0912_dana", "undated")
    found = [*recordings(tmp_path), Recording("memory://bucket/undated.wav")]
    an_hour_ago = [r.path for r in latest(found, datetime.now(UTC) - timedelta(hours=2))]
    assert set(an_hour_ago) >= {new, "memory://bucket/undated.wav"}
    found.pop()
    assert [r.path for r in latest(found, datetime(2026, 11, 17, 10))] == [new]
    assert [r.path for r in latest(found, datetime(2026, 11, 17, 9).astimezone())] == [old, new]


def test_the_same_content_under_two_names_is_one_call(tmp_path: Path, store: Store, light: Light):
    (path,) = record(tmp_path / "in", "a")
    shutil.copy2(path, path.with_stem("b"))
    outcome, _ = run(tmp_path / "in", store, light, workers=2)
    assert (outcome.scored, outcome.already_there, store.count()) == (1, 1, 1)


def test_what_was_not_known_at_first_is_filled_in_by_a_rerun(tmp_path: Path, store: Store, light: Light):
    (path,) = record(tmp_path / "in", "a")
    run(path, store, light)
    (tmp_path / "calls.csv").write_text("recording,rep,team,started_at,queue\nin/a.wav,Ann,North,2026-11-18,Repairs\n")
    outcome, _ = run(tmp_path / "calls.csv", store, light)
    (row,) = store.calls()
    assert outcome.already_there == 1
    assert (row.rep, row.team, row.queue) == ("Ann", "North", "Repairs") and store.review(row.id).call.rep == "Ann"
    assert row.started_at == datetime(2026, 11, 18).astimezone()
    (tmp_path / "calls.csv").write_text("recording,rep\nin/a.wav,Bo\n")
    run(tmp_path / "calls.csv", store, light)
    assert store.calls()[0].rep == "Ann"


def test_so_many_and_no_more(tmp_path: Path, store: Store, light: Light):
    record(tmp_path / "in", *"abcde")
    assert run(tmp_path / "in", store, light, limit=2, workers=2)[0].scored == 2
    outcome, _ = run(tmp_path / "in", store, light, limit=2)
    assert (outcome.scored, outcome.already_there, store.count()) == (2, 2, 4)


def test_a_preview_does_nothing(tmp_path: Path, store: Store, light: Light):
    record(tmp_path / "in", "2026-11-17_0912_dana", "refuse")
    run(tmp_path / "in", store, light)
    record(tmp_path / "in", "new")
    log = light.log.read_text()
    said = list(Batch(store, light).preview(recordings(tmp_path / "in")))
    assert {(event.recording.path.stem, event.kind) for event in said} == {
        ("2026-11-17_0912_dana", "already there"),
        ("refuse", "failed"),
        ("new", "to score"),
    }
    assert (store.count(), light.log.read_text(), len(store.runs())) == (1, log, 1)
    assert any("new.wav: to score (nothing known of it)" in line(event) for event in said)


def test_it_says_what_it_did_and_the_status_remembers(tmp_path: Path, store: Store, light: Light):
    record(tmp_path / "in", "2026-11-17_0912_dana", "refuse", "stumble")
    outcome, said = run(tmp_path / "in", store, light)
    told = summary(outcome)
    assert told.startswith("1 scored, 0 not scored, 0 already there, 2 failed\n")
    assert "cannot be used 1" in told and "real-time factor" in told and "not known: team 1\n" in told
    assert any("dana.wav: scored, 0:00 of sound" in line(event) for event in said)
    remembered = status(store.runs(), store.failures())
    assert all(f"    {text}" in remembered for text in told.splitlines())
    assert "refuse.wav: this is not a recording" in remembered
    assert status([], []) == "No batch has run yet."


def test_the_command_says_it_in_json_and_ends_with_the_contracts_codes(tmp_path: Path, store: Store):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "empty.wav").touch()

    def coach(*arguments: object):
        return CliRunner().invoke(main, [*map(str, arguments), "--db", store.url])

    result = coach("batch", tmp_path / "in", "--log-format", "json")
    (said,) = map(json.loads, result.stderr.splitlines())
    assert (result.exit_code, said["event"], said["reason"]) == (1, "failed", "the file is empty")
    assert result.stdout.startswith("0 scored, 0 not scored, 0 already there, 1 failed\n")
    (tmp_path / "in" / "empty.wav").unlink()
    assert coach("batch", tmp_path / "in").exit_code == 0
    assert coach("batch", tmp_path / "nowhere").exit_code == 2
    assert coach("batch", tmp_path / "in", "--since", "some day").exit_code == 2
    told = json.loads(coach("status", "--format", "json").stdout)
    assert [run["outcome"]["failed"] for run in told["runs"]] == [0, 1] and len(told["failures"]) == 1
    assert "the file is empty" in coach("status").stdout


@pytest.mark.parametrize(("cores", "free", "workers"), [(8, 64, 8), (8, 8, 4), (8, 2, 1), (1, 64, 1)])
def test_as_many_work_as_there_are_cores_and_memory_for(cores: int, free: int, workers: int, monkeypatch) -> None:
    monkeypatch.setattr(night, "cores", lambda: cores)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free * 10**9))
    assert night.default_workers() == workers
