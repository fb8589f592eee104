"""The landing page: three moments to listen to."""

from coach.dashboard import resources, routes
from coach.dashboard.rep import home, overview
from coach.dashboard.rep.home import AHEAD, AT_ONCE, Shown
from coach.dashboard.rep.voice import Voice
from coach.store import Desk, Filter, MomentRow
from coach.store.said.feedback import own_rep


def shown(desk: Desk, voices: dict[int, Voice], row: MomentRow) -> Shown | None:
    """What there is to show of a moment; None where it has just gone."""
    excerpt = desk.excerpt(row)
    if excerpt is None:
        return None
    sound = resources.clip_of(row, excerpt.call, row.moment)
    if sound:
        resources.log_once(desk, "played", row.call_id)
    voice = voices.setdefault(row.call_id, Voice(resources.desk, row.call_id))
    return Shown(row, excerpt, sound, voice)


def fetch(voices: dict[int, Voice], wanted: Filter, times: int) -> tuple[list[Shown], bool]:
    desk = resources.desk()  # older ones are asked for later than the page
    rows = desk.moments(wanted, limit=times * AT_ONCE + AHEAD)
    threes = home.chosen(rows, times)
    found = [shown(desk, voices, row) for three in threes for row in three]
    return [each for each in found if each], len(rows) > sum(map(len, threes))


desk = resources.desk()
person = desk.person
wanted = Filter(rep=own_rep(desk)) if person.rep is not None else Filter()
voices: dict[int, Voice] = {}
home.draw_welcome(person.role != "alone")
if desk.count(wanted):
    home.draw_moments(lambda times: fetch(voices, wanted, times), person.role == "alone" and len(desk.reps()) > 1)
else:
    overview.draw_empty(routes.OPERATIONS in routes.parts_of(person))
