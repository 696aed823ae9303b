"""The frame and the account pages in a real browser: axe, phones, no scripts, passkeys under the policy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from portal.models import User
from tests.house.browser import NARROW, WIDE, OpenPage, no_axe_findings, take_picture
from tests.house.people import World
from tests.house.post import Mail
from tests.portal.test_accounts import code_in

OPEN = [
    "/",
    "/privacy/",
    "/accounts/login/",
    "/accounts/login/code/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/inactive/",
]
OWN = [
    "/",
    "/me/",
    "/accounts/email/",
    "/accounts/password/set/",
    "/accounts/logout/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/3rdparty/",
]

pytestmark = pytest.mark.django_db(transaction=True)


def look(page: Page, address: str, name: str) -> None:
    """Open a page, hold it against axe, and against growing wider than the window."""
    page.goto(address)
    no_axe_findings(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    take_picture(page, f"{name}{address.strip('/').replace('/', '-') or 'home'}")


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_that_are_open_to_all(
    open_page: OpenPage, size: tuple[int, int], scheme: str
) -> None:
    page = open_page(size=size)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for address in OPEN:
        look(page, address, f"open-{scheme}-{size[0]}-")


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_pages_of_one_s_own_account(
    world: World, open_page: OpenPage, size: tuple[int, int]
) -> None:
    page = open_page(world.sam, size=size)
    for address in OWN:
        look(page, address, f"own-{size[0]}-")


def test_sign_in_and_second_step_without_scripts(
    world: World, open_page: OpenPage, deliver_mail: Callable[[], list[Mail]]
) -> None:
    TOTP.activate(world.ana, generate_totp_secret())
    codes = RecoveryCodes.activate(world.ana).get_unused_codes()
    page = open_page(javascript=False, size=NARROW)
    page.goto("/me/")
    page.get_by_label("E-mail address").first.fill(world.ana.email)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Six-digit code").fill(code_in(deliver_mail()))
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url("/me/")
    page.get_by_text("Ana Ruiz").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "What did research funding make possible?"
    )


def virtual_key(page: Page) -> None:
    """Plug a security key with a fingerprint reader into the browser."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_added_and_signs_in(
    world: World, open_page: OpenPage, settings: Settings
) -> None:
    page = open_page(world.mia)
    virtual_key(page)
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Name").fill("my phone")
    page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("Your passkey is added.")).to_be_visible()
    assert Authenticator.objects.filter(user=world.mia, type="webauthn").count() == 1
    look(page, "/accounts/2fa/", "passkey-")
    look(page, "/accounts/2fa/webauthn/", "passkey-")
    page.get_by_text("Mia Chen").first.click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/accounts/login/?next=/me/")
    page.get_by_text("Use a passkey").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url("/me/")


def test_keyboard_skips_to_the_content_and_escape_closes_the_menu(
    world: World, open_page: OpenPage
) -> None:
    page = open_page(world.sam)
    page.goto("/me/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_text("Sam Field").first.click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).not_to_be_visible()


def test_a_person_with_a_very_long_name_fits(world: World, open_page: OpenPage) -> None:
    User.objects.filter(pk=world.sam.pk).update(name="Hubert Blaine Wolfeschlegelsteinhausen " * 3)
    page = open_page(world.sam, size=NARROW)
    look(page, "/me/", "long-name-")
