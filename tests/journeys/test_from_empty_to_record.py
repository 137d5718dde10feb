"""A manager fills an empty decision in, an approver signs it, an auditor downloads and checks the PDF.

In Chromium, with stored prices, a real worker that renders the PDF, and axe on every page on the way.
Screenshots at both widths are left in the folder that SCREENSHOTS names, when it is set.
"""

import io
import json
import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from playwright.sync_api import expect
from pypdf import PdfReader

from decisions import evaluation
from decisions.models import Snapshot, Team, User
from pricing import sources

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a password of the test"
WIDTHS = (390, 1280)


@pytest.fixture
def team(transactional_db):
    team = Team.objects.create(name="Search", loaded_cost_per_fte_year=120_000)
    roles = {"Mara Manager": "manager", "Abe Approver": "approver"}
    for name, role in roles.items():
        user = User.objects.create_user(address(name), PASSWORD, name=name)
        team.memberships.create(user=user, role=role)
    User.objects.create_user(address("Ada Auditor"), PASSWORD, name="Ada Auditor", is_auditor=True)
    return team


def address(name):
    return name.lower().replace(" ", ".") + "@example.org"


class Visitor:
    """A person at a browser. Every page they open is checked by axe and for faults on the console."""

    def __init__(self, context, name):
        self.page = context.new_page()
        self.name = name
        self.faults: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def _listen(self, message):
        if message.type == "error":
            self.faults.append(message.text)

    def sign_in(self):
        self.page.goto("/")
        self.page.get_by_label("Email").fill(address(self.name))
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page.get_by_role("link", name=self.name)).to_be_visible()
        return self

    def look(self, name):
        """Hold the page against axe, and keep a picture at each width."""
        found = Axe().run(self.page).response["violations"]
        serious = [v for v in found if v["impact"] in ("serious", "critical")]
        assert serious == [], (name, [(v["id"], v["nodes"][0]["html"]) for v in serious])
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            overflow = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overflow <= 0, f"{name} is wider than {width} px"
            if folder := os.environ.get("SCREENSHOTS"):
                self.page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        assert self.faults == []

    def press(self, name, *, exact=True):
        self.page.get_by_role("button", name=name, exact=exact).click()


@pytest.fixture
def visit(browser, live_server):
    contexts = []

    def one(name):
        contexts.append(browser.new_context(base_url=live_server.url, locale="en-GB"))
        contexts[-1].set_default_timeout(15_000)
        return Visitor(contexts[-1], name)

    yield one
    for context in contexts:
        context.close()


def test_the_main_job(team, visit, start, monkeypatch):
    call_command("load_embedded_prices", stdout=io.StringIO())
    monkeypatch.setenv("PRICE_SOURCES_OFF", ",".join(sources.found()))
    start("--beat", "--scheduler", "config.celery.Scheduler", "--concurrency", "1")

    manager = visit("Mara Manager").sign_in()
    fill_in(manager)
    submit(manager)
    sign(visit("Abe Approver").sign_in())
    pdf = download(visit("Ada Auditor").sign_in())
    check(pdf)


def fill_in(manager):
    page = manager.page
    manager.look("portfolio-empty")
    page.get_by_role("link", name=re.compile("new decision|start", re.I)).first.click()
    page.get_by_label("What is decided").fill("Support answers")
    manager.press("Start, and go to the workload")

    page.get_by_label("Input tokens per month").fill("minus one")
    page.get_by_label("Output tokens per month").fill("300M")
    manager.press("Save and go to the options")
    expect(page.get_by_label("Input tokens per month")).to_have_value("minus one")
    expect(page.locator(".errorlist").first).to_be_visible()
    manager.look("workload-refused")
    page.get_by_label("Input tokens per month").fill("1B")
    manager.press("Save and go to the options")

    add_closed_api(manager)
    add_stored_offer(manager)
    add_own_gpus(manager)
    manager.look("options")
    page.get_by_role("link", name="Go to the checklist").click()
    answer(manager)
    choose(manager)


def add_closed_api(manager):
    page = manager.page
    page.get_by_role("link", name="Closed API").click()
    page.get_by_label("Name").fill("Closed flagship")
    manager.press("Save")
    expect(page.locator(".errorlist").first).to_be_visible()
    manager.look("option-without-price")
    page.get_by_label(re.compile("^Input price")).fill("3")
    page.get_by_label(re.compile("^Output price")).fill("15")
    manager.press("Save")


