"""A person adds a passkey, signs in with it, and signs a review with it, in Chromium.

Its virtual authenticator (of the WebAuthn part of the DevTools protocol) is the device. Screenshots at
both widths are left in the folder that SCREENSHOTS names, when it is set.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from decisions import reviews
from decisions.models import Approval
from tests.decisions import stories

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a long password"
WIDTHS = (390, 1280)


@pytest.fixture
def story(transactional_db):
    story = stories.ready()
    reviews.submit(story.review, note="Please look.", by=story.manager, at=stories.NOW)
    return story


@pytest.fixture
def faults(page):
    """What the console complains of: a refused script or style is among it."""
    found = []
    page.on("console", lambda said: found.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture
def device(page):
    """A device with a fingerprint reader that always knows the finger."""
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    class Device:
        def knows_the_finger(self, knows):
            known = {"authenticatorId": made["authenticatorId"], "isUserVerified": knows}
            protocol.send("WebAuthn.setUserVerified", known)

    return Device()


def shoot(page, name):
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def sign_in(page, email):
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("link", name="Reviews").first).to_be_visible()


def add_passkey(page, device, *, name):
    page.goto("/profile/")
    page.get_by_role("link", name="Passkeys").click()
    shoot(page, "passkeys-none")
    page.get_by_role("link", name="Add a passkey").click()
    if page.get_by_label("Password").is_visible():
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button").last.click()
    page.get_by_label("Name").fill(name)
    shoot(page, "passkey-add")
    device.knows_the_finger(False)
    page.get_by_role("button", name="Add it").click()
    expect(page.locator("#passkey-says")).to_contain_text("was not used")
    device.knows_the_finger(True)
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("rowheader", name=name)).to_be_visible()
    shoot(page, "passkeys")


def test_a_passkey_is_added_signs_in_and_signs_a_review(page, device, faults, story):
    sign_in(page, story.approver.email)
    add_passkey(page, device, name="Work laptop")

    page.context.clear_cookies()
    page.goto(f"/reviews/{story.review.pk}/")
    shoot(page, "passkey-sign-in")
    page.get_by_role("button", name="passkey").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Answers")

    page.locator("form[action*=sign-off] textarea").fill("Read and approved.")
    shoot(page, "passkey-review")
    device.knows_the_finger(False)
    page.get_by_role("button", name="Sign with a passkey").click()
    expect(page.locator("#passkey-says")).to_contain_text("was not used")
    assert Approval.objects.count() == 0
    device.knows_the_finger(True)
    page.get_by_role("button", name="Sign with a passkey").click()
    expect(page.get_by_text("Signed off. The record is kept")).to_be_visible()
    shoot(page, "passkey-signed")

    signed = Approval.objects.get()
    assert (signed.person, signed.signed_in_how) == (story.approver, "passkey")
    assert signed.note == "Read and approved."
    assert story.review.state == "signed"
    assert faults == []
