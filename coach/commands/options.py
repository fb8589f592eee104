"""Options that several commands share."""

from pathlib import Path

import click

VIEWERS = ["rep", "lead", "operations"]

database = click.option(
    "--db",
    envvar="TONE_COACH_DB",
    default="sqlite:///coach.db",
    show_default="sqlite:///coach.db",  # in words: the default may come from the settings, with a password in it
    help="Where reviews are kept.",
)

viewing = click.option(
    "--viewer", type=click.Choice(VIEWERS), default="operations", show_default=True, help="Who looks at them."
)

tone_model = click.option(
    "--tone",
    envvar="TONE_COACH_TONE",
    type=click.Choice(["best", "fast"]),
    default="best",
    show_default=True,
    help="The tone model.",
)


def reviewing(command):
    """Options shared by the commands that listen to recordings and rate them."""
    for option in (
        tone_model,
        click.option(
            "--engine",
            envvar="TONE_COACH_ENGINE",
            type=click.Choice(["openai-whisper", "faster-whisper"]),
            default="openai-whisper",
            show_default=True,
            help="What transcribes.",
        ),
        click.option(
            "--model",
            envvar="TONE_COACH_MODEL",
            help="Other Whisper weights than the base that comes along: a path or a name.",
        ),
        click.option(
            "--thresholds",
            envvar="TONE_COACH_THRESHOLDS",
            type=click.Path(path_type=Path, dir_okay=False),
            help="From when on a turn is shown: a file of coach feedback calibrate.",
        ),
    ):
        command = option(command)
    return command
