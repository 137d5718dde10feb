"""The history of a decision: every event can be reached, a page at a time."""

import re

from django.urls import reverse

from decisions import drafts
from decisions.views.history import PER_PAGE
from tests.factories import NOW, make_decision, make_member, make_team


def test_the_oldest_event_is_on_the_last_page(db, client):
    team = make_team()
    manager = make_member(team)
    decision = make_decision(team, by=manager, options={})
    for number in range(PER_PAGE):
        drafts.change_settings(
            decision,
            fields={"name": decision.name, "purpose": f"Purpose {number}."},
            by=manager,
            at=NOW,
            version=decision.version,
        )
    client.force_login(manager)
    address = reverse("decision-history", args=[decision.pk])
    first, second = (client.get(address, {"page": n}).content.decode() for n in (1, 2))
    assert f"Purpose {PER_PAGE - 1}." in first
    assert "Decision created" not in first
    assert "Decision created" in second
    assert len(re.findall(r"<li><strong>", first)) == PER_PAGE
    assert address in client.get(reverse("decision-detail", args=[decision.pk])).content.decode()
