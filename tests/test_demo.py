"""The whole way on the sample calls: heard, scored, kept, and told apart as they were written."""

from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from coach.calls import Review
from coach.cli import main
from coach.store import Store


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('demo')}/demo.db"
    result = CliRunner().invoke(main, ["batch", str(samples / "calls.csv"), "--db", url])
    assert result.stdout.startswith("8 scored, 0 not scored, 0 already there, 0 failed\n")
    assert result.exit_code == 0
    return url


@pytest.fixture(scope="module")
def reviews(database: str) -> dict[str, Review]:
    store = Store(database)
    return {row.title: store.review(row.id) for row in store.calls()}


def kinds(review: Review, kind: str) -> set[str]:
    return {moment.axis for moment in review.moments if moment.kind == kind}


def test_the_rep_is_found_on_either_channel(reviews: dict[str, Review]):
    on_second = {"2026-11-18_1405_dana", "2026-11-19_1132_dana", "2026-11-19_1618_colin"}
    assert {name for name, review in reviews.items() if review.call.rep_channel == 1} == on_second


def test_what_was_said_is_heard_with_times(reviews: dict[str, Review]):
    call = reviews["2026-11-18_1405_dana"].call
    turn = next(turn for turn in call.turns if "other calls waiting" in turn.text)
    assert turn.speaker == "rep"
    assert 15 < turn.start < turn.end < 30
    assert all(turn.start <= word.start <= word.end <= turn.end for word in turn.words)


def test_the_kind_call_shows_strengths_alone(reviews: dict[str, Review]):
    review = reviews["2026-11-17_0912_dana"]
    assert kinds(review, "strength") == {"empathy"}
    assert kinds(review, "giveaway") == set()


@pytest.mark.parametrize(
    ("name", "axis"),
    [("2026-11-17_1034_colin", "condescension"), ("2026-11-18_1405_dana", "impatience")],
)
def test_the_condescending_and_the_impatient_call_are_given_away(reviews: dict[str, Review], name: str, axis: str):
    assert axis in kinds(reviews[name], "giveaway")


def test_moments_are_few_quoted_and_apart(reviews: dict[str, Review]):
    for review in reviews.values():
        assert len(review.moments) <= 5
        for moment in review.moments:
            assert moment.quote.rstrip("…") in review.call.turns[moment.turn].text
            assert moment.why and moment.tip
        times = [(moment.start, moment.end) for moment in review.moments]
        assert all(end <= start for (_, end), (start, _) in pairwise(times))


def test_a_second_batch_has_nothing_to_do_and_the_summary_is_readable(database: str, samples: Path):
    again = CliRunner().invoke(main, ["batch", str(samples / "calls.csv"), "--db", database])
    assert again.stdout == "0 scored, 0 not scored, 8 already there, 0 failed\n"
    summary = CliRunner().invoke(main, ["calls", "--db", database]).stdout
    assert "2026-11-18_1405_dana  Dana R.  0:50" in summary
    assert summary.count("condescension ") == 8
