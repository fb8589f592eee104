"""What reps see differently, and what their lead answers."""

from collections.abc import Callable, Sequence
from html import escape

import streamlit as st

from coach.calls import InputError
from coach.dashboard import words
from coach.store.said.feedback import Disagreement, Verdict

WAYS: dict[Verdict, str] = {
    "agreed": "I see it like you",
    "partly": "I see it like you in part",
    "kept": "I would keep it as it is marked",
}
CAME_TO = {
    "agreed": "You see it the same way.",
    "partly": "You see it the same way in part.",
    "kept": "You would keep it as it was marked.",
}
MOST = 1000  # characters
Answer = Callable[[Disagreement, Verdict, str], None]
Draw = Callable[[Disagreement], None]


def draw_waiting(said: Sequence[Disagreement], draw: Draw, answer: Answer) -> None:
    """A card for each that waits: what it is about, how the rep sees it, and room for an answer."""
    for each in said:
        with st.container(border=True, key=f"waits-{each.id}"):
            draw(each)
            st.html(reason(each))
            _draw_answer(each, answer)


def _draw_answer(said: Disagreement, answer: Answer) -> None:
    with st.form(f"answer-{said.id}", border=False):
        verdict = st.radio("How do you see it?", WAYS, format_func=WAYS.__getitem__, index=None)
        text = st.text_area(
            f"A sentence to {words.markdown_free(said.rep or 'the rep')}",
            max_chars=MOST,
            height=80,
            placeholder="What do you hear in it? They read this.",
        )
        sent = st.form_submit_button("Answer", type="primary")
    if sent:
        try:
            answer(said, *checked(verdict, text))
        except InputError as error:
            st.error(words.markdown_free(str(error)))
        else:
            st.rerun()


def checked(verdict: Verdict | None, text: str) -> tuple[Verdict, str]:
    """An answer that can be sent.

    Raises
    ------
    InputError
        Where it lacks something; who is told that somebody sees it otherwise is told why.
    """
    if verdict is None:
        raise InputError("Choose first how you see it.")
    if verdict != "agreed" and not text.strip():
        raise InputError("Say in a sentence what you hear in it.")
    return verdict, text


def reason(said: Disagreement) -> str:
    """How the rep sees it, in their words, as HTML."""
    rating = "" if said.rating is None else f'<span class="came">They would call it: {_level(said)}.</span>'
    who = f"{said.rep or 'The rep'} sees it differently"
    day = f'<span class="time">{words.date_of(said.made_at)}</span>'
    return f'<p class="said-of"><b>{escape(who)}</b> {day}<br><q>{escape(said.reason)}</q>{rating}</p>'


def _level(said: Disagreement) -> str:
    return words.level_word(said.axis, said.rating or 0)  # type: ignore[arg-type]


def draw_turn(said: Disagreement) -> None:
    """What is seen differently is no marked moment: its words, and what it is about."""
    axis = words.AXIS[said.axis]  # type: ignore[index]
    about = f'<span class="about {said.axis}">{words.SIGN[said.axis]} {axis}</span>'  # type: ignore[index]
    marked = "A marked moment, as it was" if said.kind else "A line of a call"
    where = " · ".join(part for part in (said.rep or "rep not named", words.headline(said)) if part)
    st.html(
        f'<div class="moment-head"><h3>{marked}</h3>{about}</div><p class="facts">{escape(where)}</p>'
        f'<blockquote class="quote">{escape(said.quote)}</blockquote>'
    )


def draw_answered(said: Sequence[Disagreement]) -> None:
    for each in said:
        with st.container(border=True, key=f"answered-{each.id}", gap=None):
            st.html(answered(each))


def answered(said: Disagreement) -> str:
    """What was seen differently, and what it came to, as HTML."""
    when = words.date_of(said.answered_at or said.made_at)
    text = f"<q>{escape(said.answer)}</q>" if said.answer else ""
    about = f"{words.SIGN[said.axis]} {words.AXIS[said.axis]}"  # type: ignore[index]
    whose = f"{escape(said.rep or 'rep not named')} · {when}"
    return (
        f'<p class="facts"><span class="axis {said.axis}">{about}</span> · {whose}</p>'
        f'<blockquote class="quote">{escape(said.quote)}</blockquote>{reason(said)}'
        f'<p class="said-of"><b>{CAME_TO[said.verdict or "kept"]}</b>{text}</p>'
    )


def draw_none(any_answered: bool) -> None:
    said = (
        "All is answered."
        if any_answered
        else "When a rep sees a moment differently, it comes here with their reason, as far as you may hear the "
        "moment. You hear it yourself, and answer in a sentence."
    )
    title = "Nothing waits for you"
    st.html(f'<div class="empty"><h2>{title}</h2><p>{said}</p></div>')
