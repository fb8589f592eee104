"""Take the pictures of docs/screens again, of every page, from a running dashboard that one person uses alone.

Example: make demo, and in another terminal .venv/bin/python docs/screenshots.py --call 1

Where nobody has said anything yet, it does: it sees one moment differently, and begins a coaching session, so that the
pages of these have something to show.
"""

import re
import shutil
from dataclasses import dataclass
from io import BytesIO
from itertools import product
from pathlib import Path

import click
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from coach.dashboard.routes import ADMIN, COACHING, MINE, OPERATIONS, PLACES, Place

HERE = Path(__file__).parent
DESK, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
LOOKS = {"light": (DESK, False), "dark": (DESK, True), "phone": (PHONE, False)}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
WHOSE = {MINE: "rep", COACHING: "lead", OPERATIONS: "operations", ADMIN: "admin"}
DRAWN = '[data-testid="stApp"][data-test-script-state="notRunning"]'
COLOURS = 128
REASON = "I was reading it from the screen by then. I would not call that warm."


@dataclass(frozen=True)
class Picture:
    """What to show: the page at a path, from a heading on."""

    name: str
    path: str
    heading: str = ""


@click.command()
@click.option("--url", default="http://127.0.0.1:8501", show_default=True, help="Where the dashboard is served.")
@click.option("--call", default=1, show_default=True, help="The call to show.")
@click.option("--out", default=HERE / "screens", type=click.Path(path_type=Path), help="Folder of the pictures.")
@click.option("--only", default="", help="Only pictures in whose names this is.")
def main(url: str, call: int, out: Path, only: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        session = _something_said(browser.new_page(viewport=DESK), url)
        for picture, look in product(_pictures(call, session), LOOKS):
            name = f"{picture.name}-{look}.png"
            if only in name:
                _take(browser, url, picture, *LOOKS[look], out / name)


def _pictures(call: int, session: str) -> list[Picture]:
    """One of each page, and more of those that are longer than a screen."""
    ids = {"call": f"?id={call}", "session": f"?id={session}"}
    whose = {place.name: [WHOSE[part] for part in place.parts[:1]] for place in PLACES}
    pages = [Picture("-".join([*whose[place.name], place.name]), _path(place, ids)) for place in PLACES]
    further = {"glance": "The call at a glance", "spoken": "How you spoke", "transcript": "Transcript"}
    return pages + [Picture(f"call-{name}", f"/call{ids['call']}", heading) for name, heading in further.items()]


def _path(place: Place, ids: dict[str, str]) -> str:
    return "/" if place is PLACES[0] else f"/{place.name}{ids.get(place.name, '')}"  # where one lands has no name


def _something_said(page: Page, url: str) -> str:
    """See to it that something was said of a moment, and a session begun; the session's id."""
    _open(page, url + "/answers")
    if page.locator(".said-of").count() == 0:
        _open(page, url + "/")
        page.get_by_role("button", name="I see it differently").last.click()
        page.get_by_label("How do you see it?").fill(REASON)
        page.get_by_role("button", name="Send").click()
        page.get_by_text(REASON).wait_for()
    _open(page, url + "/coaching")
    if page.locator("[class*=st-key-row-]").count() == 0:
        page.get_by_role("button", name="Prepare it").click()
    else:
        page.locator("[class*=st-key-row-] a").first.click()
    page.wait_for_url("**/session?id=*")
    session = re.sub(r".*id=", "", page.url)
    page.get_by_text("Run", exact=True).click()
    begin = page.get_by_role("button", name="Begin the session")
    begin.or_(page.locator(".st-key-stage")).first.wait_for()
    if begin.count():
        begin.click()
        page.locator(".st-key-stage").wait_for()
    page.context.close()
    return session


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(f"{DRAWN} h1").first.wait_for()
    page.locator(DRAWN).wait_for()
    page.wait_for_function("document.querySelectorAll('[data-testid=stSkeleton]').length === 0")
    page.wait_for_timeout(1200)  # what is drawn moves a little until then


def _take(browser: Browser, url: str, picture: Picture, size: ViewportSize, dark: bool, file: Path) -> None:
    page = browser.new_context(viewport=size, color_scheme="dark" if dark else "light").new_page()
    _open(page, url + picture.path)
    if picture.heading:
        page.get_by_role("heading", name=picture.heading).first.evaluate("heading => heading.scrollIntoView()")
        page.wait_for_timeout(600)
    shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    page.context.close()


if __name__ == "__main__":
    main()
