"""The operators' pages in a real browser: usable wide and narrow, under the content security policy."""

from __future__ import annotations

import pytest

from portal.post import beats
from tests.house.browser import NARROW, WIDE, OpenPage, fits, no_axe_findings, take_picture
from tests.house.people import World
from tests.portal.test_operator import given_up_jobs, given_up_messages, put_back

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])


@SIZES
def test_an_operator_sees_what_is_wrong_and_retries(
    world: World, open_page: OpenPage, size: tuple[int, int]
) -> None:
    given_up_messages(3)
    given_up_jobs(1)
    put_back(1)
    beats.beat(beats.CLOCK)
    page = open_page(world.olga, size=size)
    for place in ("", "jobs/", "messages/"):
        page.goto(f"/operator/{place}")
        no_axe_findings(page)
        assert fits(page)
        take_picture(page, f"operator-{place.strip('/') or 'overview'}-{size[0]}")
    page.get_by_role("button", name="Retry message").first.click()
    assert page.get_by_role("status").inner_text().startswith("The message will be sent again")
    page.get_by_text("Retry all of them").click()
    page.get_by_role("button", name="Retry all").click()
    assert page.get_by_role("heading", name="Nothing was given up").is_visible()
    take_picture(page, f"operator-empty-{size[0]}")


@SIZES
def test_the_admin_works_under_the_content_security_policy(
    world: World, open_page: OpenPage, size: tuple[int, int]
) -> None:
    given_up_messages(1)
    page = open_page(world.olga, size=size)
    for place in ("", "portal/user/", f"portal/user/{world.mia.pk}/change/", "portal/message/"):
        page.goto(f"/admin/{place}")
        take_picture(page, f"admin-{place.strip('/').replace('/', '-') or 'index'}-{size[0]}")
        assert page.locator("h1").first.is_visible()
    page.goto(f"/admin/portal/user/{world.mia.pk}/change/")
    page.get_by_label("Active").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/admin/portal/user/")
    world.mia.refresh_from_db()
    assert not world.mia.is_active
