"""Who is signed in, and the way out; what there is to read for who is not; one's own password."""

from collections.abc import Callable
from html import escape

import streamlit as st

from coach.calls import InputError
from coach.dashboard.doors.visitors import at
from coach.dashboard.words import markdown_free, sentence
from coach.store import Person
from coach.store.accounts.passwords import SHORTEST
from coach.store.accounts.signing import Refused

SIGNED_OUT = '<h1>You are signed out</h1><p><a href="{sign_in}" target="_self">Sign in</a> to go on.</p>'
DONE = '<p class="notice">Done. <a href="{sign_in}" target="_self">Sign in with the new one</a>.</p>'
NOT_SERVED = (
    "<h1>This dashboard has accounts</h1><p>It has to be started with <code>coach dashboard</code>, "
    "which lets in only those who are signed in.</p>"
)


def draw_signed_in(person: Person) -> None:
    if person.role == "alone":
        return
    st.html(
        f'<form class="visitor" method="post" action="{escape(at("sign-out"))}">'
        f'<a href="{escape(at("password"))}" target="_self" title="Your password">{escape(person.name)}</a>'
        "<button>Sign out</button></form>"
    )


def draw_closed(served: bool) -> None:
    """Instead of a page: `served` says whether there is a page to sign in on."""
    st.html(SIGNED_OUT.format(sign_in=escape(at("sign-in"))) if served else NOT_SERVED)


def draw_password(change: Callable[[str, str], None]) -> None:
    """A form for another password; `change` is given the present one and the new one, and says what is wrong."""
    with st.form("password", width=420):
        present = st.text_input("Your password now", type="password", autocomplete="current-password", max_chars=1000)
        hint = f"{SHORTEST} characters or more: three or four words make a good one."
        wanted = st.text_input("A new one", type="password", autocomplete="new-password", help=hint, max_chars=1000)
        again = st.text_input("The new one again", type="password", autocomplete="new-password", max_chars=1000)
        if not st.form_submit_button("Change it", type="primary"):
            return
    if wanted != again:
        st.error("The new password was typed in two ways.")
        return
    try:
        change(present, wanted)
    except InputError as error:
        st.error(markdown_free(sentence(error)))
    except Refused as refused:
        st.error(str(refused) if refused.wait else "That is not your password now.")
    else:
        st.html(DONE.format(sign_in=escape(at("sign-in"))))
