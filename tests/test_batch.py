import shutil
from datetime import datetime
from pathlib import Path

import pytest

from coach.batch import Outcome, Recording, recordings, run
from coach.calls import InputError
from coach.review import Reviewer
from coach.store import Store


def test_a_folder_is_scored_once_and_a_bad_file_stops_nothing(tmp_path: Path, samples: Path):
    folder = tmp_path / "calls"
    (folder / "monday").mkdir(parents=True)
    (folder / "bad.wav").write_text("not sound")
    (folder / "notes.txt").write_text("not meant")
    shutil.copy(samples / "2026-11-18_1405_dana.wav", folder / "monday" / "call.wav")
    store, reviewer, said = Store(f"sqlite:///{tmp_path}/night.db"), Reviewer("faster-whisper"), []

    assert run(folder, store, reviewer, said.append) == Outcome(scored=1, failed=1)
    assert len(said) == 1 and "bad.wav" in said[0]
    (row,) = store.calls()
    assert (row.title, row.rep, row.recording) == ("call", None, str(folder / "monday" / "call.wav"))
    assert row.scores["impatience"] > row.scores["empathy"]

    shutil.move(folder / "monday" / "call.wav", folder / "renamed.wav")
    assert run(folder, store, reviewer, said.append) == Outcome(already_there=1, failed=1)
    assert store.count() == 1


def test_a_manifest_says_who_took_the_call_and_when(tmp_path: Path):
    manifest = tmp_path / "calls.csv"
    manifest.write_text("recording,rep,started_at,rep_channel\na.wav,Dana R.,2026-11-18T14:05:00,1\nb.wav,,,\n")
    assert recordings(manifest) == [
        Recording(tmp_path / "a.wav", rep="Dana R.", started_at=datetime(2026, 11, 18, 14, 5), rep_channel=1),
        Recording(tmp_path / "b.wav"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("file,rep\na.wav,Dana\n", "column named recording"), ("recording,started_at\na.wav,yesterday\n", "line 2")],
)
def test_a_manifest_that_cannot_be_used_is_refused_before_anything_is_done(tmp_path: Path, text: str, reason: str):
    manifest = tmp_path / "calls.csv"
    manifest.write_text(text)
    with pytest.raises(InputError, match=reason):
        recordings(manifest)


def test_a_recording_that_the_manifest_names_but_nobody_has_is_a_failure(tmp_path: Path):
    manifest, said = tmp_path / "calls.csv", []
    manifest.write_text("recording\ngone.wav\n")
    outcome = run(manifest, Store(f"sqlite:///{tmp_path}/night.db"), Reviewer(), said.append)
    assert outcome == Outcome(failed=1)
    assert said == [f"{tmp_path}/gone.wav: there is no such file"]
