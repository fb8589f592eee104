"""What a batch survives: whatever happens, a rerun ends with each recording scored once, or failed with its reason."""

import random
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from light import Light, record, review_of, settle
from nights import night, start
from sqlalchemy import event

from coach.batch import Batch, Event, recordings
from coach.batch.workers import Job, scoring
from coach.calls import InputError
from coach.store import LeaseLost, Store, digest_of

KILLS = 50


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/night.db"


@pytest.fixture
def light(tmp_path: Path) -> Light:
    return Light(tmp_path / "log")


def begun(light: Light) -> Counter[str]:
    """How often each recording was begun."""
    lines = light.log.read_text().splitlines() if light.log.exists() else []
    return Counter(line.removeprefix("review ") for line in lines if line.startswith("review"))


def check_all_scored_once(store: Store, paths: list[Path]) -> None:
    rows = store.calls(limit=10_000)
    assert sorted(row.recording for row in rows) == sorted(map(str, paths))
    for row in rows:
        assert row.digest == digest_of(Path(row.recording))
        assert store.review(row.id) == review_of(Path(row.recording))
        assert store.earlier_scores(row.id) == []
    assert not any(run.in_hand for run in store.runs(1000))


@pytest.mark.slow
def test_killed_at_any_moment_a_rerun_finishes_and_nothing_is_there_twice(tmp_path: Path, url: str, light: Light):
    """`kill -9` on the batch, at fifty random moments of starting, claiming, scoring and saving."""
    moments, folder, kills, store = random.Random(1), tmp_path / "in", 0, Store(url)
    paths = record(folder, "refuse", "stumble", *map(str, range(10)))
    (tmp_path / "none").mkdir()
    start(tmp_path / "none", url, light).join()
    since = time.monotonic()
    start(folder, url, light).join()
    whole, first = time.monotonic() - since, store.count()
    span = whole
    paths += record(folder, *map(str, range(10, 50)))
    while kills < KILLS:
        batch, before = start(folder, url, light), store.count()
        batch.join(moments.uniform(0.0, span))
        if batch.exitcode is None:
            batch.kill()
            kills += 1
        elif batch.exitcode == 0:
            paths += record(folder, *(str(len(paths) + n) for n in range(40)))
        batch.join()
        assert batch.exitcode in (0, -9)
        span = whole if store.count() > before else span * 1.1  # on a busy machine, the next comes further
    assert store.count() > first
    night(folder, url, light)
    check_all_scored_once(store, paths[2:])
    reasons = {Path(row.recording).stem: row.failure for row in store.failures()}
    assert reasons == {"refuse": "cannot be used", "stumble": "unexpected"}
    assert Counter(run.state for run in store.runs(100))["broke off"] > KILLS / 2
    assert len(begun(light)) == len(paths)
    check_nobody_is_left(light)


def check_nobody_is_left(light: Light) -> None:
    """The workers of a batch that was killed go by themselves."""
    workers = [int(line.split()[1]) for line in light.log.read_text().splitlines() if line.startswith("process")]
    until = time.monotonic() + 10
    while any(map(runs, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(runs, workers))


def runs(process: int) -> bool:
    try:
        return "spawn_main" in Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return False


def test_what_kills_or_hangs_its_worker_is_tried_twice_and_put_aside(tmp_path: Path, url: str, light: Light):
    poison = {
        "crash": ("crashed", "SIGSEGV", 2),
        "killed": ("out of memory", "killed", 2),
        "memory": ("out of memory", "not enough memory", 2),
        "hang": ("took too long", "stopped after", 2),
        "stumble": ("unexpected", "ValueError", 1),
        "refuse": ("cannot be used", "this is not a recording", 1),
    }
    folder = tmp_path / "in"
    record(folder, *poison)
    fine = record(folder, "a", "b", "c", "once")
    outcome = night(folder, url, light, floor=1.0)
    assert (outcome.scored, outcome.failed) == (4, len(poison))
    store = Store(url)
    check_all_scored_once(store, fine)
    tries = begun(light)
    for row in store.failures():
        name = Path(row.recording).stem
        kind, reason, times = poison.pop(name)
        assert (row.failure, tries[f"{name}.wav"]) == (kind, times) and reason in row.reason
        assert not row.reason.startswith("/")
    assert poison == {} and tries["a.wav"] == 1 and tries["once.wav"] == 2

    said: list[Event] = []
    again = Batch(store, light, said.append).run(recordings(folder))
    assert (again.already_there, again.failed, begun(light)) == (4, 6, tries)
    assert all("failed before: " in event.reason for event in said if event.kind == "failed")
    (folder / "crash.wav").rename(folder / "mended.wav")
    mended = Batch(store, light, retry_failed=True).run(recordings(folder / "mended.wav"))
    assert mended.scored == 1 and "crash" not in {Path(row.recording).stem for row in store.failures()}


def test_a_tensor_that_finds_no_room_is_a_want_of_memory(tmp_path: Path, light: Light, monkeypatch) -> None:
    [recording] = record(tmp_path, "a")
    monkeypatch.setattr(Light, "review", lambda *_, **__: torch.empty(2**60, dtype=torch.uint8))
    assert [failed.kind for failed in list(scoring(Job(str(recording)), light))[1:]] == ["out of memory"]


def test_a_file_that_is_still_being_written_waits_for_the_next_run(tmp_path: Path, url: str, light: Light):
    grows, cut = (*record(tmp_path / "in", "grow"), *record(tmp_path / "in", "cut", seconds=4))
    whole = cut.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    outcome = night(tmp_path / "in", url, light)
    assert (outcome.waiting, outcome.scored) == (2, 0)
    assert Store(url).count() == 0 and Store(url).failures() == []
    grows = grows.rename(grows.with_stem("grown"))
    cut.write_bytes(whole)
    for path in (grows, cut):
        settle(path)
    assert night(tmp_path / "in", url, light).scored == 2
    check_all_scored_once(Store(url), [grows, cut])


def test_what_is_shorter_than_it_says_and_stays_so_is_scored_as_far_as_it_goes(tmp_path: Path, url: str, light: Light):
    (cut,) = record(tmp_path / "in", "cut", seconds=4)
    cut.write_bytes(cut.read_bytes()[:30_000])
    settle(cut)
    assert night(tmp_path / "in", url, light).scored == 1


def test_a_recording_that_vanishes_fails_and_is_taken_when_it_comes_back(tmp_path: Path, url: str, light: Light):
    vanishing, gone = record(tmp_path / "in", "vanish", "gone")
    gone.unlink()
    for path in (vanishing, gone):
        (tmp_path / "list.csv").open("a").write("recording\n" * (path is vanishing) + f"in/{path.name}\n")
    assert night(tmp_path / "list.csv", url, light).failures == {"cannot be read": 2}
    assert {row.reason for row in Store(url).failures()} == {"it vanished while it was scored", "there is no such file"}
    (tmp_path / "list.csv").write_text("recording\nin/gone.wav\n")
    paths = record(tmp_path / "in", "gone")
    assert night(tmp_path / "list.csv", url, light).scored == 1
    check_all_scored_once(Store(url), paths)
    assert [Path(row.recording).stem for row in Store(url).failures()] == ["vanish"]


def test_with_a_full_disk_it_stops_in_one_line_and_goes_on_when_there_is_room(tmp_path: Path, url: str, light: Light):
    paths = record(tmp_path / "in", *map(str, range(30)))
    store = Store(url)

    @event.listens_for(store._engine, "connect")
    def fill(connection, _) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 10}")

    store.close()
    with pytest.raises(InputError, match="disk is full") as error:
        Batch(store, light, workers=2, patience=1.0).run(recordings(tmp_path / "in"))
    assert "\n" not in str(error.value) and 0 < Store(url).count() < 30
    night(tmp_path / "in", url, light)
    check_all_scored_once(Store(url), paths)


