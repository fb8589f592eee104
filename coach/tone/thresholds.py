"""Thresholds that an organisation chose by its own feedback, in a file of `coach feedback calibrate`."""

import json
from pathlib import Path

from coach.calls import AXES, Axis, InputError


def read_thresholds(path: Path) -> dict[Axis, float]:
    """For each axis the probability (0.5-1) from which a turn is shown as a moment.

    Raises
    ------
    InputError
        Where it is no such file.
    """
    try:
        said = json.loads(path.read_text("utf-8"))["thresholds"]
        thresholds = {axis: float(said[axis]) for axis in AXES}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: cannot be read as thresholds; make it with coach feedback calibrate") from error
    if not all(0.5 <= threshold <= 1 for threshold in thresholds.values()):
        raise InputError(f"{path}: thresholds lie between 0.5 and 1; make it with coach feedback calibrate")
    return thresholds
