"""The workload page: numbers as people write them, refusals beside the field, two people at once."""

import pytest

from decisions.models import AuditEvent, Decision, Workload
from tests.decisions import stories

URL = "/decisions/{}/workload/"


@pytest.fixture
def story(db, client):
    story = stories.ready()
    client.force_login(story.manager)
    return story


def fields(story, **changed):
    story.decision.refresh_from_db()
    return {
        "version": story.decision.version,
        "input_tokens_per_month": "1B",
        "output_tokens_per_month": "300M",
        "currency": "EUR",
        "horizon_months": "36",
        "discount_rate_per_year": "10",
        **changed,
    }


def post(client, story, **changed):
    return client.post(URL.format(story.decision.pk), fields(story, **changed))


def stored(story):
    return Workload.objects.get(decision=story.decision)


def refusal(page, field):
    return " ".join(page.context["form"].errors.get(field, []))


@pytest.mark.parametrize(
    ("typed", "tokens"),
    [
        ("1.3B", 1.3e9),
        ("100 M", 1e8),
        ("1,000,000", 1e6),
        ("1 000 000", 1e6),
        ("1.000.000", 1e6),
        ("1e9", 1e9),
        ("2,5 bn", 2.5e9),
        ("750k", 750_000),
    ],
)
def test_tokens_are_typed_as_people_write_them(client, story, typed, tokens):
    page = post(client, story, input_tokens_per_month=typed)
    assert page.status_code == 302
    assert stored(story).input_tokens_per_month == tokens


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-1",
        "NaN",
        "inf",
        "1e400",
        "-1e400",
        "many",
        "1,50,000",
        "1,500M",
        "1.500",
        "5 MM",
        "1..2",
    ],
)
def test_what_is_no_number_or_could_be_two_is_refused_and_kept(client, story, typed):
    before = stored(story).input_tokens_per_month
    page = post(client, story, input_tokens_per_month=typed, source="The invoice")
    assert page.status_code == 200
    assert refusal(page, "input_tokens_per_month")
    assert page.context["form"]["input_tokens_per_month"].value() == typed
    assert b"The invoice" in page.content
    assert stored(story).input_tokens_per_month == before


def test_an_ambiguous_number_is_refused_with_both_readings(client, story):
    page = post(client, story, output_tokens_per_month="1,500M")
    assert "1.5M or 1500M" in refusal(page, "output_tokens_per_month")


def test_shares_are_typed_in_percent(client, story):
    post(client, story, cached_input_share="30", batch_share="12.5 %", growth_per_month="-2")
    workload = stored(story)
    assert (workload.cached_input_share, workload.batch_share) == (0.3, 0.125)
    assert workload.growth_per_month == -0.02


@pytest.mark.parametrize("typed", ["101", "-1", "0.3", "NaN"])
def test_a_share_above_the_whole_or_in_doubt_is_refused(client, story, typed):
    page = post(client, story, cached_input_share=typed)
    assert refusal(page, "cached_input_share")
    assert page.context["form"]["cached_input_share"].value() == typed


@pytest.mark.parametrize("field", ["ttft_ms", "input_tokens_per_month"])
def test_what_would_be_stored_as_zero_is_refused(client, story, field):
    assert "too close to 0" in refusal(post(client, story, **{field: "1e-400"}), field)


def test_a_month_without_tokens_is_refused(client, story):
    page = post(client, story, input_tokens_per_month="0", output_tokens_per_month="0")
    assert refusal(page, "input_tokens_per_month")


def test_one_peak_is_stated_not_two(client, story):
    page = post(client, story, peak_to_mean="3", peak_concurrent_requests="50")
    assert refusal(page, "peak_concurrent_requests")


def test_an_unknown_currency_is_refused(client, story):
    page = post(client, story, currency="XXX")
    assert "XXX" in refusal(page, "currency")
    assert Decision.objects.get().currency == "EUR"


def test_what_is_left_empty_stays_unstated(client, story):
    post(client, story)
    workload = stored(story)
    assert workload.mean_input_tokens is None
    assert workload.peak_to_mean is None
    assert workload.requirements == {}


def test_requirements_and_settings_are_stored(client, story):
    post(client, story, privacy="on", least_quality="80", horizon_months="24")
    assert stored(story).requirements == {"privacy": True, "least_quality": 0.8}
    assert Decision.objects.get().horizon_months == 24


def test_the_stored_workload_reads_back_as_it_is(client, story):
    post(client, story, input_tokens_per_month="1,234,567", availability="99.95")
    form = client.get(URL.format(story.decision.pk)).context["form"]
    again = {name: form[name].value() or "" for name in form.fields if form[name].value()}
    client.post(URL.format(story.decision.pk), again)
    assert stored(story).input_tokens_per_month == 1_234_567
    assert stored(story).availability == 0.9995


def test_two_people_at_once_lose_nothing(client, story):
    opened = fields(story, input_tokens_per_month="2B")
    post(client, story, input_tokens_per_month="5B")
    page = client.post(URL.format(story.decision.pk), opened)
    assert page.status_code == 200
    assert stored(story).input_tokens_per_month == 5e9
    assert ("Input tokens per month", "2B", "5B") in page.context["form"].conflicts
    again = {**opened, "version": page.context["form"]["version"].value()}
    assert client.post(URL.format(story.decision.pk), again).status_code == 302
    assert stored(story).input_tokens_per_month == 2e9


def test_a_refusal_leaves_no_event(client, story):
    before = AuditEvent.objects.count()
    post(client, story, input_tokens_per_month="-1")
    assert AuditEvent.objects.count() == before


def test_tokens_per_second_stand_beside_the_tokens(client, story):
    page = client.get(URL.format(story.decision.pk))
    assert b"495 tokens/s" in page.content
    rate = client.post(f"{URL.format(story.decision.pk)}rate/", fields(story))
    assert b"1,484 tokens/s" in rate.content
    unclear = client.post(
        f"{URL.format(story.decision.pk)}rate/", fields(story, input_tokens_per_month="x")
    )
    assert b"tokens/s" not in unclear.content


def test_a_viewer_reads_and_changes_nothing(client, story):
    client.force_login(stories.person(story.team, "viewer@example.org", "viewer"))
    assert b"disabled" in client.get(URL.format(story.decision.pk)).content
    assert post(client, story).status_code == 404


def test_another_teams_workload_does_not_exist(client, story):
    client.force_login(stories.person(None, "stranger@example.org"))
    assert client.get(URL.format(story.decision.pk)).status_code == 404
    assert post(client, story).status_code == 404
