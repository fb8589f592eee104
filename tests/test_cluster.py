"""A batch whose workers are actors of a real Ray of this machine."""

import os
import signal
import sys
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from light import Light, record, review_of
from nights import night
from test_faults import begun, check_all_scored_once

from coach.audio import blocks
from coach.batch.actor import Actor
from coach.batch.cluster import LOCAL, RayPool, _begin, _share, _threads
from coach.batch.workers import Failed, Job, Scored
from coach.calls import InputError
from coach.review import Reviewer
from coach.store import Store

ray = pytest.importorskip("ray", reason="needs ray: pip install 'tone-coach[ray]'")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """One for all of these: it takes seconds to start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))  # where the actors find Light
        _begin(ray, LOCAL, 2)
    yield
    ray.shutdown()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/night.db"


@pytest.fixture
def light(tmp_path: Path) -> Light:
    return Light(tmp_path / "log")


def beginning(recording: Path, copy: Path, seconds: float) -> None:
    sound = next(blocks(recording, seconds))
    with wave.open(str(copy), "wb") as file:
        file.setparams((len(sound), 2, 16000, 0, "NONE", None))
        file.writeframes((sound.T * 32767).astype("<i2").tobytes())


def test_a_review_is_that_of_a_local_batch_to_the_last_digit(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # sums depend on how many share them
    (tmp_path / "in").mkdir()
    beginning(samples / "2026-11-17_0912_dana.wav", tmp_path / "in" / "dana.wav", 15.0)
    (tmp_path / "in" / "dana.json").write_text('{"rep_channel": 0}')
    reviews = []
    for cluster in (None, LOCAL):
        url = f"sqlite:///{tmp_path}/{cluster}.db"
        assert night(tmp_path / "in", url, Reviewer(tone="fast"), cluster=cluster, floor=600.0, lease=60.0).scored == 1
        reviews.append(Store(url).review(1))
    assert reviews[0] == reviews[1]
    assert all(rating.scores for rating in reviews[1].ratings if rating)


def test_an_actor_that_dies_or_hangs_says_of_what(tmp_path: Path, light: Light):
    kinds = {
        "killed": "crashed",
        "hang": "took too long",
        "memory": "out of memory",
        "stumble": "unexpected",
        "refuse": "cannot be used",
    }
    waiting, found, pool = record(tmp_path / "in", *kinds), {}, RayPool(light, 2, 1, floor=1.0)
    while waiting or pool.busy:
        while waiting and pool.free:
            path = waiting.pop()
            pool.submit(Job(str(path)), path.stem)
        found |= pool.wait()
    pool.close()
    assert {name: result.kind for name, result in found.items() if isinstance(result, Failed)} == kinds


def test_the_work_of_actors_that_are_killed_is_done_by_others(
    tmp_path: Path, url: str, light: Light, capfd: pytest.CaptureFixture[str]
):
    paths = record(tmp_path / "in", *"abcdef")
    light = Light(light.log, takes=1.0)
    kill = threading.Thread(target=kill_those_at_work, args=(light,))
    kill.start()
    assert night(tmp_path / "in", url, light, cluster=LOCAL).scored == len(paths)
    kill.join()
    check_all_scored_once(Store(url), paths)
    assert sum(begun(light).values()) == len(paths) + 2
    assert capfd.readouterr().out == ""


def kill_those_at_work(light: Light) -> None:
    until = time.monotonic() + 60
    while sum(begun(light).values()) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    for line in light.log.read_text().splitlines():
        if line.startswith("process"):
            os.kill(int(line.split()[1]), signal.SIGKILL)


def test_recordings_are_sent_to_a_cluster_and_kept_there_no_longer_than_needed(tmp_path: Path, light: Light):
    fine, refused = record(tmp_path, "fine", "refuse")
    pool = RayPool(light, 1, 1, "auto")
    found = {}
    for path in (fine, refused, tmp_path / "vanished.wav"):
        pool.submit(Job(str(path)), path.stem)
        assert pool.busy == 1 and not pool.free
        found |= pool.wait()
    pool.close()
    scored, refusal, gone = found.values()
    assert isinstance(scored, Scored) and isinstance(refusal, Failed) and isinstance(gone, Failed)
    copy = Path(scored.review.call.recording or "")
    assert copy.name == fine.name and copy.parent != fine.parent and not copy.parent.exists()
    assert scored.review.moments == review_of(fine).moments
    assert (refusal.kind, refusal.reason.partition(": ")[0]) == ("cannot be used", str(refused))
    assert gone.kind == "cannot be read"


def test_models_that_cannot_be_loaded_stop_the_batch(tmp_path: Path, url: str, light: Light):
    record(tmp_path / "in", "a")
    with pytest.raises(InputError, match="no weights; install some"):
        night(tmp_path / "in", url, Light(light.log, version="broken"), cluster=LOCAL, workers=1)
    assert Store(url).failures() == [] and not Store(url).runs(1)[0].in_hand
    assert "install the same" in Actor().load(light, {"light": "2"})


def test_without_ray_it_says_what_to_install(light: Light, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install 'tone-coach\[ray\]'"):
        RayPool(light, 1, 1)


@pytest.mark.parametrize(
    ("cpus", "size", "threads"),
    [([8], 2, 4), ([4, 4], 2, 4), ([6, 2], 2, 3), ([2, 2, 2], 2, 2), ([3, 3, 3], 4, 1), ([2], 4, 1), ([0, 16], 4, 4)],
)
def test_all_actors_find_room_on_the_nodes(cpus: list[int], size: int, threads: int):
    assert _threads(cpus, size) == threads


@pytest.mark.parametrize(("gpus", "size", "share"), [(0, 4, 0.0), (1, 4, 0.25), (2, 3, 0.5), (4, 2, 1.0)])
def test_gpus_are_shared(gpus: float, size: int, share: float):
    assert _share(gpus, size) == share
