import hashlib
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pytest
from alembic import command
from click.testing import CliRunner
from hand_made import store_with_a_call
from light import Light, record
from sqlalchemy import inspect, select
from streamlit.testing.v1 import AppTest
from test_store import SCORES, bytes_of, review_of, spoken

from coach import care
from coach.batch import Batch, recordings
from coach.calls import InputError, Review
from coach.cli import main
from coach.dashboard import routes
from coach.store import Store, digest_of
from coach.store.engine import alembic_config, open_engine
from coach.store.jobs import LeaseLost
from coach.store.people import Account, Choice, StoredNote, StoredSession
from coach.tips import TEXTS

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
QUOTED = "In place of “obviously”, try “I see”."
PLAIN = next(text for text in TEXTS["states_the_obvious"]["why"] if "{" not in text)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "db").mkdir()
    return Store(f"sqlite:///{tmp_path}/db/coach.db")


def told(review: Review) -> Review:
    """With a reason that quotes nobody, and a tip that does, on all its moments."""
    return replace(review, moments=tuple(replace(m, why=PLAIN, tip=QUOTED) for m in review.moments))


def keep(store: Store, folder: Path, name: str, days: int = 100, **known: str) -> Path:
    """A call of so many days ago, and its recording."""
    recording = folder / f"{name}.wav"
    recording.write_bytes(f"sound of {name}".encode())
    at, digest = NOW - timedelta(days=days), digest_of(recording)
    store.save(told(spoken()), digest=digest, title=name, started_at=at, recording=recording, **known)
    return recording


def purge(store: Store, *kinds: care.Kind, said: list[str] | None = None, dry_run: bool = False) -> care.Outcome:
    return care.purge(store, NOW - timedelta(days=90), kinds, [].append if said is None else said.append, dry_run)


@pytest.mark.parametrize(
    ("text", "when"),
    [("90d", NOW - timedelta(days=90)), ("2w", NOW - timedelta(days=14)), ("2026-03-01T10:00+02:00", None)],
)
def test_an_age_or_a_date_says_since_when(text: str, when: datetime | None) -> None:
    assert care.past(text, NOW) == (when or datetime(2026, 3, 1, 8, tzinfo=UTC))


def test_old_recordings_go_and_all_else_stays(store: Store, tmp_path: Path) -> None:
    old, young = keep(store, tmp_path, "old"), keep(store, tmp_path, "young", days=80)
    assert purge(store, "recordings").recordings == 1
    assert (old.exists(), young.exists()) == (False, True)
    assert {row.title: row.recording for row in store.calls()} == {"old": None, "young": str(young)}
    assert [store.review(row.id, viewer="rep") for row in store.calls()] == [told(spoken())] * 2
    assert purge(store, "recordings").recordings == 0


def test_a_call_without_a_date_is_as_old_as_its_entry(store: Store) -> None:
    store.save(review_of(), digest="a")
    assert purge(store, "all").rows["calls"] == 0
    assert care.purge(store, datetime.now(UTC) + timedelta(days=1), ["all"], print).rows["calls"] == 1


def test_a_recording_in_a_bucket_goes_too(store: Store) -> None:
    bucket, where = fsspec.filesystem("memory"), "memory://bucket/a.wav"
    bucket.pipe(where, b"sound")
    digest = hashlib.sha256(b"sound").hexdigest()
    store.save(review_of(), digest=digest, recording=where, started_at=NOW - timedelta(days=100))
    assert (purge(store, "recordings").recordings, bucket.exists(where), store.call(1).recording) == (1, False, None)


def test_a_recording_that_is_not_the_calls_any_more_is_left_alone(store: Store, tmp_path: Path) -> None:
    path = keep(store, tmp_path, "overwritten")
    path.write_bytes(b"tomorrow's call")
    said: list[str] = []
    assert (purge(store, "recordings", said=said).gone, path.exists()) == (1, True)
    assert said == [f"{path}: another recording is there by now, and is left alone"]


