"""A table that a phone would cut off reads as cards there, and as a table on a wide screen."""

import pytest
from playwright.sync_api import expect

from tests.factories import make_decision, make_member, make_team, make_user
from tests.journeys.test_from_empty_to_record import PASSWORD, Visitor, address

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "Mara Manager"
IS_CUT_OFF = "table => table.parentNode.scrollWidth > table.parentNode.clientWidth"


@pytest.fixture
def at(browser, live_server, transactional_db):
    team = make_team("A team with a name that takes some room")
    make_member(team, user=make_user(address(NAME), password=PASSWORD, name=NAME))
    make_decision(team, name="Answers to customers in every language that we sell in")
    contexts = []

    def page_at(width):
        contexts.append(
            browser.new_context(base_url=live_server.url, viewport={"width": width, "height": 900})
        )
        return Visitor(contexts[-1], NAME).sign_in()

    yield page_at
    for context in contexts:
        context.close()


def test_a_phone_shows_each_row_as_a_card(at):
    visitor = at(390)
    table = visitor.page.get_by_role("table")
    assert not table.evaluate(IS_CUT_OFF)
    cell = table.get_by_role("cell").filter(has_text="A team with a name")
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Team"'
    expect(table.get_by_role("columnheader", name="Team")).to_be_attached()
    visitor.look("portfolio-cards")


def test_a_wide_screen_keeps_the_table(at):
    table = at(1280).page.get_by_role("table")
    expect(table.get_by_role("columnheader", name="Team")).to_be_in_viewport()
    cell = table.get_by_role("cell").filter(has_text="A team with a name")
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == "none"
