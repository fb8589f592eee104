"""The people who may sign in, for admins."""

import streamlit as st

from coach.calls import InputError
from coach.dashboard import resources
from coach.dashboard.doors.accounts import draw_add, draw_alone, draw_people, draw_search
from coach.dashboard.doors.admitting import doing_of
from coach.dashboard.rep import overview
from coach.store import Desk
from coach.store.accounts import accounts

PAGE_SIZE = 20


def page(desk: Desk) -> None:
    doing = doing_of(desk)
    draw_add(doing)
    search = draw_search()
    at = overview.draw_pages(accounts.count_accounts(desk, search), PAGE_SIZE)
    draw_people(accounts.accounts(desk, search, PAGE_SIZE, at * PAGE_SIZE), doing)


desk = resources.desk()
st.html('<h1>People</h1><p class="facts">Who may sign in, and as what. Changes hold from their next click on.</p>')
try:
    if desk.person.role == "alone":
        draw_alone()
    else:
        page(desk)
except InputError:
    st.info("This page is for admins.")
