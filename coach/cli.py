"""The command line: each command is a few lines over the library."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from coach.calls import Call, InputError, Review, unexpected
from coach.commands import accounts, batch, care, feedback, policy, trail
from coach.commands.options import database, reviewing, tone_model, viewing
from coach.settings import defaults

if TYPE_CHECKING:
    from coach.store import DeliveryPolicy, Viewer

DATA = "data/service_calls"
WHO_SEES_DELIVERY = {
    "off": "how a rep spoke is neither kept nor shown",
    "rep": "only the rep sees how they spoke",
    "team": "the rep and the team's lead see how the rep spoke",
}


class Commands(click.Group):
    """Takes defaults from the settings; says in one line what no command can go on without, such as a database."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            ctx.default_map = defaults(self)
            return super().invoke(ctx)
        except InputError as error:
            print(f"coach: {error}", file=sys.stderr)
            ctx.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "TONE_COACH"})
def main() -> None:
    """Tone Coach shows service reps where their tone gives them away.

    Options may be set in tone-coach.toml or in the environment: see docs/settings.md.

    Exit codes: 0 all done; 1 some inputs failed (each named on stderr); 2 wrong usage.
    """


for command in (
    batch.batch,
    batch.status,
    care.purge,
    care.forget,
    care.export,
    trail.trail,
    feedback.feedback,
    accounts.accounts,
):
    main.add_command(command)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    envvar="TONE_COACH_SCORE_FORMAT",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
)
@click.option("--out", type=click.File("w", encoding="utf-8", lazy=False), default="-", help="Write here.")
@click.option("--rep-channel", type=click.IntRange(0, 1), help="The rep's channel, where it is known.")
@click.option(
    "--delivery/--no-delivery", default=True, envvar="TONE_COACH_DELIVERY", help="Say how it was spoken, too."
)
@reviewing
def score(
    files: tuple[Path, ...],
    form: str,
    out: TextIO,
    rep_channel: int | None,
    delivery: bool,
    engine: str,
    model: str | None,
    tone: str,
    thresholds: Path | None,
):
    """Score recordings and transcripts, mixed. A .jsonl gives one review a line.

    Example: coach score samples/calls/*.wav --format json --out reviews.jsonl
    """
    from coach import report
    from coach.as_json import review_to_dict
    from coach.review import Reviewer

    reviewer, failures, kept = Reviewer(engine, model, tone, delivery, thresholds), Failures(), []
    for path in files:
        for review in failures.caught(path, _reviews(path, reviewer, rep_channel)):
            if review.not_scored:
                which = path if review.call.id == path.stem else f"{path}: {review.call.id}"
                failures.say(f"{which}: not scored: {review.not_scored}")
            if form == "csv":
                kept.append(review)
            else:
                text = json.dumps(review_to_dict(review)) if form == "json" else report.table(review)
                print(text, file=out, flush=True)
    if form == "csv":
        print(report.csv(kept), file=out, end="")
    sys.exit(bool(failures.said))


def _reviews(path: Path, reviewer, rep_channel: int | None) -> Iterator[Review | InputError]:
    from coach import transcripts

    if path.suffix.lower() not in transcripts.SUFFIXES:
        yield reviewer.review(path, rep_channel=rep_channel)
        return
    for call in transcripts.read(path):
        yield reviewer.rate(call) if isinstance(call, Call) else call


