"""The names of the tone rubric: 18 behaviours and the axis that each one shows, and `hollow`, which shows none."""

from coach.calls import Axis

BEHAVIOURS: dict[str, Axis | None] = {
    "talks_down": "condescension",
    "states_the_obvious": "condescension",
    "blames_customer": "condescension",
    "argues": "condescension",
    "hides_behind_policy": "condescension",
    "belittles_standing": "condescension",
    "hurries": "impatience",
    "shows_annoyance": "impatience",
    "cuts_off": "impatience",
    "brushes_off": "impatience",
    "rushes_to_close": "impatience",
    "treats_as_interruption": "impatience",
    "acknowledges_feeling": "empathy",
    "shows_understanding": "empathy",
    "explores": "empathy",
    "takes_ownership": "empathy",
    "values_customer": "empathy",
    "explains_respectfully": "empathy",
    "hollow": None,
}
