"""Who sees what of a rep's calls, and when, in the words that the rep reads; and who looked at them."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

import streamlit as st

from coach.dashboard import routes, words
from coach.store import Policy
from coach.store.looks import Look, PolicyChange

DID = {
    "opened": "opened the call",
    "played": "played a moment",
    "exported": "exported the call",
}
AGES = {"d": "day", "w": "week"}
WHAT_GOES = {
    "recordings": "the recording",
    "transcripts": "what was said",
    "all": "the call with everything about it",
}


def rules(policy: Policy) -> dict[str, list[str]]:
    """What a policy means for a rep, sentence by sentence, by who it is about."""
    return {"You": _yours(policy), "Your lead": _leads(policy), "Anybody else": list(ELSE)}


ELSE = (
    "Other reps see nothing of your calls, and neither do leads of other teams. When you change teams, what you did "
    "in the old one is yours alone.",
    "Operations keep the nightly scoring running: they see the names of recordings and what failed, and no words.",
    "Admins decide what is on this page. They see no calls.",
)


def _yours(policy: Policy) -> list[str]:
    told = ["You see all of your own calls, always."]
    if policy.delivery == "off":
        told.append("How you spoke (speed, pauses, pitch) is not kept: nobody sees it, you neither.")
    elif policy.delivery == "rep":
        told.append("How you spoke (speed, pauses, pitch) is for you alone. Nobody else sees it.")
    return [*told, "Your progress, your week and your notes are for you alone."]


def _leads(policy: Policy) -> list[str]:
    whole = _whole_calls(policy)
    if policy.sharing == "opt-in":
        told = ["Sees no moment of yours until you share it.", whole]
        told.append("A moment that you share is there for your lead at once. You can take it back at any time.")
    else:
        told = [f"{_when(policy.first_hours)}, unless you keep them private.", whole]
        told.append("What you keep private stays so. What you share, your lead sees at once.")
    if policy.delivery == "team":
        told.append("Also sees how you spoke (speed, pauses, pitch) in what they may see.")
    told.append("Reads what you see differently about a moment that they may see, and answers it.")
    told.append(
        "Can see, over many calls of at least five reps, whether every kind of caller is met in the same tone: no call "
        "and no rep can be told in that, and what you keep private is not counted."
    )
    follows = ", and sees how often that comes up afterwards" if policy.sharing == "opt-out" else ""
    return [*told, f"Reads with you what you both agreed on in a coaching session{follows}."]


def _when(hours: int) -> str:
    if not hours:
        return "Sees the moments of your calls as soon as they are scored"
    return f"Sees the moments of your calls {duration(hours)} after they were scored, not before"


def _whole_calls(policy: Policy) -> str:
    if not policy.whole_calls:
        return "Never sees a whole call: only the words of a moment, its sound, and what the customer said just before."
    if policy.sharing == "opt-in":
        return "Sees a whole call if you share the whole call, and no moment in it is private."
    return "Then sees the whole call as well, unless you keep it, or a moment in it, private."


def duration(hours: int) -> str:
    """48 -> "2 days", 36 -> "36 hours"."""
    number, unit = (hours // 24, "day") if hours % 24 == 0 and hours else (hours, "hour")
    return f"{number} {unit}{'s' * (number != 1)}"


def draw_rules(policy: Policy, level: int = 2) -> None:
    for who, told in rules(policy).items():
        items = "".join(f"<li>{escape(line)}</li>" for line in told)
        st.html(f'<h{level}>{who}</h{level}><ul class="rules">{items}</ul>')


def draw_choices() -> None:
    st.html(
        "<h2>How to share, and how to keep private</h2><p>Every moment of yours has the choice below it: shared with "
        "your lead, or private. A call has it too, for all of its moments at once. You can change it at any time.</p>"
    )
    st.page_link(routes.CALLS, label="To my calls", icon=":material/forum:")


def draw_kept(purge: dict[str, object]) -> None:
    st.html(f"<h2>How long it is kept</h2><p>{escape(kept(purge))}</p>")


def kept(purge: dict[str, object]) -> str:
    """What the settings of `coach purge` mean: how long recordings, words and calls are kept."""
    age, kinds = str(purge.get("older-than", "")), [WHAT_GOES[kind] for kind in WHAT_GOES if purge.get(kind)]
    if not age or not kinds:
        return "No time is set after which calls are removed: ask who runs Tone Coach for you."
    number, unit = age[:-1], AGES.get(age[-1])
    old = f"is {number} {unit}{'s' * (number != '1')} old" if unit else f"took place before {age}"
    return f"{' and '.join(kinds).capitalize()} is set to be removed once a call {old}."


def draw_looks(looks: Sequence[Look], alone: bool) -> None:
    """Who looked at one's calls, the latest first."""
    st.html(
        "<h2>Who looked at your calls</h2><p>Each opening and each playing is written down. "
        "The latest, your own left out:</p>"
    )
    if alone:
        st.html('<p class="facts">You use Tone Coach alone, without accounts: nobody else looks here.</p>')
    elif not looks:
        st.html('<p class="facts">Nobody but you has looked at your calls so far.</p>')
    st.html(f'<ul class="looks">{"".join(_look(look) for look in looks)}</ul>')


def _look(look: Look) -> str:
    did = DID.get(look.action, look.action)
    who = look.who or "Somebody without an account"
    link = f'<a href="call?id={look.call_id}" target="_self">{escape(words.headline(look))}</a>, {words.day(look)}'
    return f'<li><span class="time">{moment_of(look.at)}</span> <b>{escape(who)}</b> {escape(did)}: {link}</li>'


def draw_changes(changes: Sequence[PolicyChange]) -> None:
    """When these rules changed, and how."""
    if changes:
        items = "".join(
            f'<li><span class="time">{moment_of(c.at)}</span> {escape(" ".join(differences(c.before, c.after)))}</li>'
            for c in changes
        )
        st.html(f'<h2>When these rules changed</h2><ul class="looks">{items}</ul>')


def differences(before: Policy, after: Policy) -> list[str]:
    """What another policy changes for a rep and their lead, a sentence each; nothing where it is the same."""
    told = []
    if before.sharing != after.sharing:
        told.append(SHARING[after.sharing])
    if before.first_hours != after.first_hours:
        told.append(f"Reps come first for {duration(after.first_hours)}, before for {duration(before.first_hours)}.")
    if before.whole_calls != after.whole_calls:
        told.append(WHOLE_CALLS[after.whole_calls])
    if before.delivery != after.delivery:
        told.append(DELIVERY[after.delivery])
    return told


SHARING = {
    "opt-in": "Leads see only what reps share.",
    "opt-out": "Leads see what reps do not keep private.",
}
WHOLE_CALLS = {
    False: "Leads see moments only, and no whole calls.",
    True: "Leads may open whole calls, where nothing in them is private.",
}
DELIVERY = {
    "off": "How reps speak is not kept, and nobody sees it.",
    "rep": "How reps speak, only they see.",
    "team": "How reps speak, they and their leads see.",
}


def moment_of(at: datetime) -> str:
    at = at.astimezone()
    return f"{words.date_of(at)}, {at:%H:%M}"
