"""How does each row of a record's tables read?"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decisions.rendering.labels import ANSWERS, FIELDS, KINDS, NEEDS, ORIGINS, SEVERITIES, SUMS
from decisions.rendering.wording import NOTHING, Money, day, exact_price, label, plain, share, value
from decisions.templatetags import figures

KNOWN = {True: "yes", False: "no", None: "not known"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A label, what it says, and a remark beside it."""

    label: str
    says: str
    remark: str = ""


def option(found: Mapping[str, Any], place: int, money: Money) -> dict[str, Any]:
    """Return what the tables say of an option; `place` is its rank."""
    bill = found["per_month"]
    return {
        "place": place,
        "name": found["name"],
        "kind": KINDS.get(found["kind"], found["kind"]),
        "total": bill["total"],
        "month": money(bill["total"]),
        "bill": [money.bare(bill.get(part)) for part in ("tokens", "gpus", "people", "other")],
        "month_bare": money.bare(bill["total"]),
        "one_off": money.bare(found.get("one_off")),
        "year_1": money.bare(found.get("year_1")),
        "npv": money(found.get("npv_cost")),
        "npv_bare": money.bare(found.get("npv_cost")),
        "per_mtok": money.bare(found.get("per_mtok")),
        "machines": _machines(found),
        "misses": ", ".join(NEEDS.get(each, each) for each in found.get("unmet", [])),
        "dominated_by": ", ".join(found.get("dominated_by", [])),
    }


def _machines(found: Mapping[str, Any]) -> str:
    """Say what machines an option has and whether they carry the load; empty without any."""
    if found.get("gpus") is None:
        return "not known"
    if not found["gpus"]:
        return ""
    carries = {True: "carry the load", False: "do NOT carry the load", None: ""}
    busy = found.get("utilisation")
    parts = [
        f"{figures.number(found['gpus'])} GPUs",
        carries[found.get("fits")] or "capacity not known",
        f"{figures.percent(busy)} busy" if busy is not None else "",
        f"limit: {found['binding']}" if found.get("binding") else "",
    ]
    return ", ".join(part for part in parts if part)


def workload(question: Mapping[str, Any], money: Money) -> list[Row]:
    """Return the workload, the requirements and the terms, in the order of the labels."""
    asked = {**question["workload"], **(question.get("requirements") or {})}
    found = [
        Row(label=label(field), says=_profile(given) or value(field, given, money))
        for field, given in _ordered(asked)
    ]
    months = figures.months(question.get("horizon_months"))
    found.append(Row(label="horizon", says=months))
    if (rate := question.get("discount_rate_per_year")) is not None:
        found.append(Row(label="discount rate", says=f"{share(rate)} a year"))
    people = question.get("people") or {}
    return found + [Row(label=label(f), says=value(f, v, money)) for f, v in people.items()]


def _profile(given: Any) -> str:
    """Sum up an hourly profile; empty for anything else."""
    if not isinstance(given, list) or not given:
        return ""
    return f"{len(given)} hours, the highest {figures.tokens(max(given))}"


def _ordered(fields: Mapping[str, Any]) -> list[tuple[str, Any]]:
    places = {field: place for place, field in enumerate(FIELDS)}
    stated = [(field, given) for field, given in fields.items() if given is not None]
    return sorted(stated, key=lambda item: places.get(item[0], len(places)))


def inputs(given: Mapping[str, Any], money: Money) -> Row:
    """Return the figures of one option in a sentence."""
    stated = [
        f"{label(f)} {_nested(f, v) or value(f, v, money)}"
        for f, v in _ordered(given)
        if f not in ("name", "kind")
    ]
    return Row(
        label=given["name"],
        says="; ".join(stated) or "nothing beside its kind",
        remark=KINDS.get(given["kind"], given["kind"]),
    )


def _nested(field: str, given: Any) -> str:
    """Sum up what is a list or an object of its own; empty for anything else."""
    if field == "parts":
        return _parts(given)
    if field == "model_config":
        return f"with {figures.short(given.get('params_total'))} parameters"
    return ""


