"""When does a decision need another look, and who has looked?

A decision is flagged when another option has been better by more than a margin on two price checks in
a row or for 48 hours, and the gain would repay the change. A spot price alone, or a price that is out of
date, never flags. A flag is open once per decision and kind; acknowledging it keeps it quiet until what
it says is over.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F

from decisions import audit, cadence, standing
from decisions.formulas import screening
from decisions.models import Decision, Flag, Standing, User

CHECKS = 2
LASTING = timedelta(hours=48)
# A price that ends is said so this long before.
NOTICE = timedelta(days=14)


def recheck(decision: Decision, *, at: datetime) -> None:
    """Evaluate the decision at the newest prices, and open or close its flags."""
    answered = standing.answer(decision)
    with transaction.atomic():
        # Everybody locks in this order: decision, what belongs to it, audit chain.
        Decision.objects.select_for_update().get(pk=decision.pk)
        standing.store(decision, answered, at=at)
        _note_crossing(decision, crossed=has_crossed(decision, answered), at=at)
        now = Standing.objects.get(decision=decision)
        crossing = _crossing(decision, now, at=at)
        if crossing and not decision.flags.filter(kind=Flag.Kind.CROSSED, closed_at=None).exists():
            cadence.bring_forward(decision, because=crossing, at=at)
        _set(decision, Flag.Kind.CROSSED, says=crossing, at=at)
        _set(decision, Flag.Kind.PRICE_GONE, says=_gone(answered), at=at)
        _set(decision, Flag.Kind.PRICE_ENDS, says=_ending(answered, at=at), at=at)


def has_crossed(decision: Decision, answered: standing.Answered) -> bool:
    """Return whether another option is better by the margin and repays the change in time."""
    chosen = answered.option(decision.chosen.name if decision.chosen else None)
    best = answered.best
    if chosen is None or best is None or best["name"] == chosen["name"]:
        return False
    saving = standing.difference(chosen, best)
    ours = standing.total_per_month(chosen)
    if saving is None or ours is None or _cannot_be_trusted(answered, best["name"]):
        return False
    return screening.crosses(
        ours=ours,
        theirs=ours - saving,
        one_off=Decimal(str(best["one_off"] or 0)),
        months=decision.horizon_months,
    )


def _cannot_be_trusted(answered: standing.Answered, winner: str) -> bool:
    options = answered.asked.raw["options"]
    parts = {
        p["option"]
        for o in options
        if o["name"] == winner
        for p in o.get("parts", [])
        if isinstance(p["option"], str)
    }
    names = {winner, *parts}
    prices = [p for p in answered.asked.prices if p.option in names]
    spot = any(o["name"] in names and o.get("spot") for o in options)
    return spot or any(p.is_spot or p.is_stale or p.is_withdrawn for p in prices)


def _note_crossing(decision: Decision, *, crossed: bool, at: datetime) -> None:
    row = Standing.objects.filter(decision=decision)
    if not crossed:
        row.update(best_since=None, best_checks=0)
        return
    row.filter(best_since=None).update(best_since=at)
    row.update(best_checks=F("best_checks") + 1)


def _crossing(decision: Decision, now: Standing, *, at: datetime) -> str:
    """Return what the flag says, or "" when the decision has not crossed for long enough."""
    if now.best_since is None or now.regret_per_month is None:
        return ""
    if now.best_checks < CHECKS and at - now.best_since < LASTING:
        return ""
    return (
        f"{now.best_name} costs {decision.currency} {now.regret_per_month:,.0f} a month less than "
        f"the chosen {decision.chosen} since {now.best_since:%d %B %Y}."
    )


def _gone(answered: standing.Answered) -> str:
    gone = sorted({p.option for p in answered.asked.prices if p.is_withdrawn})
    if not gone:
        return ""
    return f"The provider no longer offers what {', '.join(gone)} uses; its last price is kept."


def _ending(answered: standing.Answered, *, at: datetime) -> str:
    """Return which prices end within the notice or have ended, "" when none does."""
    ends: dict[str, datetime] = {}
    for price in answered.asked.prices:
        if price.valid_until is not None and price.valid_until <= at + NOTICE:
            ends[price.option] = min(price.valid_until, ends.get(price.option, price.valid_until))
    return " ".join(
        f"The price that {option} uses {'ends' if until > at else 'ended'} on {until:%d %B %Y}."
        for option, until in sorted(ends.items())
    )


def _set(decision: Decision, kind: Flag.Kind, *, says: str, at: datetime) -> None:
    opened = Flag.objects.filter(decision=decision, kind=kind, closed_at=None)
    if not says:
        if opened.update(closed_at=at):
            _note("flag closed", decision, at=at, kind=kind)
        return
    if not opened.update(says=says):
        Flag.objects.create(decision=decision, kind=kind, says=says, opened_at=at)
        _note("flag opened", decision, at=at, kind=kind, says=says)


def _note(what: str, decision: Decision, *, at: datetime, **after: str) -> None:
    audit.write(
        what, by="system:recheck", at=at, subject=decision, team=decision.team.name, after=after
    )


def acknowledge(flag: Flag, *, reason: str, by: User, at: datetime) -> bool:
    """Note that somebody looked, and why nothing changes; False when somebody did so before."""
    with transaction.atomic():
        Decision.objects.select_for_update().get(pk=flag.decision_id)
        done = Flag.objects.filter(
            pk=flag.pk, acknowledged_at__isnull=True, closed_at__isnull=True
        ).update(acknowledged_by_name=by.get_full_name(), acknowledged_at=at, reason=reason)
        if done:
            audit.write(
                "flag acknowledged",
                by=by,
                at=at,
                subject=flag.decision,
                team=flag.decision.team.name,
                after={"kind": flag.kind, "reason": reason},
            )
    return bool(done)
