"""The commands for the night: score many recordings unattended, and see how that went."""

import json
import signal
import sys
from dataclasses import asdict
from datetime import datetime
from glob import has_magic
from pathlib import Path

import click

from coach.commands.care import Past
from coach.commands.options import database, reviewing


def _source(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is None or "://" in value or has_magic(value) or Path(value).exists():
        return value
    raise click.BadParameter(f"{value}: there is no such folder or manifest")


@click.command()
@click.argument("source", callback=_source, required=False)
@database
@click.option("--workers", type=click.IntRange(1), help="Processes that score.  [default: the cores, as memory allows]")
@click.option(
    "--cluster",
    metavar="ray|ADDRESS",
    help="Score with Ray: on this machine (ray), or in the cluster at ray://HOST:10001, at HOST:PORT, or auto, the one "
    "this machine is part of. Recordings are sent there.",
)
@click.option("--since", type=Past(), help="Only calls since: a day (2026-11-18), or so long ago (2d, 1w).")
@click.option("--limit", type=click.IntRange(1), help="Score so many at most.")
@click.option("--retry-failed", is_flag=True, help="Try again what failed before.")
@click.option(
    "--again",
    type=click.Choice(["failed", "marked"]),
    help="Instead of a SOURCE: all that failed before, or what the dashboard was asked to try again.",
)
@click.option("--rescore", is_flag=True, help="Score again what other versions scored; their scores are kept beside.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--name-pattern", default="{date}_{time}_{rep}", show_default=True, help="What a file's name tells.")
@click.option("--time-limit", type=click.FloatRange(1), default=600.0, show_default=True, help="Seconds for a call.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@reviewing
def batch(
    source: str | None,
    db: str,
    workers: int | None,
    cluster: str | None,
    since: datetime | None,
    limit: int | None,
    retry_failed: bool,
    again: str | None,
    rescore: bool,
    dry_run: bool,
    name_pattern: str,
    time_limit: float,
    log_format: str,
    engine: str,
    model: str | None,
    tone: str,
    thresholds: Path | None,
):
    """Score recordings into the store: a folder, a glob, a manifest (CSV, JSONL) or the URL of one (s3://...).

    What is there is skipped, so that it can be run again at any time, and by several machines at once. A call may take
    the time limit and five times its own length before it counts as failed.

    Example: coach batch recordings/ --db sqlite:///coach.db
    """
    from coach.batch import Batch, default_workers
    from coach.batch.again import failed_before
    from coach.batch.cluster import LOCAL
    from coach.batch.recordings import latest, recordings
    from coach.batch.telling import Teller, summary
    from coach.review import Reviewer
    from coach.store import Store

    if cluster not in (None, LOCAL) and not workers:
        raise click.UsageError("--workers: say how many actors are to score in that cluster")
    if not (source or again):
        raise click.UsageError("Say what to score: a SOURCE, or --again.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tell = Teller(log_format)
    click.get_current_context().call_on_close(tell.close)
    store = Store(db)
    if again or not source:
        source = f"--again {again}"
        failed = [row for row in store.failures() if again == "failed" or row.again_at]
        found = failed_before(failed, name_pattern)
    else:
        found = recordings(source, name_pattern)
    found = latest(found, since) if since and not again else found
    night = Batch(
        store,
        Reviewer(engine, model, tone, delivery=store.policy.delivery != "off", thresholds=thresholds),
        tell,
        workers=workers or default_workers(),
        cluster=cluster,
        rescore=rescore,
        retry_failed=retry_failed or again == "failed",
        limit=limit,
        floor=time_limit,
    )
    if dry_run:
        for event in night.preview(found):
            tell(event)
    else:
        print(summary(night.run(found, source)))
    sys.exit(tell.failed)


@click.command()
@database
@click.option("--limit", default=5, show_default=True, help="So many of the last runs.")
@click.option(
    "--format",
    "form",
    envvar="TONE_COACH_STATUS_FORMAT",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
def status(db: str, limit: int, form: str):
    """Say how the last batches went, what they have in hand, and what failed."""
    from coach.batch import telling
    from coach.store import Store

    store = Store(db)
    runs, failures = store.runs(limit), store.failures()
    if form == "json":
        found = {"runs": [asdict(run) for run in runs], "failures": [asdict(row) for row in failures]}
        print(json.dumps(found, default=str))
    else:
        print(telling.status(runs, failures))
