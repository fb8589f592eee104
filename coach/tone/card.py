"""The model card, with its figures filled in when the model is trained."""

from coach.calls import AXES, Axis
from coach.tone.evaluation import Evaluation

CARD = """\
# Tone model

Rates each turn of a service rep on condescension, impatience and empathy, 0 to 3, given all that was said
before it, and shows the words that carry each score. It runs offline, on a laptop's processor. This page is
written by `coach train`; how it was made, what did not work and what it cannot do is in `docs/tone-model.md`.

## What it is
SmolLM2-135M-Instruct (Hugging Face, Apache-2.0), a small causal language model, frozen, reads the whole call once,
up to layer {last} of its 30. Three small networks with one hidden layer (`heads.safetensors`) rate each rep turn
together from the states after layers {heard}: the turn's last token, and the mean of its tokens. They
learned each call twice, the second time in another English or another transcriber's hand, and look away from
what changed. A linear head
proposes the words that show a behaviour; they are kept as evidence only if the turn, read without them, loses enough.
`tokenizer.json` in `models/tone` is SmolLM2's own. All files are checked by SHA-256 before they are used, and
none can run code. `unseen.csv.gz` holds the scores behind the first table below.

## Data and licences
{calls} service calls with {turns} rep turns, written for this project and shipped with it (`data/service_calls`,
Apache-2.0; no real person, company or call), each turn rated independently by its author and by raters who saw
only the text and the rubric. Authors and raters were language models. {dev_calls} of the calls (dev) were kept for
calibrating. The heads and this card are Apache-2.0 as well.

## What it is for
Finding moments of a call worth listening to: for a rep who wants to learn, and for a coach who helps. Strengths
count as much as slips. What it shows must be heard before it is believed, and the rep may disagree.

## What it must not be used for
**Decisions about people, automated or not**: pay, discipline, hiring, dismissal, ranking, quotas. Scoring people who
were not told. Guessing what someone feels: it rates words, as a careful listener would, and knows no emotion.

## Limits
- **It was made from synthetic text: check it on real calls of your own before you rely on it.** On real, civil
  talk it raises more false alarms than below: `benchmarks/real_talk.py`.
- Its moments hold {found:.0%} of the faults that raters notice; {wrong:.0%} of the giveaways among them are not
  confirmed by the raters.
- It reads what a transcriber wrote. What only the voice gives away it cannot know, and misheard words mislead it.
- English only. How it bears transcription errors, dialects, second-language grammar and names is measured by the
  commands in `benchmarks/`; the figures are in `docs/tone-model.md`.

## What a probability means
Of the turns with a probability of .3, about three in ten are rated 1 or more: on authors that the model has not
seen, the two differ on average by {calibration} (expected calibration error). A turn becomes a moment
from {thresholds}. An axis is called absent below
{absent}: chosen on those turns, so that at most one in twenty
of them is rated 1 or more. **Between the two the model does not know.**

## On authors it has never seen
Each author's calls, scored by a model trained and calibrated on the others' (probability of a mean rating of 1
or more; kappa is quadratic weighted, of the rounded rating). This is the figure to expect at best on calls of
a new company.

{honest}

## On dev, whose authors are in the training data
These figures flatter.

{dev}

`coach evaluate` makes both tables; `notebooks/02_how_good_are_the_scores.ipynb` draws them.
"""


def card(heard: tuple[int, ...], honest: Evaluation, dev: Evaluation) -> str:
    """The model card as Markdown; `heard` are the layers of the language model from which it rates."""
    return CARD.format(
        last=heard[-1],
        heard=", ".join(map(str, heard[:-1])) + f" and {heard[-1]}",
        calls=honest.calls,
        turns=honest.turns,
        dev_calls=dev.calls,
        found=honest.moments["faults that are over the threshold"].value,
        wrong=1 - honest.moments["top three giveaways right"].value,
        calibration=_calibration(honest),
        thresholds=_by_axis(dev.thresholds),
        absent=_by_axis(dev.unsure_from),
        honest=honest,
        dev=dev,
    )


def _by_axis(values: dict[Axis, float]) -> str:
    return ", ".join(f"{values[axis]:.2f} ({axis})" for axis in AXES)


def _calibration(found: Evaluation) -> str:
    """The calibration error of each axis: ".01, .01 and .02"."""
    rows = found.agreement[
        (found.agreement.system == "tone model") & (found.agreement.measure == "calibration error")
    ].set_index("axis")
    first, second, third = (f"{rows.value[axis]:.2f}" for axis in AXES)
    return f"{first}, {second} and {third}"