def test_a_recording_that_is_gone_already_is_no_fault(store: Store, tmp_path: Path) -> None:
    keep(store, tmp_path, "gone").unlink()
    said: list[str] = []
    outcome = purge(store, "all", said=said)
    assert (outcome.gone, outcome.rows["calls"], said) == (1, 1, [])


@pytest.mark.parametrize("kind", ["recordings", "all"])
def test_a_call_whose_recording_cannot_be_removed_stays_until_it_can(store: Store, tmp_path: Path, kind: str) -> None:
    path, other = keep(store, tmp_path, "stuck"), keep(store, tmp_path, "other")
    content = path.read_bytes()
    path.unlink()
    path.mkdir()  # nothing that can be read or removed as a file, even by root
    said: list[str] = []
    outcome = purge(store, kind, said=said)
    assert (outcome.left, outcome.recordings, other.exists()) == (1, 1, False)
    assert [row.recording for row in store.calls() if row.title == "stuck"] == [str(path)]
    assert len(said) == 1 and str(path) in said[0] and "Is a directory" in said[0]
    path.rmdir()
    path.write_bytes(content)
    assert (purge(store, kind).recordings, path.exists()) == (1, False)


def test_words_go_without_a_trace_and_scores_stay(store: Store, tmp_path: Path) -> None:
    keep(store, tmp_path, "old")
    row = store.calls(viewer="rep")[0]
    words = (b"obviously", b"plugged in", b"won't start", b"I see")
    assert all(word in bytes_of(store) for word in words)
    assert purge(store, "transcripts").transcripts == 1
    assert not any(word in bytes_of(store) for word in words)

    left = store.review(row.id, viewer="rep")
    before = told(spoken())
    assert [(t.speaker, t.text, t.start, t.end) for t in left.call.turns] == [
        (t.speaker, "", t.start, t.end) for t in before.call.turns
    ]
    assert left.ratings[1].scores == before.ratings[1].scores
    assert [(e.behaviour, e.text, e.weight) for e in left.ratings[1].evidence] == [("states_the_obvious", "", 0.6)]
    assert [(m.behaviours, m.quote, m.why, m.tip) for m in left.moments] == [
        (m.behaviours, "", PLAIN, "") for m in before.moments
    ]
    assert (left.delivery, left.timing) == (before.delivery, before.timing)
    after = store.calls(viewer="rep")[0]
    assert after == replace(row, words_removed_at=after.words_removed_at) and after.words_removed_at
    assert (after.scores, after.giveaways) == (SCORES, 2)
    assert purge(store, "transcripts").transcripts == 0


def test_pages_say_that_the_words_were_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, _ = store_with_a_call(tmp_path)
    care.purge(store, datetime.now(UTC) + timedelta(days=1), ["transcripts"], print)
    monkeypatch.setenv("TONE_COACH_DB", store.url)
    app = AppTest.from_file(str(Path(__file__).parents[1] / "app.py"), default_timeout=30).run()
    app.switch_page(routes.CALL).query_params["id"] = "1"
    app.run()
    said = "".join(block.proto.body for block in app.get("html"))
    assert not app.exception and "What was said in this call was removed on" in said
    assert "Swap speakers" not in [button.label for button in app.button]
    assert "A strength" in said and "sees how the customer feels" in said and "<h2>Transcript" not in said
    assert not any(word in said for word in ("boiler", "obviously", "ring you by four", "<blockquote"))


def test_a_call_that_is_scored_again_has_words_again(store: Store, tmp_path: Path) -> None:
    keep(store, tmp_path, "old")
    purge(store, "transcripts")
    store.replace(1, review_of())
    assert store.call(1).words_removed_at is None and purge(store, "transcripts").transcripts == 1


