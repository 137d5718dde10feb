"""A pull appends what changed, keeps what is doubtful out, and is whole or nothing."""

import json
from decimal import Decimal

import pytest

from jobs import work
from jobs.models import Job
from pricing import embedded, pull, quarantine, queries, sources, tasks
from pricing.models import CurrentPrice, Observation, Offer, SourceHealth
from tests.pricing.conftest import NEIGHBOURS, day, entries, recorded

LUNA = "gpt-5.6-luna"
AUGUST, OCTOBER, NOVEMBER = "2026-08-02", "2026-10-01", "2026-11-17"


def seen_of(name, measure="input", source="litellm"):
    rows = Observation.objects.filter(offer__source_name=name, measure=measure, source=source)
    return [(row.status, row.amount) for row in rows.order_by("pk")]


def current(name, source="litellm"):
    return CurrentPrice.objects.get(offer__source_name=name, measure="input", source=source)


def test_the_same_answer_twice_adds_nothing(see):
    first = see(AUGUST, entries(a=1.0))
    again = see(OCTOBER, entries(a=1.0))
    assert (first.accepted, again.accepted, again.unchanged) == (10, 0, 10)
    assert Observation.objects.count() == 10
    assert SourceHealth.objects.get(source="litellm").last_success_at == day(OCTOBER)


def test_the_same_prices_in_other_bytes_add_nothing(see):
    see(AUGUST, entries(a=1.0, b=2.0))
    again = see(OCTOBER, dict(reversed(entries(a=1.0, b=2.0).items())))
    assert (again.accepted, again.unchanged) == (0, 11)


def test_a_change_is_an_observation_and_the_old_one_stays(see):
    see(AUGUST, entries(a=1.0))
    assert see(OCTOBER, entries(a=1.2)).accepted == 1
    assert seen_of("a") == [("accepted", 1), ("accepted", Decimal("1.2"))]


def test_an_absurd_price_is_rejected_and_shown_with_its_reason(see):
    report = see(AUGUST, entries(a=71_000.0))
    assert report.rejected == 1
    assert seen_of("a") == [("rejected", 71_000)]
    assert "within_band" in Observation.objects.get(status="rejected").reason
    assert queries.find_offers(text="a", kind="token") == [] or not current("a").observation_id


def test_an_absurd_price_again_adds_nothing(see):
    see(AUGUST, entries(a=71_000.0))
    assert see(OCTOBER, entries(a=71_000.0, b=1.0)).rejected == 0
    assert len(seen_of("a")) == 1


def test_a_price_of_zero_keeps_the_last_price(see):
    see(AUGUST, entries(a=1.0))
    assert see(OCTOBER, entries(a=0.0)).rejected == 1
    held = current("a").observation
    assert held is not None
    assert held.amount == 1


def test_a_jump_waits_and_the_price_before_stays_in_use(see):
    see(AUGUST, entries(a=1.0))
    report = see(OCTOBER, entries(a=0.2))
    assert (report.quarantined, report.accepted) == (1, 0)
    offer = Offer.objects.get(source_name="a")
    price = queries.prices_for([offer.pk], team_id=None)[offer.pk].measures["input"]
    assert (price.amount, price.is_contested, price.is_stale) == (1, True, True)


def test_the_same_jump_again_adds_nothing(see):
    see(AUGUST, entries(a=1.0))
    see(OCTOBER, entries(a=0.2))
    assert see(NOVEMBER, entries(a=0.2, b=1.0)).quarantined == 0
    assert len(seen_of("a")) == 2


def test_a_jump_taken_back_leaves_nothing_waiting(see):
    see(AUGUST, entries(a=1.0))
    see(OCTOBER, entries(a=0.2))
    see(NOVEMBER, entries(a=1.0))
    assert current("a").pending_id is None


def test_ten_times_everything_changes_nothing(see):
    see(AUGUST, entries(a=1.0))
    tenfold = {
        k: {**v, "input_cost_per_token": v["input_cost_per_token"] * 10}
        for k, v in NEIGHBOURS.items()
    }
    report = see(OCTOBER, {**tenfold, **entries(a=10.0, new=20.0)})
    assert (report.accepted, report.quarantined) == (0, 11)
    health = SourceHealth.objects.get(source="litellm")
    assert "10 of 10 known prices jumped at once" in health.error
    assert (health.last_success_at, health.last_check_at) == (day(AUGUST), day(OCTOBER))
    assert see(NOVEMBER, entries(a=1.0)).error == ""
    assert CurrentPrice.objects.filter(pending__isnull=False).count() == 1


