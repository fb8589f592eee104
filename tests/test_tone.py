import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from elsewhere import DEVICE, Elsewhere

from coach.as_json import call_from_dict
from coach.calls import AXES, Call, InputError, Rating, Turn, Word
from coach.tone.evaluate import evaluate
from coach.tone.examples import labelled_calls, read_changes, read_examples
from coach.tone.fitting import fit_cuts
from coach.tone.jury import fit_jury, steadied
from coach.tone.llama import Llama
from coach.tone.model import ToneModel
from coach.tone.reader import CONTEXT, LONGEST_TURN, WINDOW, windows
from coach.tone.rubric import BEHAVIOURS
from coach.tone.train import train
from coach.weights import MODELS


@pytest.fixture(scope="module")
def model() -> ToneModel:
    return ToneModel.load()


def call(*texts: str) -> Call:
    """A call in which the customer speaks first."""
    turns = [Turn("rep" if number % 2 else "customer", text) for number, text in enumerate(texts)]
    return Call("made-up", tuple(turns))


def last(model: ToneModel, *texts: str) -> Rating:
    rating = model.rate(call(*texts))[-1]
    assert rating is not None
    return rating


BILL = "I don't understand this bill. It says 84 and I always pay 60."
WAITING = "I've been without heating for two weeks now, and my mother is 86."
LONG = "So it was last Tuesday, no, Wednesday, when the man came, and he said that the part-"
PLAIN = "Okay. Could you give me the account number, please?"
TONES = [
    ("condescension", BILL, "Well, it's all right there on the page, sir, if you had bothered to read it."),
    ("condescension", BILL, "Let me say it very slowly for you, dear. You used more, so you pay more."),
    ("condescension", WAITING, "That's because you set it up wrong. You should have read the instructions."),
    ("condescension", WAITING, "You're only on the basic plan, so frankly you get what you pay for."),
    ("impatience", LONG, "Yeah, yeah, I got that. Just give me the account number."),
    ("impatience", BILL, "Like I already said, it's the usage. I've got other people waiting, so."),
    (
        "impatience",
        WAITING,
        "That's not our department. You'd have to look that up online. Anything else? No? Okay, bye.",
    ),
    (
        "empathy",
        WAITING,
        "Two weeks in this cold, with your mother at 86. I'd be worried sick. Let me get you a man today.",
    ),
    ("empathy", BILL, "That jump would have given me a fright as well. I'll go through it with you, line by line."),
    ("empathy", WAITING, "I'll stay on this myself and ring you by four, so that you don't have to chase us again."),
]


@pytest.mark.parametrize(("axis", "before", "said"), TONES)
def test_a_plain_tone_is_heard_and_the_words_that_carry_it_are_quoted(model, axis, before, said):
    toned, plain = last(model, before, said), last(model, before, PLAIN)
    assert toned.scores[axis].probability > plain.scores[axis].probability + 0.3
    assert toned.scores[axis].rating > plain.scores[axis].rating
    assert any(evidence.axis == axis for evidence in toned.evidence)
    for evidence in toned.evidence:
        assert BEHAVIOURS[evidence.behaviour] == evidence.axis
        assert said[evidence.start : evidence.end] == evidence.text


@pytest.mark.parametrize(("axis", "before", "said"), TONES[::3])
def test_taking_the_evidence_away_lowers_the_score(model, axis, before, said):
    rating = last(model, before, said)
    pieces = [evidence for evidence in rating.evidence if evidence.axis == axis]
    for evidence in reversed(pieces):
        said = said[: evidence.start] + said[evidence.end :]
    rest = last(model, before, said)
    fall = rating.scores[axis].probability - (rest.scores[axis].probability if rest.scores else 0)
    assert fall > max(evidence.weight for evidence in pieces) - 0.05
    if len(pieces) == 1 and rest.scores:
        assert pieces[0].weight == pytest.approx(fall, abs=1e-3)


@pytest.mark.parametrize(
    ("axis", "guilty", "innocent", "said"),
    [
        ("impatience", LONG, "Great, that's all I needed, thank you. Bye now.", "Okay, bye."),
        ("condescension", BILL, "Sorry, I'm not good with this. Where exactly is it?", "It's right there on the page."),
        (
            "impatience",
            "And my husband's name is on the account as well, he's away just now, because he-",
            "I'm in a hurry, can we do this quickly? What do you need?",
            "Just the account number.",
        ),
    ],
)
def test_context_counts(model, axis, guilty, innocent, said):
    assert last(model, guilty, said).scores[axis].probability > last(model, innocent, said).scores[axis].probability