class Failures(logging.Handler):
    """Says each failed input in one line on stderr and counts them, so that the others go on.

    What the library warns of (a recording that breaks off) is said and counted too.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        logger = logging.getLogger("coach")
        logger.addHandler(self)
        click.get_current_context().call_on_close(lambda: logger.removeHandler(self))

    def emit(self, record: logging.LogRecord) -> None:
        self.say(record.getMessage())

    def say(self, line: str) -> None:
        if line not in self.said:
            self.said.append(line)
            print(f"coach: {line}", file=sys.stderr, flush=True)

    def caught(self, path: Path, results: Iterator[Review | InputError]) -> Iterator[Review]:
        try:
            for result in results:
                if isinstance(result, InputError):
                    self.say(str(result))
                else:
                    yield result
        except InputError as error:
            self.say(str(error))
        except Exception as error:  # a fault of ours must not take the other files along
            self.say(f"{path}: {unexpected(error)}")


@main.command()
@database
@click.option("--limit", default=20, show_default=True, help="So many of the latest calls.")
@viewing
def calls(db: str, limit: int, viewer: "Viewer"):
    """Print the stored calls, the latest first: rep, length, three scores and top moments.

    How a call was spoken is printed for a viewer who may see it: see `coach settings delivery`.
    """
    from coach import report
    from coach.store import Store

    store = Store(db)
    for row in store.calls(limit=limit):
        if review := store.review(row.id, viewer=viewer):
            print(report.table(review))


@main.group()
def settings():
    """Show or change what the store keeps, and who sees it."""


for command in (policy.sharing, policy.first_hours, policy.whole_calls):
    settings.add_command(command)


@settings.command("delivery")
@click.argument("policy", required=False, type=click.Choice(list(WHO_SEES_DELIVERY)))
@database
def settings_delivery(policy: "DeliveryPolicy | None", db: str):
    """Who sees how a rep spoke (speed, pitch, pauses, overlaps): nobody, the rep alone, or the lead of the team too.

    "off" also removes what is stored of it. Without a choice, the present one is shown.
    """
    from coach.store import Store

    store = Store(db)
    removed = store.set_policy(replace(store.policy, delivery=policy)) if policy else 0
    chosen = store.policy.delivery
    print(f"delivery: {chosen} ({WHO_SEES_DELIVERY[chosen]})")
    if policy == "off":
        print(f"Removed from {removed} calls for good. Words, scores and moments stay. Backups are yours to clean.")


@main.command()
@database
@click.option("--port", default=8501, show_default=True)
def dashboard(db: str, port: int):
    """Serve the dashboard on 127.0.0.1 until stopped. Who may sign in: see `coach accounts`."""
    served = Path(__file__).parents[1] / "serve.py"
    command = [sys.executable, "-m", "streamlit", "run", str(served), f"--server.port={port}"]
    sys.exit(subprocess.call(command, env=os.environ | {"TONE_COACH_DB": db}))


@main.command()
@click.option("--data", type=click.Path(path_type=Path), default=DATA, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Where to put it, if not where it is used from.")
@tone_model
def train(data: Path, out: Path | None, tone: str):
    """Train the tone model on labelled calls: a folder with train.jsonl and dev.jsonl."""
    from coach.tone.model import FOLDERS
    from coach.tone.train import train as fit

    fit(data, out or FOLDERS[tone], tone)


@main.command()
@click.argument("labelled", type=click.Path(path_type=Path), default=f"{DATA}/dev.jsonl")
@click.option("--leave-one-author-out", is_flag=True, help="Each author's calls by a model trained on the others'.")
@click.option("--public", type=click.Path(path_type=Path), help="Beside published figures: the folder of public data.")
@click.option(
    "--feedback",
    "is_feedback",
    envvar="TONE_COACH_EVALUATE_FEEDBACK",
    is_flag=True,
    help="LABELLED is what coach feedback export wrote.",
)
@click.option(
    "--json", "as_json", envvar="TONE_COACH_EVALUATE_JSON", is_flag=True, help="Print JSON instead of tables."
)
@tone_model
def evaluate(
    labelled: Path, leave_one_author_out: bool, public: Path | None, is_feedback: bool, as_json: bool, tone: str
):
    """Measure the tone model on labelled calls, beside a word list, the majority and one rater.

    Or on impatience in written comments, beside what others have published (this takes a while). Or by what the people
    here say of its scores: how far leads, reps and model agree, by axis and by behaviour.

    \b
    Examples: coach evaluate --leave-one-author-out
              coach evaluate --public ../shared/data/public
              coach evaluate --feedback feedback.jsonl
    """
    if is_feedback:
        from coach.tone.examples import labelled_calls
        from coach.tone.feedback import report

        told = report(labelled_calls(labelled))
        return print(json.dumps(told.as_dict()) if as_json else told)

    from coach.tone import evaluate as measure
    from coach.tone.model import FOLDERS, ToneModel
    from coach.tone.public import Comparison, compare

    model = ToneModel.load(FOLDERS[tone])
    folder = labelled if labelled.is_dir() else labelled.parent
    found: measure.Evaluation | Comparison
    if public:
        found = compare(model, public)
    elif leave_one_author_out:
        found = measure.leave_one_author_out(model, folder, FOLDERS[tone] / "unseen.csv.gz")
    else:
        found = measure.evaluate(model, labelled)
    print(json.dumps(found.as_dict()) if as_json else found)
