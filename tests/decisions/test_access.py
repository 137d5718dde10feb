"""Every address × every role × GET and POST: who reaches what, and does anything leak?

The table below holds a rule for every address of the product; an address without a rule fails.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from decisions import addresses, calendars, deliveries, sharing
from decisions.models import (
    ApiToken,
    AuditEvent,
    Comment,
    Decision,
    Delivery,
    FeedToken,
    Flag,
    Membership,
    Review,
    SavedSearch,
    Snapshot,
    Team,
    User,
)
from jobs.models import Job
from pricing import quotes
from pricing.models import CurrentPrice, EvidenceFile, ModelFamily, Observation, QuoteUpload
from tests.factories import (
    NOW,
    make_benchmark,
    make_decision,
    make_delegation,
    make_flag,
    make_job,
    make_member,
    make_offer,
    make_own_model,
    make_pack,
    make_score,
    make_snapshot,
    make_team,
    make_usage_file,
    make_user,
)

SECRET = "Secret"
VISITOR, VIEWER, MANAGER, APPROVER = "visitor", "viewer", "manager", "approver"
AUDITOR, ADMINISTRATOR, OUTSIDER = "auditor", "administrator", "outsider"
ROLES = (VISITOR, VIEWER, MANAGER, APPROVER, AUDITOR, ADMINISTRATOR, OUTSIDER)

NOBODY: frozenset[str] = frozenset()
PUBLIC = frozenset(ROLES)
SIGNED_IN = PUBLIC - {VISITOR}
READERS = SIGNED_IN - {OUTSIDER}
EDITORS = frozenset({MANAGER, APPROVER})
SIGNERS = frozenset({APPROVER})
KEEPERS = frozenset({MANAGER, ADMINISTRATOR})
ADMINISTRATORS = frozenset({ADMINISTRATOR})
NOT_AUDITORS = SIGNED_IN - {AUDITOR}


@dataclass(frozen=True)
class Rule:
    """Who gets an answer to a GET, and who to a POST."""

    get: frozenset[str]
    post: frozenset[str]


def page(who: frozenset[str]) -> Rule:
    """A page that treats a POST like a GET, or answers 405."""
    return Rule(get=who, post=who)


RULES = {
    "portfolio": page(SIGNED_IN),
    "article": page(SIGNED_IN),
    "decision-new": page(EDITORS),
    "decision-detail": page(READERS),
    "decision-triggers": Rule(READERS, EDITORS),
    "decision-history": page(READERS),
    "decision-outlook": page(READERS),
    "decision-archive": Rule(NOBODY, EDITORS),
    "decision-unarchive": Rule(NOBODY, EDITORS),
    "decision-workload": Rule(READERS, EDITORS),
    "workload-rate": Rule(NOBODY, READERS),
    "decision-options": page(READERS),
    "option-add": page(EDITORS),
    "option-suggest": page(EDITORS),
    "option-five": page(READERS),
    "decision-quality": Rule(READERS, EDITORS),
    "quality-traffic": Rule(NOBODY, EDITORS),
    "quality-remove": Rule(NOBODY, EDITORS),
    "quality-file": page(READERS),
    "decision-reliability": Rule(READERS, EDITORS),
    "option-pattern": page(EDITORS),
    "option-mix": page(READERS),
    "option-mix-adopt": Rule(NOBODY, EDITORS),
    "option-restore": Rule(NOBODY, EDITORS),
    "option-edit": page(EDITORS),
    "option-delete": page(EDITORS),
    "offer-search": page(EDITORS),
    "decision-checklist": Rule(READERS, EDITORS),
    "decision-compare": page(READERS),
    "compare-figures": page(READERS),
    "decision-choose": Rule(NOBODY, EDITORS),
    "review-list": page(SIGNED_IN),
    "review-detail": page(READERS),
    "review-open": Rule(NOBODY, EDITORS),
    "review-submit": Rule(NOBODY, EDITORS),
    "review-withdraw": Rule(NOBODY, EDITORS),
    "review-return": Rule(NOBODY, SIGNERS),
    "review-sign-off": Rule(NOBODY, SIGNERS),
    "review-passkey": Rule(NOBODY, SIGNERS),
    "decision-cadence": Rule(NOBODY, EDITORS),
    "review-comment": Rule(NOBODY, EDITORS),
    "record-list": page(SIGNED_IN),
    "record-detail": page(READERS),
    "record-progress": page(READERS),
    "record-json": page(READERS),
    "record-markdown": page(READERS),
    "decision-markdown": page(READERS),
    "audit-list": page(frozenset({AUDITOR, ADMINISTRATOR})),
    "search-save": Rule(NOBODY, SIGNED_IN),
    "search-forget": Rule(NOBODY, frozenset({MANAGER})),
    "record-hold": page(ADMINISTRATORS),
    "record-share": page(KEEPERS),
    "pack-share": page(KEEPERS),
    "link-revoke": Rule(NOBODY, KEEPERS),
    "shared": Rule(PUBLIC, NOBODY),
    "shared-download": Rule(PUBLIC, NOBODY),
    "pack-list": page(SIGNED_IN),
    "pack-detail": page(frozenset({MANAGER, AUDITOR, ADMINISTRATOR})),
    "pack-progress": page(frozenset({MANAGER, AUDITOR, ADMINISTRATOR})),
    "pack-download": page(frozenset({MANAGER, AUDITOR, ADMINISTRATOR})),
    "own-model-list": page(READERS),
    "own-model-add": page(EDITORS),
    "own-model-remove": page(EDITORS),
    "decision-usage": Rule(READERS, EDITORS),
    "usage-detail": Rule(READERS, EDITORS),
    "usage-progress": page(READERS),
    "usage-apply": Rule(NOBODY, EDITORS),
    "usage-delete": page(EDITORS),
    "benchmark-list": page(READERS),
    "benchmark-add": page(EDITORS),
    "benchmark-detail": page(READERS),
    "benchmark-use": Rule(NOBODY, EDITORS),
    "benchmark-remove": page(EDITORS),
    "record-verify": page(PUBLIC),
    "record-verify-one": page(PUBLIC),
    "record-schema": page(PUBLIC),
    "audit-export": page(frozenset({AUDITOR, ADMINISTRATOR})),
    "flag-acknowledge": page(EDITORS),
    "flag-review": Rule(NOBODY, EDITORS),
    "team-list": page(SIGNED_IN),
    "team-new": page(NOT_AUDITORS),
    "team-detail": page(READERS),
    "team-change": page(KEEPERS),
    "delegation-list": Rule(READERS, SIGNERS),
    "delegation-end": Rule(NOBODY, frozenset({MANAGER, APPROVER, ADMINISTRATOR})),
    "member-add": Rule(NOBODY, KEEPERS),
    "member-change": Rule(NOBODY, KEEPERS),
    "member-remove": page(KEEPERS),
    "profile": page(SIGNED_IN),
    "token-make": Rule(NOBODY, SIGNED_IN),
    "token-revoke": Rule(NOBODY, frozenset({MANAGER})),
    "notice-list": page(SIGNED_IN),
    "notice-retry": Rule(NOBODY, EDITORS | ADMINISTRATORS),
    "profile-notices": page(SIGNED_IN),
    "notice-test": Rule(NOBODY, SIGNED_IN),
    "address-add": Rule(NOBODY, SIGNED_IN),
    "team-notices": page(KEEPERS),
    "address-test": Rule(NOBODY, KEEPERS),
    "address-remove": page(KEEPERS),
    "feed-make": Rule(NOBODY, SIGNED_IN),
    "feed-revoke": Rule(NOBODY, frozenset({MANAGER})),
    "calendar-feed": Rule(PUBLIC, NOBODY),
    "review-snooze": page(EDITORS),
    "review-wake": Rule(NOBODY, EDITORS),
    "work-list": page(SIGNED_IN),
    "work-retry": Rule(NOBODY, EDITORS | ADMINISTRATORS),
    "price-list": page(SIGNED_IN),
    "price-csv": page(SIGNED_IN),
    "price-json": page(SIGNED_IN),
    "price-detail": page(READERS),
    "price-sources": page(SIGNED_IN),
    "source-pull": Rule(NOBODY, ADMINISTRATORS),
    "price-quarantine": page(SIGNED_IN),
    "quarantine-decide": Rule(NOBODY, ADMINISTRATORS),
    "price-hosts": page(SIGNED_IN),
    "price-gpus": page(SIGNED_IN),
    "family-list": page(SIGNED_IN),
    "family-change": page(ADMINISTRATORS),
    "held-release": Rule(NOBODY, ADMINISTRATORS),
    "currency-set": Rule(NOBODY, ADMINISTRATORS),
    "quote-add": page(EDITORS),
    "quote-list": page(READERS),
    "quote-end": page(EDITORS),
    "quote-evidence": page(READERS),
    "quote-template": page(SIGNED_IN),
    "quote-upload": page(EDITORS),
    "upload-detail": page(EDITORS),
    "upload-confirm": Rule(NOBODY, EDITORS),
    "upload-discard": Rule(NOBODY, EDITORS),
    "reviews-api": Rule(SIGNED_IN, NOBODY),
    "evaluate-api": Rule(NOBODY, SIGNED_IN),
    "health": page(PUBLIC),
}
# The record of this world has no PDF yet, so the address exists for nobody; test_records has one.
NOT_WALKED = {"record-download"}
# What everybody changes for themselves: a test to their own mailbox, a calendar of what they may read.
ONES_OWN = {"notice-test", "feed-make"}
# The signing-in of a library with its own tests: nothing of a team is behind it.
OF_ALLAUTH = ("account_", "mfa_")


def routes(found: list[Any] | None = None) -> Iterator[URLPattern]:
    for each in get_resolver().url_patterns if found is None else found:
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns)
        else:
            yield each


def test_every_address_has_a_rule():
    names = {each.name or str(each.pattern) for each in routes()}
    own = {name for name in names if not name.startswith(OF_ALLAUTH)}
    assert own - NOT_WALKED == set(RULES)


@pytest.fixture
def world(db) -> dict[str, Any]:
    """A team with one of everything, and the people who look at it."""
    team = make_team(f"{SECRET} team")
    people = {role: make_member(team, role) for role in (VIEWER, MANAGER, APPROVER)}
    people[AUDITOR] = make_user(is_auditor=True)
    people[ADMINISTRATOR] = make_user(is_administrator=True)
    people[OUTSIDER] = make_member(make_team("Another team"))
    leaver = make_member(team, "viewer", user=make_user(name=f"{SECRET} person"))
    decision = make_decision(team, by=people[MANAGER], name=f"{SECRET} decision")
    offer = make_offer(for_team_id=team.pk, source_name=f"{SECRET} model")
    quote = quotes.add(
        team_id=team.pk,
        offer=offer,
        amounts={"input": Decimal(1), "output": Decimal(2)},
        currency_code="EUR",
        valid_until=NOW + timedelta(days=365),
        evidence=f"{SECRET} mail",
        by="manager",
        at=NOW,
    )
    assert quote
    payload = {"team_id": team.pk}
    public = make_offer()
    waiting = CurrentPrice.objects.create(offer=public, measure="input", source="litellm")
    args = {
        "team_id": team.pk,
        "decision_id": decision.pk,
        "option_id": decision.options.get(name="Closed").pk,
        "review_id": decision.reviews.get().pk,
        "flag_id": make_flag(decision, says=f"{SECRET} flag").pk,
        "record_id": make_snapshot(decision).record_id,
        "search_id": SavedSearch.objects.create(
            person=people[MANAGER], page="records", name=f"{SECRET} search", query="text=a"
        ).pk,
        "pack_id": make_pack(team, asked_by=people[MANAGER]).pk,
        "usage_file_id": make_usage_file(decision, file_name=f"{SECRET}.csv").pk,
        "benchmark_id": make_benchmark(team, note=f"{SECRET} run").pk,
        "own_model_id": make_own_model(team, name=f"{SECRET} own model").pk,
        "job_id": make_job(title=f"{SECRET} job", state="failed", payload=payload).pk,
        "delegation_id": make_delegation(
            team, approver=people[APPROVER], delegate=people[MANAGER]
        ).pk,
        "member_id": Membership.objects.get(team=team, user=leaver).pk,
        "offer_id": offer.pk,
        "slug": "bulk-and-hard",
        "score_id": make_score(decision).pk,
        "price_id": waiting.pk,
        "form": "csv",
        "family_id": ModelFamily.objects.create(
            name="family", maker="maker", prefixes="family", weights="open"
        ).pk,
        "evidence_id": EvidenceFile.objects.create(
            team_id=team.pk,
            file_name=f"{SECRET}.pdf",
            size_bytes=1,
            sha256="0" * 64,
            added_by="manager",
            added_at=NOW,
        ).pk,
        "upload_id": QuoteUpload.objects.create(
            team_id=team.pk,
            file_name=f"{SECRET}.csv",
            sha256="0" * 64,
            rows=[[2, {"provider": SECRET}]],
            added_by="manager",
            added_at=NOW,
        ).pk,
        "number": 1,
        "name": "litellm",
        "token_id": ApiToken.objects.create(user=people[MANAGER], name="x", created_at=NOW).pk,
    }
    args |= _notices(team, people[MANAGER])
    return {"people": people, "args": args}


def _notices(team: Team, manager: User) -> dict[str, Any]:
    address, _ = addresses.add(
        service="webhook",
        name=f"{SECRET} hook",
        url="https://hooks.example.com/1",
        team=team,
        by=manager,
        at=NOW,
    )
    deliveries.ask(
        key="one", kind="test", subject=f"{SECRET} notice", team=team, address=address, at=NOW
    )
    # Whoever has the link's address may take that record: nobody has this one's.
    shared = make_snapshot(make_decision(make_team("Gone")))
    _, token = sharing.make(
        shared, for_whom="Somebody", days=14, by=make_user(is_auditor=True), at=timezone.now()
    )
    # Whoever has the calendar's address may read it: nobody has this one's.
    secret = calendars.make(team=make_team("Nobody's"), by=make_user(is_auditor=True), at=NOW)
    return {
        "address_id": address.pk,
        "delivery_id": Delivery.objects.get(key="one").pk,
        "secret": secret,
        "token": token,
        "file": "json",
        "link_id": sharing.make(
            Snapshot.objects.filter(team_id_text=str(team.pk)).get(),
            for_whom=f"{SECRET} reader",
            days=14,
            by=manager,
            at=NOW,
        )[0].pk,
        "feed_id": FeedToken.objects.create(user=manager, sha256="x", created_at=NOW).pk,
    }


def address_of(route: URLPattern, args: dict[str, Any]) -> str:
    assert route.name
    return reverse(route.name, kwargs={name: args[name] for name in route.pattern.converters})


def fingerprint() -> tuple[Any, ...]:
    """Return what a change of anything would change."""
    return (
        *(model.objects.count() for model in (AuditEvent, Comment, Team, Membership, Observation)),
        tuple(Decision.objects.order_by("pk").values_list("version", "archived_at", "chosen")),
        tuple(Review.objects.order_by("pk").values_list("state", "submitted_at", "signed_at")),
        tuple(Flag.objects.order_by("pk").values_list("acknowledged_at")),
        tuple(Job.objects.order_by("pk").values_list("state", "attempts")),
        tuple(Membership.objects.order_by("pk").values_list("role")),
        tuple(QuoteUpload.objects.order_by("pk").values_list("state")),
    )


def asked(client: Client, method: str, address: str) -> tuple[Any, bool]:
    """Return the answer, and whether it changed anything; the change is taken back."""
    before = fingerprint()
    with transaction.atomic():
        response = getattr(client, method)(address)
        if response.streaming:
            response = HttpResponse(b"".join(response), status=response.status_code)
        changed = fingerprint() != before
        transaction.set_rollback(True)
    return response, changed


def refused(response: Any, role: str) -> bool:
    """Return whether the answer is the right one for somebody who may not know of it."""
    if role == VISITOR:
        to_sign_in = response.status_code == 302 and reverse("account_login") in response.url
        return to_sign_in or response.status_code in (401, 405)
    return response.status_code in (404, 405)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_everybody_reaches_what_is_theirs_and_nothing_else(world, role, method):
    client = Client()
    if role != VISITOR:
        client.force_login(world["people"][role])
    wrong = []
    for route in routes():
        if not route.name or route.name.startswith(OF_ALLAUTH) or route.name in NOT_WALKED:
            continue
        rule: Rule = RULES[route.name]
        address = address_of(route, world["args"])
        response, changed = asked(client, method, address)
        says = f"{method.upper()} {route.name}: {response.status_code}"
        if role not in getattr(rule, method):
            if not refused(response, role):
                wrong.append(f"{says}, should not be there")
            if changed:
                wrong.append(f"{says}, changed something")
        elif response.status_code not in (200, 302, 400, 405, 409, 422, 503):
            wrong.append(f"{says}, should be there")
        elif response.status_code == 302 and reverse("account_login") in response.url:
            wrong.append(f"{says}, asks to sign in")
        if role in (VISITOR, OUTSIDER) and SECRET.encode() in response.content:
            wrong.append(f"{says}, leaks")
    assert not wrong


def test_who_may_read_only_changes_nothing_by_any_address(world):
    for role in (VIEWER, AUDITOR):
        client = Client()
        client.force_login(world["people"][role])
        for route in routes():
            if not route.name or route.name.startswith(OF_ALLAUTH):
                continue
            if route.name in NOT_WALKED | ONES_OWN:
                continue
            _, changed = asked(client, "post", address_of(route, world["args"]))
            assert not changed, f"{role}: {route.name}"


@pytest.mark.parametrize("role", [OUTSIDER, VIEWER])
def test_numbers_that_do_not_exist_look_the_same_as_those_of_others(world, role):
    client = Client()
    client.force_login(world["people"][role])
    args = {
        name: 999_999 if isinstance(value, int) else "none" for name, value in world["args"].items()
    }
    for route in routes():
        # Open to everybody, and the same page for every id: a file is asked for.
        if route.name == "record-verify-one":
            continue
        if route.name in RULES and route.pattern.converters:
            response, _ = asked(client, "get", address_of(route, args))
            assert response.status_code in (404, 405), route.name
