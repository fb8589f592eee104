"""What an admin may let leads see of reps' calls, each choice with what it means."""

from collections.abc import Callable
from html import escape

import streamlit as st

from coach.commands.policy import LONGEST
from coach.dashboard.rep import sees
from coach.store import Policy

SHARING = {
    "opt-in": ("Only what the rep shares", "Nothing reaches a lead by itself."),
    "opt-out": ("All that the rep does not keep private", "Moments reach the lead by themselves, later."),
}
WHOLE_CALLS = {
    False: ("Moments only", "The words of a moment, its sound, and what the customer said just before."),
    True: ("Whole calls too", "All that was said, as long as nothing in the call is private."),
}
DELIVERY = {
    "off": ("Nobody", "It is not kept. What is kept of it now is deleted."),
    "rep": ("The rep alone", "Their own speed, pauses and pitch, beside their own usual."),
    "team": ("The rep and their lead", "Ask your works council and lawyers first: such figures have strict rules."),
}


def draw_policy(now: Policy, ask: Callable[[Policy], None]) -> None:
    """The choices, what reps would read, and the way to change; `ask` is called with what is to be confirmed."""
    choice = _choices(now)
    changes = sees.differences(now, choice)
    if st.button("Change the rules", type="primary", disabled=not changes, key="change"):
        ask(choice)
    st.html(f'<p class="facts">{_state(bool(changes))}</p>')
    with st.container(border=True, key="preview"):
        st.html("<h2>What reps read</h2>")
        sees.draw_rules(choice, level=3)


def _state(changed: bool) -> str:
    return "Nothing is changed yet: below is what reps would read." if changed else "These are the rules that hold now."


def _choices(now: Policy) -> Policy:
    sharing = _radio("What a lead sees", SHARING, now.sharing, "sharing")
    hours = st.number_input(
        "Hours that a rep has a new call for themselves",
        min_value=0,
        max_value=max(LONGEST, now.first_hours),
        value=now.first_hours,
        step=12,
        key="first-hours",
        width=320,
        disabled=sharing == "opt-in",
        help="Counted from when it was scored. Where leads see only what is shared, it changes nothing.",
    )
    whole = _radio("How much of it", WHOLE_CALLS, now.whole_calls, "whole-calls")
    delivery = _radio("Who sees how a rep spoke: speed, pauses, pitch", DELIVERY, now.delivery, "delivery")
    return Policy(sharing, int(hours), whole, delivery)


def _radio(label: str, told: dict, now: object, key: str):
    """One choice of several, with what each means."""
    options = list(told)
    captions = [told[option][1] for option in options]
    names = {option: told[option][0] for option in options}
    return st.radio(label, options, options.index(now), format_func=names.__getitem__, captions=captions, key=key)


def draw_confirmation(now: Policy, choice: Policy, confirm: Callable[[], None]) -> None:
    """What a change means, for whom, before it is made."""
    items = "".join(f"<li>{escape(line)}</li>" for line in consequences(now, choice))
    st.html(f'<p>For all reps and leads, from now on:</p><ul class="rules">{items}</ul>')
    if choice.delivery == "off" and now.delivery != "off":
        warning = "What is kept of how reps spoke is deleted, of all calls and for good: it cannot be brought back."
        st.warning(warning, icon=":material/delete_forever:")
    if st.button("Yes, change it", type="primary", key="confirm", on_click=confirm):
        st.rerun()  # else the dialog alone is drawn again, and stays


def consequences(now: Policy, choice: Policy) -> list[str]:
    """What a change does to what leads can see, the calls that are there already included."""
    told = sees.differences(now, choice)
    if now.sharing != choice.sharing:
        told.append(EARLIER_CALLS[choice.sharing])
    return [*told, "Reps read the new rules on their page “Who sees what”, with today's date."]


EARLIER_CALLS = {
    "opt-in": "What leads saw so far without its being shared, they see no longer.",
    "opt-out": "This holds for earlier calls as well: leads see their moments, unless they are private.",
}