def test_a_whole_call_goes_without_a_trace(store: Store, tmp_path: Path) -> None:
    path = keep(store, tmp_path, "kettle-4711", rep="Ann", customer="C-4711")
    keep(store, tmp_path, "young", days=1, rep="Bo")
    shift = store.begin("a folder", {"tone": "2"})
    shift.claim(digest_of(path), str(path), rescore=True)
    outcome = purge(store, "all")
    assert (outcome.recordings, dict(outcome.rows)) == (
        1,
        {"reviews": 1, "moments": 2, "deliveries": 1, "entries of batches": 1, "calls": 1},
    )
    assert [row.title for row in store.calls()] == ["young"] and b"4711" not in bytes_of(store)


def test_a_dry_run_says_the_same_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    path = keep(store, tmp_path, "old", customer="C-1")
    whole = store.review(1, viewer="rep")
    for kinds in (["recordings", "transcripts"], ["all"]):
        rehearsed = purge(store, *kinds, dry_run=True)
        assert (path.exists(), store.review(1, viewer="rep"), store.count()) == (True, whole, 1)
    assert rehearsed == care.forget(store, print, customer="C-1", dry_run=True) == purge(store, "all")


def test_a_purge_that_breaks_off_is_finished_by_the_next(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [keep(store, tmp_path, str(number)) for number in range(3)]
    with monkeypatch.context() as patch:
        patch.setattr(care.care, "remove_calls", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            purge(store, "all")
    assert store.count() == 3 and not any(path.exists() for path in paths)
    assert purge(store, "all").gone == 3 and store.count() == 0


def test_traces_in_a_file_that_others_read_are_owned_up_to(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.store.engine.BUSY_SECONDS", 0)
    impatient = Store(store.url)
    keep(store, tmp_path, "old")
    reader = sqlite3.connect(tmp_path / "db" / "coach.db", isolation_level=None)
    reader.execute("BEGIN").execute("SELECT * FROM reviews").fetchone()
    with pytest.raises(InputError, match=r"traces .* run this again when nothing else uses it"):
        purge(impatient, "all")
    reader.close()
    purge(impatient, "all")
    assert b"obviously" not in bytes_of(store)


@pytest.mark.parametrize("who", [{"customer": "C-4711"}, {"rep": "Ann Able"}])
def test_who_is_forgotten_is_nowhere_any_more(store: Store, tmp_path: Path, who: dict[str, str]) -> None:
    paths = [keep(store, tmp_path, name, rep="Ann Able", customer="C-4711") for name in ("one", "two")]
    other = keep(store, tmp_path, "other", rep="Bo", customer="C-4")
    shift, digests = store.begin("a folder", {"tone": "2"}), [digest_of(path) for path in paths]
    for path, digest in zip(paths, digests, strict=True):
        assert shift.claim(digest, str(path), rescore=True).state == "ours"
    outcome = care.forget(store, print, **who)
    with pytest.raises(LeaseLost):
        store.save(review_of(), digest=digests[0], run=shift.id)
    assert (outcome.recordings, outcome.rows["calls"], outcome.rows["entries of batches"]) == (2, 2, 2)
    assert [path.exists() for path in (*paths, other)] == [False, False, True]
    assert [row.title for row in store.calls()] == ["other"]
    traces = [b"C-4711", *(str(path).encode() for path in paths)] + ([b"Ann Able"] if "rep" in who else [])
    assert not any(trace in bytes_of(store) for trace in traces)
    with pytest.raises(InputError, match="nothing is kept about"):
        care.forget(store, print, **who)


def test_recordings_may_be_kept_by_who_forgets(store: Store, tmp_path: Path) -> None:
    path = keep(store, tmp_path, "one", customer="C-4711")
    outcome = care.forget(store, print, customer="C-4711", keep_recordings=True)
    assert (outcome.kept, outcome.recordings, path.exists(), store.count()) == (1, 0, True, 0)


def test_an_upload_goes_with_its_folder(store: Store) -> None:
    folder = store.folder / "recordings" / "0123456789abcdef"
    folder.mkdir(parents=True)
    keep(store, folder, "upload")
    purge(store, "recordings")
    assert not folder.exists() and folder.parent.exists()


def run(store: Store, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [*arguments, "--db", store.url])
    return result.exit_code, result.stdout, result.stderr


def test_the_commands_say_what_they_did(store: Store, tmp_path: Path) -> None:
    path = keep(store, tmp_path, "old", customer="C-1")
    assert run(store, "purge", "--older-than", "1d", "--recordings", "--dry-run")[:2] == (
        0,
        "Would be removed: 1 recordings.\n",
    )
    assert run(store, "purge", "--older-than", "1d", "--recordings")[1] == "Removed: 1 recordings.\n"
    code, out, _ = run(store, "forget", "--customer", "C-1")
    assert code == 0 and "1 reviews" in out and "backups" in out
    path.mkdir()
    code, out, err = run(store, "forget", "--customer", "C-1")
    assert (code, out) == (1, "") and err.count("\n") == 1 and "C-1" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("purge", "--older-than", "1d"),
        ("purge", "--older-than", "soon", "--all"),
        ("purge", "--all"),
        ("forget",),
        ("forget", "--rep", "Ann", "--customer", "C-1"),
    ],
)
def test_what_is_not_said_clearly_removes_nothing(store: Store, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    keep(store, tmp_path, "old", rep="Ann", customer="C-1")
    assert run(store, *arguments)[0] == 2 and store.count() == 1


def test_a_recording_that_cannot_be_removed_is_a_failure(store: Store, tmp_path: Path) -> None:
    path = keep(store, tmp_path, "stuck")
    path.unlink()
    path.mkdir()
    code, out, err = run(store, "purge", "--older-than", "1d", "--all")
    assert code == 1 and "could not be removed" in out and str(path) in err


def failed_night(store: Store, folder: Path, **whose: str) -> list[Path]:
    """A batch whose manifest says whose the recordings are, none of which can be scored."""
    paths = record(folder / "in", *whose)
    rows = [f"{path},{who}\n" for path, who in zip(paths, whose.values(), strict=True)]
    (folder / "calls.csv").write_text("recording,rep,customer\n" + "".join(rows))
    Batch(store, Light(folder / "log")).run(recordings(folder / "calls.csv"))
    return paths


@pytest.mark.parametrize("who", [("--customer", "C-4711"), ("--rep", "Ann Able")])
def test_a_recording_that_failed_is_forgotten_like_a_call(store: Store, tmp_path: Path, who: tuple[str, str]) -> None:
    night = {"stumble-ann-4711": "Ann Able,C-4711", "refuse-bo": "Bo,C-4"}
    path, other = failed_night(store, tmp_path, **night)
    code, rehearsed, _ = run(store, "forget", *who, "--dry-run")
    assert (code, path.exists(), len(store.failures())) == (0, True, 2)
    _, out, _ = run(store, "forget", *who)
    assert out.startswith("Removed: 1 recordings, 1 entries of batches.")
    assert rehearsed == out.replace("Removed", "Would be removed")
    assert (path.exists(), other.exists()) == (False, True)
    assert [row.recording for row in store.failures()] == [str(other)]
    assert not any(trace in bytes_of(store) for trace in (b"C-4711", b"Ann Able", b"stumble-ann"))
    assert run(store, "forget", *who)[0] == 1


def test_what_a_batch_has_in_hand_is_forgotten_and_not_kept_when_it_is_done(store: Store) -> None:
    shift = store.begin("a folder", {"tone": "1"})
    assert shift.claim("d", "/in/a.wav", customer="C-4711").state == "ours"
    assert care.forget(store, print, customer="C-4711").rows == {care.care.ENTRIES: 1}
    with pytest.raises(LeaseLost):
        store.save(review_of(), digest="d", customer="C-4711", run=shift.id)
    shift.fail("/in/a.wav", "crashed", "why", "d", customer="C-4711")
    assert store.failures() == [] and b"C-4711" not in bytes_of(store)


def test_what_another_recording_failed_of_stays_when_its_place_is_taken(store: Store, tmp_path: Path) -> None:
    (path,) = failed_night(store, tmp_path, refuse="Ann Able,C-4711")
    path.write_bytes(b"tomorrow's call")
    said: list[str] = []
    outcome = care.forget(store, said.append, customer="C-4711")
    assert (outcome.gone, path.exists(), store.failures()) == (1, True, []) and "left alone" in said[0]


def test_a_better_manifest_tells_whose_the_failed_recording_is(store: Store, tmp_path: Path) -> None:
    failed_night(store, tmp_path, refuse=",")
    with pytest.raises(InputError, match="nothing is kept"):
        care.forget(store, print, customer="C-4711")
    failed_night(store, tmp_path, refuse="Ann Able,C-4711")
    assert care.forget(store, print, customer="C-4711", keep_recordings=True).kept == 1 and store.failures() == []


def test_what_could_never_be_read_is_for_people_to_remove(store: Store, tmp_path: Path) -> None:
    for name in ("absent.wav", "empty.wav"):
        store.begin("a folder", {}).fail(str(tmp_path / name), "cannot be read", "why", customer="C-4711")
    (tmp_path / "empty.wav").touch()
    code, _, err = run(store, "forget", "--customer", "C-4711")
    assert code == 1 and "remove it yourself" in err
    assert [row.recording for row in store.failures()] == [str(tmp_path / "empty.wav")]
    (tmp_path / "empty.wav").unlink()
    assert run(store, "forget", "--customer", "C-4711")[0] == 0 and store.failures() == []


def test_failures_in_a_database_of_the_fifth_version_stay_and_new_ones_say_whose_they_are(store: Store) -> None:
    store.begin("a folder", {}).fail("/in/old.wav", "cannot be used", "why")
    with open_engine(store.url)[1].begin() as connection:
        command.downgrade(alembic_config(connection), "0005")
        assert "customer" not in [column["name"] for column in inspect(connection).get_columns("jobs")]
    newer = Store(store.url)
    newer.begin("a folder", {}).fail("/in/new.wav", "cannot be read", "why", customer="C-4711")
    care.forget(newer, print, customer="C-4711")
    assert [row.recording for row in newer.failures()] == ["/in/old.wav"]


def test_what_people_said_of_a_call_goes_with_it_and_a_forgotten_rep_has_no_account_left(
    store: Store, tmp_path: Path
) -> None:
    keep(store, tmp_path, "one", rep="Ann Able")
    keep(store, tmp_path, "two", rep="Ben Bold")
    with store.writing() as session:
        for number, (login, role) in enumerate((("ann@example.org", "rep"), ("lead@example.org", "lead")), start=1):
            rep, said = (1 if role == "rep" else None), {"teams": [], "made_at": NOW}
            session.add(Account(id=number, login=login, name=login, role=role, rep_id=rep, **said))
        session.flush()
        session.add(StoredSession(id=1, rep_id=1, lead_id=2, made_at=NOW, plan="be patient with Ann"))
        for call in (1, 2):
            moment = {"call_id": call, "turn": 2, "axis": "impatience", "kind": "giveaway"}
            session.add(Choice(choice="private", at=NOW, **moment))
            session.add(StoredNote(account_id=1, call_id=call, text=f"note on {call}", at=NOW))
    care.forget(store, rep="Ann Able", say=print)
    with store.reading() as session:
        assert [account.login for account in session.scalars(select(Account))] == ["lead@example.org"]
        assert list(session.scalars(select(StoredSession))) == []
        assert [choice.call_id for choice in session.scalars(select(Choice))] == [2]
    left = bytes_of(store)
    assert b"note on 1" not in left and b"patient with Ann" not in left and b"ann@example.org" not in left