def test_one_provider_whose_unit_slipped_takes_its_new_models_with_it(see):
    def of(scale, *more):
        names = [f"m{n}" for n in range(6)] + list(more)
        return {
            f"wandb/{name}": {
                "litellm_provider": "wandb",
                "mode": "chat",
                "input_cost_per_token": scale * 1e-7,
            }
            for name in names
        }

    see(AUGUST, of(1))
    report = see(OCTOBER, {**of(100, "new"), **entries(b=1.0)})
    assert (report.accepted, report.quarantined) == (1, 7)
    assert "wandb: 6 of 6 known prices jumped" in report.error
    assert SourceHealth.objects.get(source="litellm").last_success_at == day(OCTOBER)


def test_a_dated_past_is_not_rewritten_tenfold(book):
    body = recorded("genai_prices.json")
    pull.pull("genai_prices", at=day(OCTOBER), body=body)
    before = Observation.objects.filter(status="accepted").count()
    tenfold = json.loads(body, parse_float=Decimal, parse_int=Decimal)

    def times_ten(value):
        if isinstance(value, dict):
            return {k: times_ten(v) for k, v in value.items()}
        if isinstance(value, list):
            return [times_ten(v) for v in value]
        return float(value * 10) if isinstance(value, Decimal) else value

    for provider in tenfold:
        for model in provider["models"]:
            model["prices"] = times_ten(model["prices"])
    report = pull.pull(
        "genai_prices", at=day(NOVEMBER), body=json.dumps(tenfold, default=float).encode()
    )
    assert report.accepted == 0
    assert "jumped at once" in report.error
    assert Observation.objects.filter(status="accepted").count() == before


def test_luna_is_confirmed_by_a_second_source_that_comes_later(book):
    for on in (AUGUST, OCTOBER):
        pull.pull("litellm", at=day(on), body=recorded(f"litellm-{on}.json"), seen_at=day(on))
    assert current(LUNA).pending_id is not None
    pull.pull("genai_prices", at=day(OCTOBER), body=recorded("genai_prices.json"))
    accepted = current(LUNA).observation
    assert accepted is not None
    assert (accepted.amount, current(LUNA).pending_id) == (Decimal("0.2"), None)
    assert "genai_prices" in accepted.evidence
    assert accepted.refers_to is not None
    assert accepted.refers_to.status == "quarantined"


def test_luna_is_confirmed_by_a_second_source_that_came_before(book):
    pull.pull("genai_prices", at=day(AUGUST), body=recorded("genai_prices.json"))
    for on in (AUGUST, OCTOBER):
        pull.pull("litellm", at=day(on), body=recorded(f"litellm-{on}.json"), seen_at=day(on))
    assert [status for status, _ in seen_of(LUNA)] == ["accepted", "quarantined", "accepted"]


def test_wandbs_absurd_prices_are_never_accepted(book):
    for on in (AUGUST, OCTOBER):
        pull.pull("litellm", at=day(on), body=recorded(f"litellm-{on}.json"), seen_at=day(on))
    rows = Observation.objects.filter(offer__provider="wandb", status="accepted")
    assert rows
    assert all(row.amount is not None and row.amount < 1 for row in rows)


def test_a_model_that_is_no_longer_listed_keeps_its_last_price(see):
    see(AUGUST, entries(a=1.0))
    assert see(OCTOBER, {}).withdrawn == 1
    offer = Offer.objects.get(source_name="a")
    price = queries.prices_for([offer.pk], team_id=None)[offer.pk].measures["input"]
    assert (price.status, price.amount) == ("withdrawn", 1)


def test_a_withdrawn_model_that_comes_back_is_sold_again(see):
    see(AUGUST, entries(a=1.0))
    see(OCTOBER, {})
    assert see(NOVEMBER, entries(a=1.0)).accepted == 1


