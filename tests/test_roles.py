"""Who is the rep, from what is said."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from coach.as_json import call_from_dict
from coach.calls import Call, InputError
from coach.listen.roles import FILE, RoleModel, fit, rep_of

REP = "Thanks for calling, this is Dana in billing. May I have your account number, please? Let me check that for you."
CUSTOMER = "Hi, yes, I've been charged twice and I want my money back. It's 4471. I called last week about this."
MACHINE = "Your call may be recorded. For billing, press 2. Please hold while I connect you with the next agent."


@pytest.fixture(scope="module")
def dev_calls(labelled: Path) -> list[Call]:
    lines = (labelled / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    return [call_from_dict(json.loads(line)) for line in lines]


def sides(call: Call, turns: int | None = None) -> list[str]:
    return [" ".join(t.text for t in call.turns[:turns] if t.speaker == side) for side in ("customer", "rep")]


@pytest.mark.parametrize("texts", [[CUSTOMER, REP], [CUSTOMER.lower().replace(",", ""), REP.lower().replace("?", "")]])
def test_the_rep_is_found_on_either_side(texts: list[str]) -> None:
    index, confidence = rep_of(texts)
    assert index == 1 and confidence > 0.9
    assert rep_of(texts[::-1]) == (0, pytest.approx(confidence))


def test_an_automatic_voice_is_not_the_rep() -> None:
    assert rep_of([MACHINE, CUSTOMER, REP])[0] == 2
    assert rep_of([CUSTOMER, f"{MACHINE} {REP}"])[0] == 1
    assert rep_of([f"{MACHINE} {CUSTOMER}", REP])[0] == 1


def test_little_said_is_little_known() -> None:
    assert rep_of(["", ""])[1] == 0.5
    assert rep_of(["Yes.", "Okay."])[1] < 0.8


def test_a_name_carries_no_weight() -> None:
    assert rep_of([CUSTOMER, REP]) == rep_of([CUSTOMER, REP.replace("Dana", "Xiomara")])


@pytest.mark.parametrize(("turns", "least"), [(None, 0.99), (4, 0.97)])
def test_right_on_labelled_calls(dev_calls: list[Call], turns: int | None, least: float) -> None:
    right = [rep_of(sides(call, turns))[0] == 1 for call in dev_calls]
    assert sum(right) / len(right) >= least


def test_confidence_is_lower_where_it_is_wrong(dev_calls: list[Call]) -> None:
    answers = [rep_of(sides(replace(call, turns=call.turns[-4:]))) for call in dev_calls]
    right, wrong = ([confidence for index, confidence in answers if index == side] for side in (1, 0))
    assert sum(right) / len(right) > sum(wrong) / len(wrong) + 0.1


def test_training_learns_who_is_who(dev_calls: list[Call]) -> None:
    model = fit([call for call in dev_calls if call.id[0] != "a"])
    unseen = [[model.score(text) for text in sides(call)] for call in dev_calls if call.id[0] == "a"]
    assert all(rep > customer for customer, rep in unseen)


def test_altered_weights_are_refused(tmp_path: Path) -> None:
    altered = tmp_path / "roles.json"
    altered.write_text(FILE.read_text(encoding="utf-8").replace("0.", "1.", 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"roles\.json: damaged or altered"):
        RoleModel.load(altered)
