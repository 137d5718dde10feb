"""What every detector has in common."""

import pytest

from decisions.mistakes import SEVERITIES, detectors, find_all
from decisions.views.shown import MENDED_AT

from ..questions import closed, evaluated, managed, pair

IDS = {
    "no-people-cost",
    "too-early",
    "quality-below-need",
    "no-fallback",
    "under-optimised",
    "quality-drift",
    "not-reconsidered",
    "spot-without-drain",
}


def test_all_eight_are_found_by_looking():
    assert {each.ID for each in detectors()} == IDS


@pytest.mark.parametrize("detector", detectors(), ids=lambda each: each.ID)
def test_each_names_its_severity_and_the_page_that_mends_it(detector):
    assert detector.SEVERITY in SEVERITIES
    assert detector.WHERE in MENDED_AT


def test_what_blocks_comes_first():
    found = find_all(evaluated(closed(), managed(), pair(), chosen="C"))
    severities = [SEVERITIES.index(each.severity) for each in found]
    assert severities == sorted(severities)
    assert {"no-people-cost", "no-fallback", "too-early"} <= {each.id for each in found}


def test_a_sound_decision_has_none():
    found = evaluated(
        closed(),
        pair(ops_fte=0.25, fallback="A"),
        chosen="C",
        as_of="2026-06-01",
        last_reviewed_on="2026-05-01",
        quality_measured_on="2026-05-01",
    )
    assert find_all(found) == ()


@pytest.mark.parametrize(
    ("mistake", "page"),
    [
        ("spot-without-drain", "options"),
        ("quality-drift", "quality"),
        ("not-reconsidered", "review"),
    ],
)
def test_each_leads_to_the_form_that_holds_its_field(mistake, page):
    where = {each.ID: each.WHERE for each in detectors()}
    assert where[mistake] == page
