"""Take the pictures of docs/img again from a running dashboard.

Example: coach dashboard & python docs/screenshots.py --call 1
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import click
from playwright.sync_api import Browser, ViewportSize, sync_playwright

HERE = Path(__file__).parent
DESK, PHONE = ViewportSize(width=1280, height=1000), ViewportSize(width=390, height=844)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@dataclass(frozen=True)
class Picture:
    """What to show: `last` is drawn last there, and `top` is scrolled to the top."""

    name: str
    path: str
    size: ViewportSize
    last: str
    top: str = "h1"
    dark: bool = False


@click.command()
@click.option("--url", default="http://127.0.0.1:8501", show_default=True, help="Where the dashboard is served.")
@click.option("--call", default=1, show_default=True, help="The call to show.")
@click.option("--out", default=HERE / "img", type=click.Path(path_type=Path), help="Folder of the pictures.")
def main(url: str, call: int, out: Path) -> None:
    path = f"/call?id={call}"
    pictures = (
        Picture("call.png", path, DESK, ".transcript"),
        Picture("transcript.png", path, DESK, ".stVegaLiteChart", top="h2:has-text('at a glance')", dark=True),
        Picture("spoken.png", path, DESK, ".stVegaLiteChart >> nth=1", top="h2:has-text('at a glance')"),
        Picture("phone.png", path, PHONE, ".transcript", dark=True),
    )
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for picture in pictures:
            _take(browser, url, picture, out / picture.name)


def _take(browser: Browser, url: str, picture: Picture, file: Path) -> None:
    page = browser.new_context(viewport=picture.size, color_scheme="dark" if picture.dark else "light").new_page()
    page.goto(url + picture.path)
    page.locator(picture.last).first.wait_for()
    page.wait_for_timeout(1500)  # what is drawn moves a little until then
    if picture.top != "h1":
        page.locator(picture.top).evaluate("heading => heading.scrollIntoView()")
        page.wait_for_timeout(500)
    page.screenshot(path=file)
    page.context.close()


if __name__ == "__main__":
    main()
