"""A manager uploads a table of quotes, looks at what it would do, goes back, and confirms it.

In Chromium, with axe on every page on the way, at both widths.
"""

import io
import re

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from pricing.models import Observation
from tests.factories import make_member, make_team, make_user
from tests.journeys.test_from_empty_to_record import PASSWORD, Visitor, address

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = b"""kind,provider,gpu,gpu_count,terms,term_months,currency,price_per_gpu_hour,evidence
gpu,example-cloud,H100-SXM,8,reserved,12,EUR,1.85,offer 4711
gpu,example-cloud,H100-SXM,8,reserved,36,EUR,=1+1,offer 4711
"""
NAME = "Mara Manager"


@pytest.fixture
def manager(browser, live_server, transactional_db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    call_command("load_embedded_prices", stdout=io.StringIO())
    make_member(make_team("Search"), user=make_user(address(NAME), password=PASSWORD, name=NAME))
    context = browser.new_context(base_url=live_server.url, locale="en-GB", color_scheme="dark")
    context.set_default_timeout(30_000)
    yield Visitor(context, NAME).sign_in()
    context.close()


def test_a_table_of_quotes_is_looked_at_and_then_confirmed(manager):
    page = manager.page
    page.goto("/prices/gpus/?q=H100-SXM")
    manager.look("gpus")
    page.get_by_role("link", name="Add a quote for H100-SXM, Reserved, 1 year").click()
    expect(page.get_by_label("GPU (for GPUs)")).to_have_value("H100-SXM")
    expect(page.get_by_label("Model (for tokens)")).to_be_hidden()
    manager.look("quote-add")

    page.get_by_role("link", name="Upload a table").click()
    manager.look("quote-upload")
    page.get_by_label("The table", exact=True).set_input_files(
        {"name": "quotes.csv", "mimeType": "text/csv", "buffer": TABLE}
    )
    evidence = {"name": "offer.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 offer"}
    page.get_by_label("Evidence file optional").set_input_files(evidence)
    manager.press("Show what it would do")
    expect(page.get_by_text("is a formula. Write the number.")).to_be_visible()
    assert not Observation.objects.filter(source="quote").exists()
    manager.look("upload-detail")

    page.get_by_role("link", name="Send a corrected table").click()
    page.get_by_role("link", name="quotes.csv").click()
    manager.press("Store 1 row, leave out the refused")
    expect(page.get_by_text(re.compile("1 quotes? stored"))).to_be_visible()
    manager.look("quote-list")
    with page.expect_download() as download:
        page.get_by_role("link", name="offer.pdf").click()
    assert download.value.path().read_bytes() == evidence["buffer"]

    page.goto("/prices/gpus/?q=H100-SXM")
    expect(page.get_by_role("link", name="EUR 1.85")).to_be_visible()
    for name, where in PAGES.items():
        page.goto(where)
        manager.look(name)


PAGES = {
    "price-list": "/prices/",
    "price-hosts": "/prices/hosts/",
    "price-hosts-of-one": "/prices/hosts/?model=llama-3.3-70b&cached_percent=30",
    "family-list": "/prices/families/",
    "price-sources": "/prices/sources/",
    "price-quarantine": "/prices/quarantine/",
}
