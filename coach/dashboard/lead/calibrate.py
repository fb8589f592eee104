"""Rating turns for oneself: the words and the sound first, and what others make of them afterwards."""

from collections.abc import Callable
from html import escape

import streamlit as st

from coach.calls import AXES, Axis
from coach.dashboard import marks, words
from coach.dashboard.lead.callers import ORDER
from coach.dashboard.lead.stage import ASK
from coach.dashboard.transcript import NAME
from coach.report import clock
from coach.store.said.calibrating import Passage, Revealed
from coach.store.said.ratings import Given

BEFORE = 5  # turns shown before the one to rate; the others can be opened
RATERS = {"rep": "The rep", "lead": "A lead"}


def draw_passage(found: Passage, sound: bytes | None, known: bool) -> None:
    """The turn to rate and what was said before it: nothing of what anybody makes of it."""
    if known:
        st.html(
            '<p class="notice">You have looked into this call before: what you rate in it is kept, but does not count '
            "for how far we agree.</p>"
        )
    elif not found.whole:
        st.html(
            '<p class="notice">Whole calls are closed to you: what you hear here are moments that were marked, and no '
            "fair choice of all that was said.</p>"
        )
    first = max(0, found.turn - BEFORE)
    if first:
        with st.expander("What was said before that"):
            st.html(said(found, 0, first))
    st.html(said(found, first, found.turn))
    turn = found.call.turns[found.turn]
    st.html(
        f'<p class="facts">Rate this <span class="time">{clock(turn.start)}</span></p>'
        f'<blockquote class="quote">{marks.marked(turn.text, marks.unsure_marks(turn))}</blockquote>'
    )
    if sound:
        st.audio(sound, format="audio/wav", alt="The turn to rate")
    else:
        st.html('<p class="facts">There is no sound of it: rate the words.</p>')


def said(found: Passage, first: int, last: int) -> str:
    """Some of the turns as a plain dialogue, as HTML."""
    lines = (
        f'<div class="turn {turn.speaker}"><div class="who">{NAME[turn.speaker]}<span class="time">{clock(turn.start)}'
        f'</span></div><div class="said">{escape(turn.text)}</div></div>'
        for turn in found.call.turns[first:last]
    )
    return f'<div class="transcript">{"".join(lines)}</div>'


def draw_rating(key: str, keep: Callable[[dict[Axis, int]], None], skip: Callable[[], None]) -> None:
    """Ask for the three ratings; nothing is chosen to begin with."""

    def sent() -> None:
        given = {axis: rating for axis in AXES if (rating := st.session_state[f"{axis}-{key}"]) is not None}
        if len(given) == len(AXES):
            keep(given)

    with st.form(f"rate-{key}", border=False):
        for axis in ORDER:
            _ask(axis, key)
        with st.container(horizontal=True, key="rate-ways"):
            incomplete = st.form_submit_button("Keep my ratings", type="primary", on_click=sent)
            st.form_submit_button("Skip this one", on_click=skip)
    if incomplete:  # else this would not be drawn again
        st.warning("Rate each of the three, or skip this one.")


def _ask(axis: Axis, key: str) -> None:
    levels = words.LEVEL_OF_EMPATHY if axis == "empathy" else words.LEVEL
    label = f"{words.SIGN[axis]} {ASK[axis]}"
    st.segmented_control(label, range(4), format_func=lambda value: levels[value], key=f"{axis}-{key}")


def draw_revealed(found: Passage, all_said: Revealed, go_on: Callable[[], None]) -> None:
    """What the person rated, beside what others and the marks say."""
    turn = found.call.turns[found.turn]
    axes = [axis for axis in ORDER if any(each.axis == axis for each in all_said.given)]
    lines = "".join(_line(axis, all_said) for axis in axes)
    text = marks.turn_text(turn, all_said.model, _marked(all_said))
    st.html(
        f'<h2>What others hear</h2><blockquote class="quote">{text}</blockquote>'
        '<table class="beside-each"><thead><tr><th scope="col">About</th><th scope="col">You</th>'
        f'<th scope="col">As marked</th><th scope="col">Others</th></tr></thead><tbody>{lines}</tbody></table>'
        '<p class="facts">Where you differ, nobody is right by rank: it tells where the rubric leaves room.</p>'
    )
    st.button("Next one", type="primary", icon=":material/arrow_forward:", on_click=go_on)


def _marked(all_said: Revealed) -> list[Axis]:
    scores = all_said.model.scores if all_said.model else None
    return [axis for axis in AXES if scores and words.level(scores[axis])]


def _line(axis: Axis, all_said: Revealed) -> str:
    of_axis = [each for each in all_said.given if each.axis == axis]
    mine = next((words.level_word(axis, each.rating) for each in of_axis if each.mine), "")
    others = ", ".join(_other(axis, each) for each in of_axis if not each.mine) or "nobody yet"
    name = f'<th scope="row" class="axis {axis}">{words.SIGN[axis]} {words.AXIS[axis]}</th>'
    return f"<tr>{name}<td><b>{mine}</b></td><td>{_by_model(axis, all_said)}</td><td>{others}</td></tr>"


def _other(axis: Axis, each: Given) -> str:
    return f"{RATERS.get(each.role, 'Somebody')}: {words.level_word(axis, each.rating)}"


def _by_model(axis: Axis, all_said: Revealed) -> str:
    scores = all_said.model.scores if all_said.model else None
    if not scores:
        return "not scored"
    return words.NOT_SURE if scores[axis].unsure else words.level_word(axis, words.level(scores[axis]))


def draw_none(any_rated: bool) -> None:
    title, text = (
        ("That is all for now", "You have rated what there is to rate. New calls bring new turns.")
        if any_rated
        else (
            "Nothing to rate yet",
            "Once there are calls or moments that you may hear, you rate here what you hear in them, before you see "
            "what others make of it.",
        )
    )
    st.html(f'<div class="empty"><h2>{title}</h2><p>{text}</p></div>')
