"""axe-core's rules over every tab of the page, light and dark: nothing serious or critical."""

from pathlib import Path

import pytest

from tests.e2e.conftest import LONG_ON_PHONE, Visit

pytestmark = pytest.mark.browser

RUN = """async (rules) => {
  const found = await axe.run(document, rules ? { runOnly: rules } : {});
  return found.violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ target, any, all, none }) =>
      `${id}: ${target.join(' ')}: ${[...any, ...all, ...none].map(({ message }) => message)[0]}`));
}"""


@pytest.mark.parametrize("screen", LONG_ON_PHONE)
def test_axe_finds_nothing_serious_on_any_tab(browser, app_url: str, node_modules: Path, screen: str):
    visit = Visit(browser, app_url, screen)
    page = visit.page
    visit.wait_for_files()
    # What is there only after a click, too: before beside after.
    page.get_by_label("Reverse time").check()
    page.wait_for_selector("#viewer-after figcaption:has-text('after “Reverse time”')")
    page.evaluate((node_modules / "axe-core" / "axe.min.js").read_text())
    tabs = page.locator("#tabs > .tab-wrapper").first.get_by_role("tab").all_inner_texts()
    assert len(tabs) >= 3
    for name in tabs:
        page.get_by_role("tab", name=name, exact=True).first.click()
        page.wait_for_timeout(500)
        for is_dark in (False, True):
            page.evaluate("dark => document.body.classList.toggle('dark', dark)", is_dark)
            page.wait_for_timeout(400)  # colours go over into each other
            assert page.evaluate(RUN, ["color-contrast"] if is_dark else None) == [], (name, is_dark)
    visit.close()
