"""The commands for data care: what is old goes, who asks to be forgotten is, what is kept can be taken along."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.commands.options import database, viewing

if TYPE_CHECKING:
    from coach.care import Kind, Outcome
    from coach.store import Viewer

FORMATS = ["csv", "parquet", "jsonl", "vtt", "srt", "convokit"]
OUTSIDE = (
    "Not touched, yours to clean: backups, exports, copies of recordings, manifests and side-car files, logs, "
    "and recordings that no batch took, or that failed in one that was not told whose they are."
)

rehearsal = click.option("--dry-run", is_flag=True, help="Only say what would be removed.")


class Past(click.ParamType):
    name = "AGE|DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        from coach.care import past

        try:
            return past(str(value), datetime.now(UTC))
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is neither an age, like 90d or 12w, nor a date, like 2026-03-01.", param, ctx)


@click.command()
@click.option("--older-than", type=Past(), required=True, help="An age (90d, 12w), or a date before which it goes.")
@click.option("--recordings", is_flag=True, help="The sound files.")
@click.option("--transcripts", is_flag=True, help="What was said; scores and counts stay.")
@click.option(
    "--all", "everything", envvar="TONE_COACH_PURGE_ALL", is_flag=True, help="The calls, with their recordings."
)
@click.option("--trail", is_flag=True, help="Entries of the audit trail: who did what before then.")
@database
@rehearsal
def purge(
    older_than: datetime, recordings: bool, transcripts: bool, everything: bool, trail: bool, db: str, dry_run: bool
):
    """Remove what is kept of calls older than so many days, by when they took place or else were added.

    \b
    Examples: coach purge --older-than 30d --recordings
              coach purge --older-than 90d --transcripts --dry-run
    """
    from coach import care
    from coach.store import Store

    asked: dict[Kind, bool] = {"recordings": recordings, "transcripts": transcripts, "all": everything, "trail": trail}
    kinds = [kind for kind, yes in asked.items() if yes]
    if not kinds:
        raise click.UsageError("Say what to remove: --recordings, --transcripts, --all or --trail.")
    outcome = care.purge(Store(db), older_than, kinds, _say, dry_run)
    _print(outcome, dry_run)
    if outcome.failed:
        print(f"Recordings as old that failed and were never scored, yours to remove (coach status): {outcome.failed}.")
    sys.exit(bool(outcome.left))


@click.command()
@click.option("--customer", metavar="REF", help="Their reference, as the manifest had it.")
@click.option("--rep", metavar="NAME")
@click.option("--keep-recordings", is_flag=True, help="Leave the sound files. Another batch would score them again.")
@database
@rehearsal
def forget(customer: str | None, rep: str | None, keep_recordings: bool, db: str, dry_run: bool):
    """Remove everything that is kept about a customer, or about a rep: calls, reviews, moments, scores, recordings.

    Example: coach forget --customer C-4711
    """
    from coach import care
    from coach.store import Store

    if bool(customer) == bool(rep):
        raise click.UsageError("Say whom to forget: --customer REF or --rep NAME.")
    who = {"rep": rep} if rep else {"customer": customer}
    outcome = care.forget(Store(db), _say, **who, keep_recordings=keep_recordings, dry_run=dry_run)
    _print(outcome, dry_run)
    print(OUTSIDE)
    sys.exit(bool(outcome.left))


def _say(line: str) -> None:
    print(f"coach: {line}", file=sys.stderr, flush=True)


def _print(outcome: "Outcome", dry_run: bool) -> None:
    counts = {"recordings": outcome.recordings, "transcripts": outcome.transcripts} | outcome.rows
    removed = ", ".join(f"{number} {name}" for name, number in counts.items() if number) or "nothing"
    print(f"{'Would be removed' if dry_run else 'Removed'}: {removed}.")
    if outcome.gone:
        print(f"Recordings that were gone already: {outcome.gone}.")
    if outcome.kept:
        print(f"Recordings that are kept, and that a batch would score again: {outcome.kept}.")
    if outcome.left:
        print(f"Recordings that could not be removed, so that what is kept of them stays: {outcome.left}.")


@click.command()
@click.option(
    "--format",
    "form",
    envvar="TONE_COACH_EXPORT_FORMAT",
    type=click.Choice(FORMATS),
    default="csv",
    show_default=True,
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new folder; with jsonl a new file.")
@click.option("--rep", metavar="NAME", help="Only this rep's calls.")
@click.option("--since", type=Past(), help="Only calls from then on: an age (7d, 4w) or a date.")
@viewing
@database
def export(form: str, out: Path, rep: str | None, since: datetime | None, viewer: "Viewer", db: str):
    """Write stored calls for other programs: tables (csv, parquet), reviews (jsonl), captions (vtt, srt), a ConvoKit
    corpus. How a call was spoken is in it for a viewer who may see it: see `coach settings delivery`.

    Example: coach export --format parquet --out exports/march --since 2026-03-01
    """
    from coach.export import export as write
    from coach.store import Store, trail

    store = Store(db)
    outcome = write(store, form, out, rep=rep, since=since, viewer=viewer)
    trail.note(store, trail.EXPORTED, what=form, calls=outcome.calls)
    print(f"{outcome.calls} calls are in {out}.")
    left_out = {"their words were removed": outcome.without_words, "they have no times": outcome.without_times}
    for reason, number in left_out.items():
        if number:
            print(f"{number} calls are left out: {reason}.")
