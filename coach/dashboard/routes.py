"""Where the pages are, and for whom: `app.py` makes the navigation of them, `st.page_link` wants their paths."""

from dataclasses import dataclass
from pathlib import Path

from coach.store import Person

HERE = Path(__file__).parent
STYLE = HERE / "style.css"
ICON = str(HERE / "icon.svg")


@dataclass(frozen=True, slots=True)
class Place:
    """A page: its file in `pages/`, which is its address too, and the parts of the house from which it is reached.

    It is in the navigation of those who have business in one of these parts; a page of no part is there for everybody,
    and reached by links. What a page shows to whom is decided by the store all the same.
    """

    name: str
    title: str
    parts: tuple[str, ...] = ()
    icon: str = ""

    @property
    def path(self) -> str:
        return f"coach/dashboard/pages/{self.name}.py"


MINE, COACHING, OPERATIONS, ADMIN = "My calls", "Coaching", "Operations", "Admin"
PLACES = (
    Place("home", "To listen to", (MINE,), ":material/headphones:"),
    Place("team", "Team", (COACHING,), ":material/groups:"),
    Place("calls", "Calls", (MINE, COACHING), ":material/forum:"),
    Place("progress", "My progress", (MINE,), ":material/show_chart:"),
    Place("mine", "My notes", (MINE, COACHING), ":material/edit_note:"),
    Place("week", "My week", (MINE,), ":material/calendar_view_week:"),
    Place("sees", "Who sees what", (MINE,), ":material/visibility:"),
    Place("agreed", "My coaching", (MINE,), ":material/handshake:"),
    Place("coaching", "Coaching", (COACHING,), ":material/record_voice_over:"),
    Place("answers", "Answers", (COACHING,), ":material/question_answer:"),
    Place("calibrate", "Listen and rate", (COACHING, MINE), ":material/hearing:"),
    Place("callers", "Callers", (COACHING,), ":material/diversity_3:"),
    Place("call", "Call"),
    Place("session", "Session"),
    Place("runs", "Runs", (OPERATIONS,), ":material/bedtime:"),
    Place("upkeep", "Upkeep", (OPERATIONS,), ":material/inventory_2:"),
    Place("trail", "Audit trail", (OPERATIONS,), ":material/history:"),
    Place("add", "Add a recording", (OPERATIONS,), ":material/add:"),
    Place("policy", "Policy", (ADMIN,), ":material/policy:"),
    Place("accounts", "People", (ADMIN,), ":material/group_add:"),
    Place("password", "Your password"),
)
PATHS = {place.name: place.path for place in PLACES}
HOME, CALLS, CALL, MINE_PAGE, ADD = (PATHS[name] for name in ("home", "calls", "call", "mine", "add"))
PROGRESS, WEEK, SEES, POLICY = PATHS["progress"], PATHS["week"], PATHS["sees"], PATHS["policy"]
AGREED, TEAM, COACHING_SESSIONS, SESSION = (PATHS[name] for name in ("agreed", "team", "coaching", "session"))


def parts_of(person: Person) -> tuple[str, ...]:
    """The parts of the house in which somebody has business, the first one theirs to land in."""
    if person.role == "alone":
        return MINE, COACHING, OPERATIONS, ADMIN
    mine = (MINE,) if person.rep is not None else ()
    theirs = {"rep": (), "lead": (COACHING,), "operations": (OPERATIONS,), "admin": (OPERATIONS, ADMIN)}
    return (*theirs[person.role], *mine)


def places_of(person: Person) -> dict[str, list[Place]]:
    """The pages by part of the house, each in the first of its parts; those of no part come last, under no name.

    Whoever has business in one part alone finds its pages under no name as well.
    """
    found: dict[str, list[Place]] = {part: [] for part in parts_of(person)}
    for place in PLACES:
        part = next((part for part in found if part in place.parts), None)
        if part:
            found[part].append(place)
    found = {part: places for part, places in found.items() if places}
    if len(found) == 1:  # all in one row then, and nothing to unfold
        found = {"": next(iter(found.values()))}
    return found | {"": found.get("", []) + [place for place in PLACES if not place.parts]}


def is_for(person: Person, path: str) -> bool:
    """Whether a link to a page may be drawn: to one that is not in the navigation, `st.page_link` raises."""
    return any(place.path == path for places in places_of(person).values() for place in places)