def test_scores_are_probabilities_in_order(model, labelled):
    found = labelled_calls(labelled / "dev.jsonl")[3]
    turns = found["turns"][:7]
    ratings = model.rate(call_from_dict(found | {"turns": turns}))
    assert [rating is None for rating in ratings] == [turn["speaker"] != "rep" for turn in turns]
    for rating in filter(None, ratings):
        assert tuple(rating.scores) == AXES
        for score in rating.scores.values():
            assert 0 <= score.clear <= score.probability <= 1 and 0 <= score.rating <= 3


def test_the_model_says_where_it_does_not_know(model, labelled):
    for found in labelled_calls(labelled / "dev.jsonl")[:4]:
        for rating in filter(None, model.rate(call_from_dict(found))):
            for axis, score in rating.scores.items():
                assert score.unsure == (model.unsure_from[axis] <= score.probability < model.thresholds[axis])


@pytest.mark.parametrize("said", ["Okay.", "Mm-hm.", "0681.", "Bye now."])
def test_short_turns_are_scored(model, said):
    assert last(model, BILL, said).scores


@pytest.mark.parametrize("said", ["", "...", "-"])
def test_a_turn_without_words_says_so(model, said):
    assert last(model, BILL, said) == Rating(None, (), "there are no words in this turn")


def spoken(text: str, unclear: str = "") -> Turn:
    words = tuple(Word(w, i, i + 0.5, 0.2 if w in unclear.split() else 0.9) for i, w in enumerate(text.split()))
    return Turn("rep", text, words=words)


def test_unclear_words_carry_no_score(model):
    rude = "You should've bothered to read that, dear."
    heard = f"Okay, one moment, I am opening up the account. {rude}"
    clear, unclear, without = (
        model.rate(Call("made-up", (Turn("customer", BILL), turn)))[1]
        for turn in (
            spoken(heard),
            spoken(heard, rude),
            spoken("Okay, one moment, I am opening up the account."),
        )
    )
    assert clear.scores["condescension"].probability > 0.5 > unclear.scores["condescension"].probability
    assert unclear.scores == without.scores
    assert not any("bothered" in evidence.text for evidence in unclear.evidence)


def test_a_mostly_unclear_turn_is_not_scored(model):
    turn = spoken("You should have read the", "You should have")
    assert model.rate(Call("made-up", (turn,)))[0].not_scored == "most of these words could not be made out"


def test_nothing_that_comes_later_counts(model):
    whole = call(BILL, TONES[0][2], "Excuse me?", PLAIN, "I want to complain.", TONES[5][2])
    ratings = model.rate(whole)
    for turn in (1, 3):
        alone = model.rate(replace(whole, turns=whole.turns[: turn + 1]))[turn]
        for axis in AXES:
            assert alone.scores[axis].probability == pytest.approx(ratings[turn].scores[axis].probability, abs=1e-4)


@pytest.mark.parametrize("lengths", [[10] * 5, [30] * 500, [30, 2048] * 5, [2048] * 9, []])
def test_windows_are_bounded_overlap_and_depend_on_the_past_alone(lengths):
    found = list(windows(lengths))
    assert [turn for _, first, end in found for turn in range(first, end)] == list(range(len(lengths)))
    for begin, first, end in found:
        assert sum(lengths[begin:first]) >= min(CONTEXT, sum(lengths[:first]))
        assert sum(lengths[begin:end]) <= max(WINDOW, CONTEXT + 2 * LONGEST_TURN)
    for cut in range(1, len(lengths)):
        begins = {turn: begin for begin, first, end in found for turn in range(first, end)}
        assert all(begins[turn] == begin for begin, first, end in windows(lengths[:cut]) for turn in range(first, end))


def test_a_long_call_is_read_in_windows_to_its_end(model, monkeypatch):
    monkeypatch.setattr("coach.tone.reader.WINDOW", 150)
    monkeypatch.setattr("coach.tone.reader.CONTEXT", 60)
    long = call(*["And then I wanted to ask you about the order.", PLAIN] * 10, BILL, TONES[0][2])
    readings = list(model.reader.read(long))
    assert [reading.turn for reading in readings] == list(range(1, 22, 2))
    assert all(reading.memory[0][0].shape[1] <= 150 for reading in readings)
    assert all(reading.start >= 60 for reading in readings[3:])
    assert model.rating(readings[-1]).scores["condescension"].probability > 0.5


def test_a_damaged_file_is_refused(tmp_path):
    folder = Path(shutil.copytree(MODELS / "tone", tmp_path / "tone"))
    heads = folder / "heads.safetensors"
    damaged = bytearray(heads.read_bytes())
    damaged[-1] ^= 1
    heads.write_bytes(damaged)
    with pytest.raises(InputError, match=r"heads\.safetensors: damaged"):
        ToneModel.load(folder)