def test_two_batches_share_the_work(tmp_path: Path, url: str, light: Light):
    paths = record(tmp_path / "in", *map(str, range(16)))
    Store(url).close()
    light = replace(light, takes=0.1)
    batches = [start(tmp_path / "in", url, light, lease=60.0) for _ in range(2)]
    for batch in batches:
        batch.join()
    assert [batch.exitcode for batch in batches] == [0, 0]
    check_all_scored_once(Store(url), paths)
    assert set(begun(light).values()) == {1}
    ended = [run.outcome for run in Store(url).runs()]
    assert [run["scored"] + run["already_there"] for run in ended] == [16, 16]
    assert sum(run["scored"] for run in ended) == 16 and all(run["scored"] > 2 for run in ended)


def test_a_batch_that_lost_its_lease_keeps_nothing(tmp_path: Path, url: str):
    (path,) = record(tmp_path, "call")
    digest, store = digest_of(path), Store(url)
    slow = store.begin("slow", {}, lease=0.0)
    assert slow.claim(digest, "here").state == "ours"
    quick = store.begin("quick", {}, lease=60.0)
    assert quick.claim(digest, "there").state == "ours"
    with pytest.raises(LeaseLost):
        store.save(review_of(path), digest=digest, run=slow.id)
    slow.fail("here", "crashed", "too late", digest)
    assert store.failures() == [] and not store.has(digest)
    assert slow.claim(digest, "here").state == "held"
    store.save(review_of(path), digest=digest, run=quick.id)
    assert slow.claim(digest, "here").state == "done"


def test_models_that_cannot_be_loaded_stop_the_batch_and_blame_no_recording(tmp_path: Path, url: str, light: Light):
    record(tmp_path / "in", "a", "b")
    with pytest.raises(InputError, match="no weights"):
        night(tmp_path / "in", url, replace(light, version="broken"))
    store = Store(url)
    assert store.failures() == [] and store.runs()[0].state == "ended" and store.runs()[0].in_hand == []


def test_another_version_scores_again_only_if_told_to_and_the_old_scores_are_kept(
    tmp_path: Path, url: str, light: Light
):
    (path,) = record(tmp_path / "in", "call")
    newer = replace(light, version="2")
    assert night(tmp_path / "in", url, light).scored == 1
    assert night(tmp_path / "in", url, newer).already_there == 1
    assert night(tmp_path / "in", url, newer, rescore=True).scored == 1
    assert night(tmp_path / "in", url, newer, rescore=True).already_there == 1
    store = Store(url)
    (row,) = store.calls()
    (earlier,) = store.earlier_scores(row.id)
    assert row.scorer == newer.versions and store.review(row.id) == review_of(path)
    assert (earlier.scorer, earlier.scores) == (light.versions, row.scores) and earlier.reviewed_at < row.reviewed_at
    assert begun(light) == {"call.wav": 2}
