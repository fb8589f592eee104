"""The dashboard's pages, opened in a test: what they say."""

import re
from html import unescape
from pathlib import Path

from streamlit.testing.v1 import AppTest

from coach.dashboard import routes

ROOT = Path(__file__).parents[1]


def opened(call: str | None = None, place: str | None = None, **query: str) -> AppTest:
    """The page of a call, or the page at a place, or where one lands."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    if call is not None:
        place, query = routes.CALL, {"id": call} | query
    if place is not None:
        app.switch_page(place)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
    assert not app.exception
    return app


def html_of(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def text_of(app: AppTest) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html_of(app)))