def test_our_llama_reads_as_the_original_does():
    from transformers import LlamaConfig, LlamaModel

    torch.manual_seed(0)
    sizes = {"hidden_size": 128, "intermediate_size": 96, "num_attention_heads": 2, "num_key_value_heads": 1}
    theirs = LlamaModel(
        LlamaConfig(vocab_size=50, num_hidden_layers=4, rms_norm_eps=1e-5, rope_theta=100_000.0, **sizes)
    ).eval()
    tokens = torch.randint(50, (40,))
    with torch.inference_mode():
        states = theirs(tokens[None], output_hidden_states=True).hidden_states
    llama = Llama(theirs.state_dict(), heard=(1, 3))
    ours, memory = llama.read(tokens)
    assert torch.allclose(ours, torch.cat([states[1][0], states[3][0]], 1), atol=1e-4)
    parts = [(10, tokens[10:15]), (30, tokens[30:])]
    again = llama.read_on(memory, parts)
    assert torch.allclose(again[0], ours[10:15], atol=1e-4) and torch.allclose(again[1], ours[30:], atol=1e-4)
    with Elsewhere():
        there = Llama({name: weight.to(DEVICE) for name, weight in theirs.state_dict().items()}, heard=(1, 3))
        states, memory = there.read(tokens)
        assert memory[0][0].device == DEVICE and torch.allclose(states, ours, atol=1e-4)
        assert all(map(torch.allclose, there.read_on(memory, parts), again))


@pytest.fixture(scope="module")
def little(labelled, tmp_path_factory) -> Path:
    """A dozen labelled calls by four authors to learn from, and as many to check on."""
    folder = tmp_path_factory.mktemp("little")
    lines = (labelled / "dev.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    chosen = [line for line in lines if json.loads(line)["id"][0] in "adhk"]
    for part, own in (("train", chosen[::2]), ("dev", chosen[1::2])):
        (folder / f"{part}.jsonl").write_text("".join(own[:12]), encoding="utf-8")
    return folder


def test_training_on_a_few_calls_makes_a_model_that_beats_chance(little, tmp_path):
    train(little, tmp_path / "model", "fast", report=lambda _: None)
    found = evaluate(ToneModel.load(tmp_path / "model"), little / "dev.jsonl")
    precision = found.agreement[found.agreement.measure == "average precision"].set_index(["axis", "system"]).value
    for axis in AXES:
        assert precision[axis, "tone model"] > 1.3 * precision[axis, "always 0"]
    card = (tmp_path / "model" / "README.md").read_text()
    assert "layers 6 and 9" in card and "must not be used for" in card


def test_the_same_seed_fits_the_same_jury():
    torch.manual_seed(1)
    features, changes = torch.randn(1000, 8), 0.1 * torch.randn(1000, 8)
    targets = (features[:, :2] > 0).float()
    first, again, other = (fit_jury(features, targets, changes, seed) for seed in (0, 0, 1))
    assert torch.equal(first(features), again(features)) and not torch.equal(first(features), other(features))
    assert ((first(features) > 0) == (targets > 0)).float().mean() > 0.9


def test_a_steadied_jury_looks_away_from_what_changes_in_other_words():
    torch.manual_seed(1)
    features = torch.randn(1000, 8)
    features[:, 1] = features[:, 0] + 0.3 * torch.randn(1000)  # as telling as the first, but it hangs on the wording
    targets, changes = (features[:, :1] > 0).float(), torch.zeros(1000, 8)
    changes[:, 1] = 2 * torch.randn(1000)
    jury = fit_jury(features, targets, changes)
    steady = steadied(jury, features, changes)
    moved, left = ((one(features + changes) - one(features)).abs().mean() for one in (jury, steady))
    assert left < moved / 2
    assert ((steady(features) > 0) == (targets > 0)).float().mean() > 0.9


def test_a_call_is_compared_with_the_twin_that_its_author_wrote(labelled, model):
    both = [call for call in labelled_calls(labelled / "train.jsonl") if call["id"] in ("z-001", "z-002")]
    examples = read_changes(model.reader, both, read_examples(model.reader, both))
    (standard, irish), turns = examples.features.chunk(2), len(examples.turns) // 2
    assert both[0]["twin"] == "z-002" and examples.turns[:turns] == examples.turns[turns:]
    assert torch.allclose(examples.changes[:turns], irish - standard, atol=1e-4)


def test_ratings_are_cut_where_they_agree_best_with_the_raters():
    expected = torch.tensor([[0.1], [0.2], [0.6], [0.7], [1.1], [1.2], [1.6], [1.7]]).repeat(1, len(AXES))
    ratings = [{axis: [level, level] for axis in AXES} for level in (0, 0, 1, 1, 2, 2, 3, 3)]
    for low, middle, high in fit_cuts(expected, ratings).tolist():
        assert 0.2 < low <= 0.6 and 0.7 < middle <= 1.1 and 1.2 < high <= 1.6
