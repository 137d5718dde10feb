"""The page of the article's claims shows each with what follows, and leaves as a file."""

import csv
import io

import pytest
from django.urls import reverse

from decisions import article
from tests.factories import make_member, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client):
    client.force_login(make_member(make_team()))
    return client


def get(reader, **asked):
    return reader.get(reverse("article"), asked)


def test_each_claim_stands_beside_what_follows(reader):
    page = get(reader).content.decode()
    assert all(case.id in page for case in article.cases())
    for written in (
        "EUR 3,650",
        "1.3 B tokens",
        "3.0 ×",
        "66.7%",
        "99.95%",
        "2.6 months",
        "1, 2, 4, 8",
    ):
        assert f"<strong>{written}</strong>" in page


def test_topic_and_verdict_narrow_it(reader):
    found = get(reader, topic="first team", verdict="differs").context["cases"]
    assert {(case.topic, case.verdict) for case, *_ in found} == {("first team", "differs")}
    nothing = get(reader, topic="first team", verdict="nonsense")
    assert "No claim matches" in nothing.content.decode()


def test_it_leaves_as_a_file_with_whole_figures(reader):
    rows = list(csv.DictReader(io.StringIO(get(reader, download="csv").content.decode())))
    by_id = {(row["id"], row["figure"]): row for row in rows}
    assert float(by_id["S05", "at 2.50"]["value"]) == 3650
    assert by_id["S05", "at 2.50"]["unit"] == "EUR"
    assert len(get(reader, download="json", topic="speed").json()) < len(rows)