def add_stored_offer(manager):
    page = manager.page
    page.get_by_role("link", name="Managed open model").click()
    page.get_by_label("Name").fill("Together")
    page.get_by_label("Search the price book").fill("llama 3.3 70b together")
    page.get_by_role(
        "radio", name=re.compile("Llama-3.3-70B-Instruct-Turbo at together")
    ).first.check()
    manager.look("option-offer")
    manager.press("Save")


def add_own_gpus(manager):
    page = manager.page
    page.get_by_role("link", name="Rented GPUs").click()
    page.get_by_label("Name").fill("Rented H100")
    page.get_by_label("Model", exact=True).fill("Llama 4 70B")
    page.get_by_label("Quantization").fill("fp8")
    page.get_by_label("GPU", exact=True).fill("H100")
    page.get_by_label("Price per GPU-hour").fill("2.50")
    page.get_by_label("Operations (FTE)").fill("0.25")
    page.get_by_label("Falls back on").select_option(label="Together")
    manager.press("Save")
    expect(page.locator(".errorlist", has_text="Llama-3.3-70B").first).to_be_visible()
    manager.look("option-unknown-model")
    page.get_by_label("Model", exact=True).fill("Llama-3.3-70B")
    manager.press("Save")


def answer(manager):
    page = manager.page
    for question in page.locator("fieldset.question").all():
        question.get_by_label(re.compile("yes", re.I)).first.check()
        question.get_by_label(re.compile("evidence", re.I)).fill("Looked at by the team.")
    manager.look("checklist")
    manager.press("Save and go to compare")
    expect(page.get_by_text("9 of 9").or_(page.get_by_text("Choose")).first).to_be_visible()


def choose(manager):
    page = manager.page
    expect(page.get_by_text("Together is best").first).to_be_visible()
    expect(page.get_by_role("heading", name="The five usual deployments")).to_be_visible()
    manager.look("compare")
    slider = page.get_by_role("slider")
    slider.focus()
    for _ in range(8):
        slider.press("ArrowRight")
    expect(page.locator("p.lead")).not_to_contain_text("1.3 B tokens")
    page.get_by_label("Option", exact=True).select_option(label="Together")
    page.get_by_label("Because").fill("It costs least and does the same.")
    manager.press("Choose")
    expect(page.get_by_text("Together").first).to_be_visible()
    manager.look("decision")


def submit(manager):
    page = manager.page
    page.get_by_role("link", name="Reviews").click()
    manager.look("reviews")
    page.get_by_role("link", name=re.compile("Support answers")).first.click()
    manager.press("Start preparing")
    page.get_by_label("Note").fill("Prices as of today.")
    manager.press("Submit for sign-off")
    expect(
        page.get_by_text("You cannot sign this one").or_(page.get_by_text("Submitted by")).first
    ).to_be_visible()
    manager.look("review-submitted")


def sign(approver):
    page = approver.page
    page.get_by_role("link", name="Reviews").click()
    page.get_by_role("link", name=re.compile("Support answers")).first.click()
    page.get_by_label("Password").fill("not the password")
    approver.press(re.compile("^Sign off"), exact=False)
    expect(page.locator(".errorlist").first).to_be_visible()
    approver.look("review-to-sign")
    page.get_by_label("Password").fill(PASSWORD)
    approver.press(re.compile("^Sign off"), exact=False)
    expect(page.get_by_text("Signed off").first).to_be_visible()
    approver.look("review-signed")


def download(auditor):
    page = auditor.page
    page.get_by_role("link", name="Records").click()
    auditor.look("records")
    page.get_by_role("link", name=re.compile("Support answers|BE-")).first.click()
    expect(page.get_by_text("The PDF is ready")).to_be_visible(timeout=60_000)
    auditor.look("record")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the PDF").click()
    return Path(download.value.path()).read_bytes()


def check(pdf):
    reader = PdfReader(io.BytesIO(pdf))
    text = "\n".join(page.extract_text() for page in reader.pages)
    snapshot = Snapshot.objects.get()
    for expected in (
        "Mara Manager",
        "Abe Approver",
        "Together",
        snapshot.record_id,
        snapshot.sha256,
    ):
        assert expected in text
    held = json.loads(reader.attachments["record.json"][0])
    question = evaluation.read(held["question"])
    again = json.loads(json.dumps(evaluation.as_json(evaluation.evaluate(question))))
    assert again == held["result"]
    closed = next(o for o in again["options"] if o["name"] == "Closed flagship")
    assert closed["per_month"]["total"] == 7500
