"""Base load and bursts: every number of replicas is tried, and none beats the answer."""

import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.formulas.fleet import Terms, assumed_hours, base_peak_to_mean, plan, worth_from

positive = st.floats(0.01, 1e3)
terms_of_any_kind = st.builds(
    Terms,
    tokens_per_hour=st.floats(1e3, 1e8),
    rent_per_hour=positive,
    api_per_mtok=positive,
    fixed_per_month=st.floats(0, 1e5),
)
profiles = st.lists(st.floats(0, 1e9), min_size=1, max_size=200).filter(lambda h: max(h) > 0)


def month(hours, terms, replicas):
    """The same month, hour by hour, as anybody would add it up."""
    limit = replicas * terms.tokens_per_hour
    overflow = sum(max(0.0, hour - limit) for hour in hours) / len(hours) * 730
    fixed = terms.fixed_per_month if replicas else 0
    return replicas * terms.rent_per_hour * 730 + fixed + overflow * terms.api_per_mtok / 1e6


@given(profiles, terms_of_any_kind)
def test_no_other_number_of_replicas_is_cheaper(hours, terms):
    found = plan(hourly_tokens=hours, terms=terms)
    for replicas in range(65):
        other = month(hours, terms, replicas)
        assert found.fleets[replicas].total == pytest.approx(other, rel=1e-9, abs=1e-6)
        assert found.best.total <= other * (1 + 1e-9) + 1e-6


@given(profiles, terms_of_any_kind)
def test_all_overflow_is_the_api_alone(hours, terms):
    nobody = plan(hourly_tokens=hours, terms=terms).api_only
    api = sum(hours) / len(hours) * 730 * terms.api_per_mtok / 1e6
    assert nobody.total == pytest.approx(api)
    assert (nobody.rent, nobody.fixed, nobody.own_tokens) == (0, 0, 0)


@given(profiles, terms_of_any_kind)
def test_the_rule_names_the_same_number_where_nothing_is_fixed(hours, terms):
    free = Terms(**{**vars(terms), "fixed_per_month": 0.0})
    found = plan(hourly_tokens=hours, terms=free)
    limit = worth_from(free)
    if any(abs(fleet.busy_share - limit) < 1e-6 for fleet in found.fleets):
        return
    assert found.best.replicas == sum(fleet.busy_share > limit for fleet in found.fleets[1:])


@given(profiles, terms_of_any_kind)
def test_each_next_replica_is_less_busy(hours, terms):
    busy = [fleet.busy_share for fleet in plan(hourly_tokens=hours, terms=terms).fleets[1:]]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(busy))
    assert all(-1e-9 <= share <= 1 + 1e-9 for share in busy)


def test_a_steady_base_and_a_burst():
    terms = Terms(tokens_per_hour=1e6, rent_per_hour=2.0, api_per_mtok=8.0)
    found = plan(hourly_tokens=[1e6] * 23 + [5e6], terms=terms)
    assert worth_from(terms) == 0.25
    assert found.best.replicas == 1
    assert found.best.overflow_tokens == pytest.approx(4e6 / 24 * 730)
    assert found.best.own_share == pytest.approx(24 / 28)


@given(st.floats(1, 1000))
def test_an_assumed_profile_has_the_peak_and_the_month_that_were_stated(peak):
    hours = assumed_hours(tokens_per_month=1e9, peak_to_mean=peak)
    assert np.mean(hours) * 730 == pytest.approx(1e9)
    assert max(hours) / np.mean(hours) == pytest.approx(peak, rel=1e-6)


def test_cutting_the_peaks_off_leaves_a_flat_base():
    terms = Terms(tokens_per_hour=1.0, rent_per_hour=1.0, api_per_mtok=1.0)
    hours = assumed_hours(tokens_per_month=7300, peak_to_mean=3.0)
    assert base_peak_to_mean(hourly_tokens=hours, terms=terms, replicas=1) == pytest.approx(
        1, abs=0.1
    )
    assert base_peak_to_mean(hourly_tokens=hours, terms=terms, replicas=1000) == pytest.approx(3)


@pytest.mark.parametrize("bad", [[], [0.0], [-1.0, 2.0], [float("nan")]])
def test_hours_without_sense_are_refused(bad):
    terms = Terms(tokens_per_hour=1.0, rent_per_hour=1.0, api_per_mtok=1.0)
    with pytest.raises(ValueError, match="hourly_tokens"):
        plan(hourly_tokens=bad, terms=terms)


def test_a_year_of_hours_is_quick():
    hours = np.random.default_rng(0).uniform(0, 1e8, 8760).tolist()
    terms = Terms(tokens_per_hour=2e6, rent_per_hour=4.0, api_per_mtok=3.0)
    begun = time.perf_counter()
    plan(hourly_tokens=hours, terms=terms)
    assert time.perf_counter() - begun < 0.2
