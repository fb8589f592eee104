"""The dashboard as people use it: the real server, a real browser, real sound."""

from collections.abc import Iterator

import pytest
from browsing import Visit
from hand_made import review, spoken, store_with_a_call
from served import free_port, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store, first = store_with_a_call(tmp_path_factory.mktemp("served"))
    store.save(spoken(store.call(first).recording), digest="spoken", title="Radiator cold")
    with serving(store.url, port=free_port(), script="app.py") as host:
        yield f"http://{host}"


def test_a_rep_finds_a_call_hears_a_moment_and_swaps_the_speakers(browser, served: str) -> None:
    visit = Visit(browser, viewport={"width": 1280, "height": 900})
    page, strength = visit.page, review().moments[1]
    page.goto(f"{served}/calls")
    page.get_by_role("link", name="Boiler out").click()
    page.get_by_role("heading", name="Moments worth hearing").wait_for()
    page.wait_for_url("**/call?id=1")
    first = page.locator(".st-key-moment-1")
    first.get_by_text(strength.why).wait_for()
    assert strength.quote in first.inner_text()

    player = first.locator("audio")
    player.wait_for()
    page.wait_for_function("audio => audio.duration > 0", arg=player.element_handle())
    assert player.evaluate("audio => audio.duration") == pytest.approx(strength.end - strength.start + 3, abs=0.1)
    player.focus()
    page.keyboard.press("Space")
    page.wait_for_function("audio => !audio.paused && audio.currentTime > 0", arg=player.element_handle())
    page.locator(".stVegaLiteChart, [data-testid=stVegaLiteChart]").first.wait_for()

    page.get_by_role("button", name="Swap speakers").click()
    page.get_by_text("The rep is on the second channel.").wait_for(timeout=60_000)
    page.locator(".turn.rep", has_text="The boiler has been out").wait_for()
    visit.ends_well()


def test_what_stood_out_in_how_a_rep_spoke_leads_to_the_line_where_it_was_said(browser, served: str) -> None:
    visit = Visit(browser, viewport={"width": 1280, "height": 500})
    page = visit.page
    page.goto(f"{served}/call?id=2")
    page.get_by_role("heading", name="How you spoke").wait_for()
    page.get_by_text("Only you see this.").wait_for()
    page.locator(".stVegaLiteChart").nth(1).wait_for()
    line = page.locator(".turn", has_text="obviously it has to be switched on")
    remark = page.locator(".told li", has_text="You talked over the customer for 1.4 s")
    remark.get_by_role("link").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/call?id=2#line-4")
    page.wait_for_function("line => line.getBoundingClientRect().bottom <= innerHeight", arg=line.element_handle())
    assert page.locator(".turn:target").inner_text() == line.inner_text()
    visit.ends_well()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_off_and_all_text_can_be_read(browser, served: str, scheme: str) -> None:
    visit = Visit(browser, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    for path in ("/", "/calls", "/call?id=1", "/call?id=2"):
        visit.page.goto(served + path)
        visit.page.locator(".transcript, [class*=st-key-row-], .quote").last.wait_for()
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert visit.page.evaluate(FAINT) == []
    visit.ends_well()


# Our own text whose contrast with the page or the card behind it is under WCAG's 4.5:1.
FAINT = """() => {
  const rgb = c => c.match(/[\\d.]+/g).map(Number);
  const part = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = c => { const [r, g, b] = rgb(c).map(part); return .2126 * r + .7152 * g + .0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor, n = rgb(c); if (n.length < 4 || n[3] === 1) return c; }
    return 'rgb(255, 255, 255)'; };
  return [...document.querySelectorAll('[data-testid=stHtml] *')].filter(e =>
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).filter(e => {
      const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
      return (a + .05) / (b + .05) < 4.5; }).map(e => e.outerHTML);
}"""
