"""What can be said of a moment or a turn: that one sees it differently, a note for oneself, and who shall see it."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from html import escape
from typing import Any

import streamlit as st

from coach.calls import AXES, Axis, InputError, Moment
from coach.dashboard import routes, words
from coach.dashboard.rep.voice import Voice
from coach.store.said.feedback import Disagreement, Note, NotHere, Spot

DIFFERENTLY = "I see it differently"
NO_MOMENTS: Mapping[Axis, str] = {}
OPEN = "I leave that open"
SEES = {"rep": "Only me", "lead": "My lead too"}


@st.fragment
def draw_actions(voice: Voice, moment: Moment, leads: bool = False) -> None:
    """What was said of a moment, and the ways to say more, below its card; `leads` for one into its call."""
    spot = voice.of(moment)
    key = f"{spot.call_id}-{spot.turn}-{spot.axis}-{spot.kind}"
    said = voice.differently(spot)
    if said:
        _draw_said(voice, said, moment)
    for note in voice.notes(moment.turn):
        _draw_note(voice, note, key)
    with st.container(horizontal=True, key=f"actions-{key}", vertical_alignment="center"):
        if voice.own:
            waits = said is not None and said.state == "waiting"
            label = "Change what I said" if waits else DIFFERENTLY
            if st.button(label, icon=":material/chat_bubble:", key=f"differ-{key}", type="tertiary"):
                ask_how(voice, moment.turn, moment.quote, spot)
        if st.button("Add a note", icon=":material/edit_note:", key=f"note-{key}", type="tertiary"):
            ask_note(voice, moment.turn, moment.quote)
        if leads and voice.opens:
            query = {"id": str(spot.call_id), "turn": str(spot.turn)}
            st.page_link(routes.CALL, label="Hear it in the call", icon=":material/arrow_forward:", query_params=query)
    if voice.chooses:
        _draw_choice(voice, moment, key)


def _draw_said(voice: Voice, said: Disagreement, moment: Moment) -> None:
    unseen = voice.chooses and said.state == "waiting" and voice.lead_sees_from(moment) is None
    state = words.NOT_SHARED if unseen else words.state_of(said, voice.alone)
    with st.container(horizontal=True, vertical_alignment="center", key=f"said-{said.id}", gap="small"):
        st.html(differently(said, state), width="content")
        if not said.withdrawn_at:
            st.button(
                "Take it back",
                key=f"withdraw-{said.id}",
                type="tertiary",
                on_click=quietly,
                args=(voice.withdraw, said.id),
            )


def differently(said: Disagreement, state: str) -> str:
    """What somebody saw differently, and what came of it, as HTML."""
    rating = "" if said.rating is None else f" (rather: {words.LEVEL[said.rating]})"
    about = "" if said.kind else f" {words.AXIS[said.axis]}:"
    answer = f"<br><q>{escape(said.answer)}</q>" if said.answer and not said.withdrawn_at else ""
    return (
        f'<p class="said-of"><b>You see it differently:</b>{about} {escape(said.reason)}{rating}'
        f'<br><span class="came">{escape(state)}</span>{answer}</p>'
    )


def _draw_note(voice: Voice, note: Note, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"noted-{key}-{note.id}", gap="small"):
        st.html(noted(note), width="content")
        remove = f"remove-{key}-{note.id}"
        st.button("Remove", key=remove, type="tertiary", on_click=quietly, args=(voice.remove_note, note.id))


def noted(note: Note) -> str:
    return f'<p class="said-of"><b>Your note:</b> {escape(note.text)}</p>'


def _draw_choice(voice: Voice, moment: Moment, key: str) -> None:
    if moment.heard and voice.policy.delivery != "team":
        st.html('<p class="facts sees">Only you see this: it is about how you spoke.</p>')
        return
    since = voice.lead_sees_from(moment)

    def chosen() -> None:
        quietly(voice.choose, moment, st.session_state[f"sees-{key}"])

    with st.container(horizontal=True, vertical_alignment="center", key=f"choice-{key}"):
        st.segmented_control(
            "Who sees this moment", list(SEES), format_func=SEES.__getitem__, default="lead" if since else "rep",
            required=True, key=f"sees-{key}", on_change=chosen, label_visibility="collapsed",
        )  # fmt: skip
        told = words.KEPT_BY_ANOTHER if voice.kept_by_another(moment) else words.seen_from(since)
        st.html(f'<p class="facts sees">{escape(told)}</p>', width="stretch")


@st.fragment
def draw_call_actions(voice: Voice) -> None:
    """What can be said of a whole call: who sees it, and notes."""
    for note in voice.notes(None):
        _draw_note(voice, note, "call")
    with st.container(horizontal=True, vertical_alignment="center", key="call-actions"):
        if voice.chooses:
            _draw_call_choice(voice)
        if st.button("Add a note on this call", icon=":material/edit_note:", key="note-call", type="tertiary"):
            ask_note(voice, None, "")


def _draw_call_choice(voice: Voice) -> None:
    options = {None: "Seen as usual here", "shared": "Share it with my lead", "private": "Keep it private"}

    def chosen() -> None:
        quietly(voice.choose_call, st.session_state[f"call-sees-{voice.call_id}"])

    st.selectbox(
        "Who sees this call", list(options), format_func=options.__getitem__, width=220,
        index=list(options).index(voice.call_choice), key=f"call-sees-{voice.call_id}", on_change=chosen,
        label_visibility="collapsed",
    )  # fmt: skip
    told = words.call_seen(voice.policy, voice.call_choice)
    st.html(f'<p class="facts sees">{escape(told)}</p>', width="content")


@st.dialog(DIFFERENTLY)
def ask_how(
    voice: Voice, turn: int, quote: str, spot: Spot | None = None, moments: Mapping[Axis, str] = NO_MOMENTS
) -> None:
    """Ask how the person sees it: of a moment, or of a turn, whose axis they name then.

    `moments` are the kinds of those in the turn, by axis: what is said of one of these is said of the moment.
    """
    before = spot and voice.differently(spot)
    waits = before if before and before.state == "waiting" else None
    st.html(_quoted(quote))
    with st.form(f"differ-{turn}", border=False):
        axis = None if spot else st.segmented_control(
            "What is it about?", AXES, format_func=words.AXIS.__getitem__, default=next(iter(moments), AXES[0]),
            required=True,
        )  # fmt: skip
        reason = st.text_area("How do you see it?", waits.reason if waits else "", max_chars=1000, height=110)
        levels = [OPEN, *words.LEVEL]
        at = waits.rating + 1 if waits and waits.rating is not None else 0
        rating = st.radio("What would you call it yourself?", levels, index=at, horizontal=True)
        st.html(f'<p class="facts">{words.COUNTS}</p>')
        sent = st.form_submit_button("Send", type="primary")
    if sent:
        here = spot or Spot(voice.call_id, turn, axis or AXES[0], moments.get(axis or AXES[0]))
        do(lambda: voice.disagree(here, reason, None if rating == OPEN else words.LEVEL.index(rating)))


@st.dialog("A note for yourself")
def ask_note(voice: Voice, turn: int | None, quote: str) -> None:
    """Ask for a note on a turn, or on the whole call."""
    st.html(_quoted(quote))
    with st.form(f"note-{turn}", border=False):
        text = st.text_area("Your note", max_chars=2000, height=110, help="Only you read it.")
        sent = st.form_submit_button("Keep it", type="primary")
    if sent:
        do(lambda: voice.write_note(turn, text))


def _quoted(quote: str) -> str:
    return f'<blockquote class="quote">{escape(quote)}</blockquote>' if quote else "<p></p>"


def quietly(act: Callable[..., None], *args: Any) -> None:
    """Do it; what has gone meanwhile, in another window, needs no more of it."""
    with suppress(NotHere):
        act(*args)


def do(act: Callable[[], None]) -> None:
    """Do what was asked for and draw the page again; where it cannot be done, say why (in the open dialog)."""
    try:
        act()
    except InputError as error:
        st.error(words.markdown_free(str(error)))
    else:
        st.rerun()
