"""Upkeep: how much is kept, by what it was scored, how old it is, and how to let it go."""

import os
from pathlib import Path
from typing import Any

import streamlit as st

from coach import settings
from coach.calls import InputError
from coach.dashboard import resources
from coach.dashboard.operations import upkeep
from coach.dashboard.words import markdown_free
from coach.store import trail
from coach.store import upkeep as stored

MOST = 20_000  # files are counted, no more
SOME_TIME = 600  # seconds
PURGE = "TONE_COACH_PURGE_"


@st.cache_data(ttl=SOME_TIME, show_spinner=False)
def handed_in(folder: Path) -> tuple[int, int, bool]:
    """How many recordings were handed in by the browser, their bytes, and whether these are all."""
    number = size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            if number == MOST:
                return number, size, False
            number, size = number + 1, size + (Path(place) / name).stat().st_size
    return number, size, True


def retention() -> dict[str, Any]:
    """What the settings file and the environment say of `coach purge`."""
    said = {name.removeprefix(PURGE): value for name, value in os.environ.items() if name.startswith(PURGE)}
    return settings.read().get("purge", {}) | {name.lower().replace("_", "-"): value for name, value in said.items()}


desk = resources.desk()
st.html('<h1>Upkeep</h1><p class="facts">What is kept here, and how it goes when its time has come.</p>')
found = stored.holding(desk)
upkeep.draw_holding(found, handed_in(stored.intake(desk).folder / "recordings"))
upkeep.draw_ages(found)
try:
    purges = trail.entries(desk, trail.Wanted(action=trail.PURGED), 1)
    upkeep.draw_retention(retention(), purges, found.older)
except InputError as error:
    st.error(markdown_free(str(error)))
upkeep.draw_versions(stored.versions(desk), stored.scorer_now(desk))
