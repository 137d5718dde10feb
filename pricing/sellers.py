"""What did people decide about a seller: that it really sells less now, in which currency it writes?

Both change how answers are judged, so the source's next answer is read again even if it is the same.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count

from jobs.models import Job
from pricing import audit, currency, pull, quarantine, sources
from pricing.guards import single
from pricing.models import CurrentPrice, Observation, ProviderCurrency, SourceHealth
from pricing.quarantine import NotAllowed
from pricing.things import Quote, Thing

Status = Observation.Status


@dataclass(frozen=True, kw_only=True)
class Held:
    """A provider that lost more offers than a day explains, so that it keeps its old prices.

    `last_good` is when its prices were last confirmed, `before` and `now` count its offers. Once
    `is_released`, the source's next answer decides.
    """

    source: str
    title: str
    provider: str
    last_good: datetime
    before: int
    now: int
    is_released: bool
    reason: str
    released_by: str


def held() -> list[Held]:
    """Return the providers that are held now, by source."""
    rows = SourceHealth.objects.exclude(held_providers={}).order_by("source")
    return [
        _held(row.source, provider, facts)
        for row in rows
        for provider, facts in sorted(row.held_providers.items())
    ]


@transaction.atomic
def release(*, source: str, provider: str, by: str, reason: str, at: datetime) -> Job:
    """Let a held provider's new offers in, and ask for the pull that does so; return that pull.

    What the source no longer lists is withdrawn then. It holds for answers like the one that was
    looked at: a provider that shrinks further is held again. Raises NotAllowed.
    """
    reason = _required(reason)
    health = SourceHealth.objects.select_for_update().filter(source=source).first()
    if health is None or provider not in health.held_providers:
        raise NotAllowed(f"{provider} is not held any more.")
    facts = health.held_providers[provider]
    if "released" in facts:
        raise NotAllowed("Somebody released it already; it waits for the source's next answer.")
    facts["released"] = {"by": by, "reason": reason, "at": at.isoformat()}
    health.must_reread = True
    health.save(update_fields=["held_providers", "must_reread"])
    after = {"source": source, "provider": provider, "reason": reason}
    counts = {"before": facts["before"], "now": facts["now"]}
    audit.write("held provider released", by=by, at=at, subject=health, after=after | counts)
    return pull.ask(source, at=at, key=f"{pull.KIND}:{source}:{at.isoformat()}", by=by)


def without_currency() -> list[dict[str, Any]]:
    """Return the sources and providers whose currency nobody knows, and how many prices wait for it."""
    rows = CurrentPrice.objects.filter(pending__status=Status.QUARANTINED, pending__currency="")
    found = rows.values("source", "offer__provider").annotate(waiting=Count("pk"))
    return [
        {"source": r["source"], "provider": r["offer__provider"], "waiting": r["waiting"]}
        for r in found.order_by("source", "offer__provider")
    ]


@transaction.atomic
def set_currency(
    *, source: str, provider: str, code: str, by: str, reason: str, at: datetime
) -> ProviderCurrency:
    """Note in which currency a source writes a provider's prices, and judge those that wait for it.

    `code` is one of `currency.known_currencies()`. Raises NotAllowed.
    """
    reason = _required(reason)
    if code not in currency.known_currencies():
        raise NotAllowed(f"“{code}” has no stored exchange rate.")
    _require_seller(source, provider)
    before = ProviderCurrency.objects.filter(source=source, provider=provider).first()
    values = {"currency": code, "reason": reason[:500], "set_by": by, "set_at": at}
    stated, _ = ProviderCurrency.objects.update_or_create(
        source=source, provider=provider, defaults=values
    )
    _judge_waiting(stated)
    SourceHealth.objects.filter(source=source).update(must_reread=True)
    audit.write(
        "provider's currency set",
        by=by,
        at=at,
        subject=stated,
        before={"currency": before.currency} if before else None,
        after={"source": source, "provider": provider, "currency": code, "reason": reason},
    )
    return stated


def _judge_waiting(stated: ProviderCurrency) -> None:
    waiting = CurrentPrice.objects.filter(
        source=stated.source,
        offer__provider=stated.provider,
        pending__status=Status.QUARANTINED,
        pending__currency="",
    )
    for row in waiting.select_related("offer", "pending", "observation"):
        verdict = single.judge(_quote(row, stated.currency), before=None)
        quarantine.decide(
            row,
            verdict.status if verdict else Status.ACCEPTED,
            at=stated.set_at,
            reason=f"{verdict.guard}: {verdict.reason}" if verdict else stated.reason,
            by=stated.set_by,
            code=stated.currency,
        )


def _quote(row: CurrentPrice, code: str) -> Quote:
    seen = row.pending
    if seen is None:
        raise NotAllowed("Nothing waits here.")
    thing = Thing(**{name: getattr(row.offer, name) for name in Thing._fields})
    return Quote(
        thing=thing, measure=seen.measure, amount=seen.amount, currency=code, unit=seen.unit
    )


def _require_seller(source: str, provider: str) -> None:
    sold = CurrentPrice.objects.filter(source=source, offer__provider=provider)
    if not sold.exists():
        raise NotAllowed(f"{source} lists nothing of {provider}.")


def _required(reason: str) -> str:
    if not reason.strip():
        raise NotAllowed("Say why: the reason is kept.")
    return reason.strip()


def _held(source: str, provider: str, facts: dict[str, Any]) -> Held:
    released = facts.get("released", {})
    return Held(
        source=source,
        title=sources.get(source).title,
        provider=provider,
        last_good=datetime.fromisoformat(facts["last_good"]),
        before=facts["before"],
        now=facts["now"],
        is_released=bool(released),
        reason=released.get("reason", ""),
        released_by=released.get("by", ""),
    )