def _parts(parts: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(_part(part) for part in parts)


def _part(part: Mapping[str, Any]) -> str:
    of = part.get("option")
    name = of if isinstance(of, str) else (of or part).get("name", "a part of its own")
    if part.get("share") is not None:
        return f"{name} {share(part['share'])} of the tokens"
    return f"{name} {share(part.get('share_of_spend') or 0)} of the spend"


def assumed(lines: Sequence[str], names: Sequence[str]) -> list[str]:
    """Gather defaults that several options share into one line each.

    >>> assumed(["options[0].setup_cost = 0", "options[1].setup_cost = 0",
    ...          "workload.headroom = 0.5"], ["API", "GPUs"])
    ['set-up = 0 for API, GPUs', 'headroom = 0.5']
    >>> assumed(["options[1]: each GPU is a replica"], ["API", "GPUs"])
    ['GPUs: each GPU is a replica']
    """
    gathered: dict[str, list[str]] = {}
    for line in lines:
        found = re.fullmatch(r"(?:options\[(\d+)\]\.|\w+\.)?(\w+) = (.*)", line, re.DOTALL)
        if found is None:
            gathered.setdefault(_by_name(line, names), [])
            continue
        place, field, given = found.groups()
        whose = gathered.setdefault(f"{label(field)} = {given}", [])
        if place is not None and int(place) < len(names):
            whose.append(names[int(place)])
    return [f"{says} for {', '.join(whose)}" if whose else says for says, whose in gathered.items()]


def _by_name(line: str, names: Sequence[str]) -> str:
    def name(found: re.Match[str]) -> str:
        place = int(found[1])
        return names[place] if place < len(names) else found[0]

    return re.sub(r"options\[(\d{1,3})\]", name, line)


def break_even(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return where two options cost the same."""
    return {
        "number": found["number"] or NOTHING,
        "between": " and ".join(found["between"]),
        "volume": figures.tokens(found["tokens_per_month"]),
        "above": found["cheaper_above"],
        "within": KNOWN[found.get("within_capacity")],
    }


def moves(
    paybacks: Sequence[Mapping[str, Any]], chosen: str | None, money: Money
) -> list[dict[str, str]]:
    """Return what leaving the chosen option would bring; other moves answer no question here."""
    return [
        {
            "to": move["to"],
            "months": _pays_back(move.get("months")),
            "saves": money(move.get("saves_per_month")),
            "npv": money(move.get("saves_npv")),
        }
        for move in paybacks
        if move["from"] == chosen
    ]


def _pays_back(months: float | None) -> str:
    if months is None:
        return "never"
    return figures.months(months) if months else "at once"


def chances(uncertainty: Mapping[str, Any]) -> list[Row]:
    """Return how often each option is the cheapest, the most likely first."""
    known = (uncertainty.get("p_cheapest") or {}).items()
    likely = sorted(known, key=lambda item: -item[1])
    return [Row(label=name, says=figures.percent(chance)) for name, chance in likely]


def sums(
    lines: Sequence[Mapping[str, Any]], names: Sequence[str], money: Money
) -> list[dict[str, Any]]:
    """Return the arithmetic of each option, in the order of `names`.

    Break-evens and paybacks have tables of their own.
    """
    found: dict[str, list[Row]] = {name: [] for name in names}
    for line in lines:
        end = next((end for end in SUMS if line["for"].endswith(end)), None)
        name = line["for"].removesuffix(end or "")
        if end is not None and name in found:
            row = Row(label=SUMS[end], says=line["is"], remark=money.bare(line["gives"]))
            found[name].append(row)
    return [{"name": name, "rows": rows} for name, rows in found.items() if rows]


def answer(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return one question with its answer, and the figures' own where it is another one."""
    given, suggested = row.get("answer") or "", row.get("suggested") or ""
    differs = suggested and suggested != given
    return {
        **row,
        "answer_in_words": ANSWERS.get(given, given),
        "suggested_in_words": ANSWERS.get(suggested, suggested) if differs else "",
    }


def mistake(found: Mapping[str, Any]) -> Row:
    """Return one mistake that a detector found."""
    severity = found.get("severity", "")
    return Row(label=SEVERITIES.get(severity, severity), says=found["says"], remark=found["id"])


def change(found: Mapping[str, Any], money: Money) -> dict[str, str]:
    """Return one change since the last record, then and now."""
    where, _, field = found["what"].partition(": ")
    is_money = found["what"].startswith("monthly cost")
    effect = found.get("effect_per_month")

    def says(given: Any) -> str:
        return money(given) if is_money else value(field, given, money)

    return {
        "what": f"{where}: {label(field)}" if field in FIELDS else found["what"],
        "old": says(found["old"]),
        "new": says(found["new"]),
        "effect": NOTHING
        if effect is None
        else f"{'+' if effect >= 0 else ''}{money.bare(effect)}",
    }


def price(used: Mapping[str, Any], money: Money) -> dict[str, str]:
    """Return one price with its source, its date and its exchange rate."""
    is_own = used["currency"] == money.currency
    marks = [word for word in ("stale", "withdrawn") if used.get(f"is_{word}")]
    if used.get("disputed_by"):
        taken = ", the dearest is used" if used.get("is_dearest") else ""
        marks.append(f"sources disagree{taken}: {', '.join(used['disputed_by'])}")
    source = used.get("source") or ""
    origin = ORIGINS.get(used["origin"], used["origin"])
    return {
        "option": used["option"],
        "field": label(used["field"]),
        "amount": exact_price(used["amount"], used["currency"]),
        "here": NOTHING
        if is_own
        else exact_price(used.get("amount_in_decision_currency"), money.currency),
        "rate": "" if is_own else _rate(used, money),
        "source": source or origin,
        "origin": origin if source and source != origin else "",
        "seen": day(used.get("seen_at") or ""),
        "marks": ", ".join(marks),
    }


def _rate(used: Mapping[str, Any], money: Money) -> str:
    if used.get("rate") is None:
        return "rate not known"
    on = f", {day(used['rate_date'])}" if used.get("rate_date") else ""
    return f"1 {used['currency']} = {plain(used['rate'][:9], money)} {money.currency}{on}"
