"""Who sees what of a rep's calls: /sees."""

import streamlit as st

from coach import settings
from coach.dashboard import resources
from coach.dashboard.rep import sees as draw
from coach.store import Desk
from coach.store.looks import looks, policy_changes


def page(desk: Desk) -> None:
    draw.draw_rules(desk.policy)
    draw.draw_choices()
    draw.draw_kept(settings.read().get("purge", {}))
    draw.draw_looks(looks(desk), alone=desk.person.role == "alone")
    draw.draw_changes(policy_changes(desk))


st.html(
    '<h1>Who sees what</h1><p class="facts">Your calls are yours to learn from. '
    "This is what the rules of your organisation mean for you.</p>"
)
page(resources.desk())