def test_a_provider_that_shrinks_is_held_with_its_prices_and_their_age(see):
    see(AUGUST, entries(a=1.0))
    few = dict(list(NEIGHBOURS.items())[:3])
    other = {"x": {"litellm_provider": "mistral", "mode": "chat", "input_cost_per_token": 1e-6}}
    report = see(OCTOBER, {**few, **entries(a=1.3), **other}, neighbours=False)
    assert report.held_providers == ["openai"]
    assert (report.accepted, report.withdrawn) == (1, 0)
    offer = Offer.objects.get(source_name="a")
    price = queries.prices_for([offer.pk], team_id=None)[offer.pk].measures["input"]
    assert (price.amount, price.checked_at) == (1, day(AUGUST))
    see(NOVEMBER, {**few, **entries(a=1.4), **other}, neighbours=False)
    price = queries.prices_for([offer.pk], team_id=None)[offer.pk].measures["input"]
    assert price.checked_at == day(AUGUST)


def test_a_provider_that_is_whole_again_is_no_longer_held(see):
    see(AUGUST, {})
    see(OCTOBER, entries(b=1.0), neighbours=False)
    assert see(NOVEMBER, entries(b=1.0)).held_providers == []


BROKEN = {
    "truncated": recorded("litellm-2026-08-02.json")[:700],
    "html": b"<!doctype html><title>502</title>",
    "empty": b"",
    "nothing": b"{}",
    "a list": b"[]",
    "NaN": b'{"a": {"mode": "chat", "input_cost_per_token": NaN}}',
    "deep": b"[" * 100_000,
    "latin-1": '{"a": "é"}'.encode("latin-1"),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_changes_nothing_and_says_why(see, httpserver, settings, body):
    see(AUGUST, entries(a=1.0))
    httpserver.expect_request("/p").respond_with_data(body)
    settings.PRICE_SOURCE_URLS = {"litellm": httpserver.url_for("/p")}
    report = pull.pull("litellm", at=day(OCTOBER))
    health = SourceHealth.objects.get(source="litellm")
    assert report.error == health.error != ""
    assert (health.last_success_at, health.last_check_at) == (day(AUGUST), day(OCTOBER))
    assert Observation.objects.count() == 10


def test_a_good_answer_after_a_broken_one_clears_the_error(see):
    pull.pull("litellm", at=day(AUGUST), body=b"{")
    see(OCTOBER, entries(a=1.0))
    assert SourceHealth.objects.get(source="litellm").error == ""


def test_a_conditional_request_is_made_and_304_adds_nothing(book, httpserver, settings):
    body = json.dumps(NEIGHBOURS)
    httpserver.expect_ordered_request("/p").respond_with_data(body, headers={"ETag": '"1"'})
    httpserver.expect_ordered_request("/p", headers={"If-None-Match": '"1"'}).respond_with_data(
        status=304
    )
    settings.PRICE_SOURCE_URLS = {"litellm": httpserver.url_for("/p")}
    assert pull.pull("litellm", at=day(AUGUST)).accepted == 9
    again = pull.pull("litellm", at=day(OCTOBER))
    assert (again.accepted, again.unchanged, again.error) == (0, 9, "")
    assert SourceHealth.objects.get(source="litellm").last_success_at == day(OCTOBER)


def test_an_older_answer_read_in_late_becomes_history_only(see):
    see(OCTOBER, entries(a=1.2))
    see(AUGUST, entries(a=1.0))
    offer = Offer.objects.get(source_name="a")
    assert queries.prices_for([offer.pk], team_id=None)[offer.pk].measures[
        "input"
    ].amount == Decimal("1.2")
    then = queries.price_at(offer, "input", day("2026-09-01"))
    assert then is not None
    assert then.amount == 1
    assert SourceHealth.objects.get(source="litellm").last_success_at == day(OCTOBER)


def test_the_copy_inside_the_product_serves_when_nobody_answers(book, settings):
    settings.PRICE_SOURCE_URLS = {"genai_prices": "http://127.0.0.1:9/nobody"}
    report = pull.pull("genai_prices", at=day("2026-11-20"))
    assert report.accepted > 3000
    assert "no connection" in report.error
    assert report.revision.startswith("bundled")


def test_embedded_prices_are_loaded_once(db):
    at = day("2026-11-20")
    first, again = embedded.load(at=at), embedded.load(at=at)
    assert all(report.accepted > 100 and not report.error for report in first)
    assert all(report.accepted == 0 and report.unchanged > 100 for report in again)
    price = queries.find_offers(kind="gpu", gpu="H100", mode="on_demand")[0].measures["gpu_hour"]
    assert price.is_bundled
    assert price.checked_at == day("2026-05-24")


def test_a_pull_that_is_interrupted_while_writing_leaves_nothing(see, monkeypatch):
    see(AUGUST, entries(a=1.0))

    def dies(*args, **kwargs):
        raise RuntimeError("the machine went away")

    with monkeypatch.context() as patched:
        patched.setattr(quarantine, "confirm_by_second_source", dies)
        assert see(OCTOBER, entries(a=1.1, b=1.0)).error
    assert Observation.objects.count() == 10
    assert SourceHealth.objects.get(source="litellm").last_success_at == day(AUGUST)


def test_a_second_pull_of_a_running_source_is_refused(see):
    running = pull.ask("litellm", at=day(AUGUST), key="pull_prices:litellm:running")
    Job.objects.filter(pk=running.pk).update(state="running", lease_until=day("2999-01-01"))
    assert "running" in see(OCTOBER, entries(a=1.0)).error


def test_a_saved_answer_does_not_stay_with_its_job(see):
    see(AUGUST, entries(a=1.0))
    assert len(str(Job.objects.get(kind=pull.KIND).payload)) < 200


def test_each_source_is_asked_for_once_however_often_the_clock_ticks(db):
    at = day("2026-11-20")
    first = tasks.ask_for_due(at=at)
    again = tasks.ask_for_due(at=at)
    assert [job.pk for job in first] == [job.pk for job in again]
    assert len(first) == len(sources.scheduled()) > 2


def test_a_source_is_due_after_a_day_and_after_a_failure_sooner(db):
    at = day("2026-11-20")
    for name in sources.found():
        SourceHealth.objects.create(source=name, last_check_at=at)
    assert tasks.ask_for_due(at=at + tasks.DAY / 2) == []
    SourceHealth.objects.filter(source="litellm").update(error="no connection")
    assert len(tasks.ask_for_due(at=at + tasks.DAY / 2)) == 1
    assert len(tasks.ask_for_due(at=at + tasks.DAY + tasks.MOST_JITTER)) == len(sources.scheduled())


def test_a_source_that_is_switched_off_is_not_pulled(settings):
    settings.PRICE_SOURCES_OFF = ["litellm"]
    assert "litellm" not in [source.name for source in sources.scheduled()]


def test_every_pull_is_work_of_its_own_kind(see):
    see(AUGUST, entries(a=1.0))
    job = Job.objects.get(kind=pull.KIND)
    assert (job.state, work.perform(job.pk)) == ("done", False)


def test_without_a_network_a_pull_ends_quietly_and_says_so(see, settings):
    see(AUGUST, entries(a=1.0))
    settings.PRICE_SOURCE_URLS = {"litellm": "http://127.0.0.1:9/nobody"}
    report = pull.pull("litellm", at=day(OCTOBER))
    job = Job.objects.filter(kind=pull.KIND).latest("pk")
    health = SourceHealth.objects.get(source="litellm")
    assert (job.state, health.is_out_of_reach, report.error) == ("done", True, health.error)
    assert report.error.startswith("No network")
    assert (health.last_success_at, health.last_check_at) == (day(AUGUST), day(OCTOBER))


@pytest.mark.parametrize("broken", [b"{", None], ids=["truncated", "too many requests"])
def test_a_mirror_answers_for_a_source_that_gives_no_good_answer(see, httpserver, settings, broken):
    see(AUGUST, {})
    first = httpserver.expect_request("/first")
    if broken is None:
        first.respond_with_data(status=429, headers={"Retry-After": "3600"})
    else:
        first.respond_with_data(broken)
    httpserver.expect_request("/mirror").respond_with_json({**NEIGHBOURS, **entries(a=1.0)})
    settings.PRICE_SOURCE_URLS = {
        "litellm": httpserver.url_for("/first"),
        "litellm_mirror": httpserver.url_for("/mirror"),
    }
    report = pull.pull("litellm", at=day(OCTOBER))
    assert report.accepted == 1
    assert "answered instead" in report.error
    assert Observation.objects.latest("pk").source_url.endswith("/mirror")


def test_other_facts_and_another_order_are_known_to_be_the_same_prices(see):
    see(AUGUST, entries(a=1.0))
    other = {name: {**entry, "max_tokens": 5} for name, entry in entries(a=1.0).items()}
    assert see(OCTOBER, other).unchanged == 10
    assert see(NOVEMBER, entries(a=1.1)).accepted == 1
