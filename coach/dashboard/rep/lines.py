"""The transcript of a call on its page: it plays from any line, and on any line something can be said."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from coach.calls import Review
from coach.dashboard import transcript, words
from coach.dashboard.rep import feedback
from coach.dashboard.rep.voice import Voice

SCRIPT = Path(__file__).with_name("transcript.js").read_text(encoding="utf-8")
clicks = st.components.v2.component("coach_transcript", js=SCRIPT, isolate_styles=False)


@st.fragment
def draw_transcript(
    review: Review, voice: Voice, sound: Callable[[], bytes | None] | None, turn: int | None = None
) -> None:
    """Draw it; `sound` makes the recording to be played, None where there is none. `turn` is where to look first."""
    st.html("<h2>Transcript</h2>" + ("" if review.not_scored else transcript.key()))
    with st.container(key="transcript"):
        asked = clicks(
            key="clicks", data={"turn": turn}, height="content", on_play_change=_nothing, on_say_change=_nothing
        )
        if sound:
            _draw_player(voice.call_id, sound, asked.play)
        lines = transcript.Lines(
            plays=sound is not None, says=voice.own and not review.not_scored, notes=True, below=_below(review, voice)
        )
        st.html(transcript.dialogue(review, lines))
    if isinstance(asked.say, dict):
        _answer(review, voice, asked.say.get("what"), asked.say.get("of"))


def _nothing() -> None:
    """A click is answered where the transcript is drawn again."""


def _draw_player(call_id: int, sound: Callable[[], bytes | None], clicked: Any) -> None:
    """The player: made when somebody first wants to hear the call, as a long one takes a while."""
    wanted = st.session_state.setdefault("playing", {})
    if isinstance(clicked, int | float) and clicked >= 0:
        wanted[call_id] = float(clicked)
    if call_id not in wanted:
        from_the_start = partial(wanted.setdefault, call_id, 0.0)
        st.button("Listen to the whole call", icon=":material/play_arrow:", key="listen", on_click=from_the_start)
        return
    with st.spinner("Getting the recording ready …"):
        found = sound()
    if found is None:
        st.html('<p class="facts">The recording cannot be played any more.</p>')
        return
    with st.container(key="player"):
        st.audio(found, format="audio/mpeg", start_time=wanted[call_id], autoplay=True, alt="The whole call")


def _below(review: Review, voice: Voice) -> dict[int, str]:
    """What was said of each turn, as HTML."""
    said, found = voice.of_turns(), {}
    of_moments = {moment.turn for moment in review.moments}  # the notes of these are on their cards
    for turn in range(len(review.call.turns)):
        parts = [
            feedback.differently(d, words.state_of(d, voice.alone)) + _way("withdraw", d.id, "Take it back")
            for d in said.get(turn, ())
        ]
        notes = [] if turn in of_moments else voice.notes(turn)
        parts += [feedback.noted(note) + _way("remove", note.id, "Remove") for note in notes]
        if parts:
            found[turn] = f'<div class="below">{"".join(parts)}</div>'
    return found


def _way(what: str, of: int, name: str) -> str:
    return f'<button type="button" data-say="{what}" data-of="{of}">{name}</button>'


def _answer(review: Review, voice: Voice, what: Any, of: Any) -> None:
    """Do what was clicked; it comes from a browser, so that anything may be in it."""
    if not isinstance(of, int) or isinstance(of, bool):
        return
    turns = review.call.turns
    if what in ("differ", "note") and 0 <= of < len(turns):
        if what == "note":
            feedback.ask_note(voice, of, turns[of].text)
        else:
            moments = {moment.axis: moment.kind for moment in review.moments if moment.turn == of}
            feedback.ask_how(voice, of, turns[of].text, moments=moments)
    elif what in ("withdraw", "remove"):
        feedback.do(lambda: voice.withdraw(of) if what == "withdraw" else voice.remove_note(of))
