"""The model card, with its figures filled in when the model is trained."""

from coach.calls import Axis
from coach.tone.evaluate import Evaluation

CARD = """\
# Tone model

Rates each turn of a service rep on condescension, impatience and empathy, 0 to 3, given all that was said
before it, and shows the words that carry each score. It runs offline, on a laptop's processor. This page is
written by `coach train`; how it was made, what did not work and what it cannot do is in `docs/tone-model.md`.

## What it is
SmolLM2-135M-Instruct (Hugging Face, Apache-2.0), a small causal language model, frozen, cut to its lower 18
of 30 layers, reads the whole call once. Linear heads (`heads.safetensors`) rate each rep turn from the states
after 15 and 18 layers: the turn's last token, and the mean of its tokens. A second head proposes the words
that show a behaviour; they are kept as evidence only if taking them out of the turn makes the probability
fall. `tokenizer.json` is SmolLM2's own. All files are checked against `SHA256SUMS` before they are used, and
none can run code.

## Trained on
{calls} service calls with {turns} rep turns, written for this project (Apache-2.0; no real person, company or
call), each turn rated by two raters. Authors and raters were language models working to the rubric, apart from
each other. One call in seven (dev) was kept for calibrating.

## What it may be used for
Finding moments of a call worth listening to, for a rep who wants to learn and a coach who helps. It may not
be used for decisions about people: pay, discipline, hiring, ranking. It misses about half of what raters
notice, and it is sometimes wrong about what it finds, so what it shows must be heard before it is believed.
**It was made from synthetic text: check it on real calls of your own before you rely on it.** English only.

## On authors it has never seen
Each author's calls, scored by heads trained and calibrated on the others' (probability of a mean rating of 1
or more; kappa is quadratic weighted, of the rounded rating). This is the figure to expect at best on calls of
a new company.

{honest}

## On dev, whose authors are in the training data
These figures flatter. Moments are shown from a probability of {thresholds}.

{dev}

`coach evaluate` makes both tables.
"""


def card(thresholds: dict[Axis, float], honest: Evaluation, dev: Evaluation) -> str:
    """The model card as Markdown."""
    shown = ", ".join(f"{value:.2f} ({axis})" for axis, value in thresholds.items())
    return CARD.format(calls=honest.calls, turns=honest.turns, honest=honest, dev=dev, thresholds=shown)
