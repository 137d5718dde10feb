"""What stands on the pages of a record?

Everything is worded here and in `rows`; the template only lays it out. All texts have been made
printable before; lists and sentences are cut to the room that `Room` gives, and each cut says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

import segno

from decisions.rendering import drawings, rows
from decisions.rendering.rows import Row
from decisions.rendering.text import printable_record
from decisions.rendering.wording import Money, day, moment
from decisions.standing import best_of
from decisions.verdict import verdict

SIGNED_IN = {"": "", "password": "signed in with a password", "system": "by the product itself"}


@dataclass(frozen=True, kw_only=True)
class Room:
    """How much of a long list and of a long sentence is printed."""

    rows: int
    letters: int


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The rows of a list that are printed, and how many more stand in record.json."""

    rows: list[Any]
    left_out: int

    def __bool__(self) -> bool:
        return bool(self.rows)

    def __len__(self) -> int:
        return len(self.rows) + self.left_out


def contents(
    record: Mapping[str, Any], *, room: Room, sha256: str, without: frozenset[int] = frozenset()
) -> dict[str, Any]:
    """Return the variables of the template `records/pdf.html`."""
    safe = printable_record(record, at_most=room.letters, without=without)
    money = Money(safe["question"].get("currency", ""))
    options = [
        rows.option(each, place, money)
        for place, each in enumerate(_ranked(safe["result"]), start=1)
    ]
    return {
        "record": safe["record"],
        "qr": _qr(record["record"].get("verify_at", "")),
        "population": safe.get("population"),
        "price_sources": safe.get("price_sources", []),
        "generated": moment(safe["record"]["generated_at"]),
        "sha256": sha256,
        "team": safe["team"]["name"],
        "decision": safe["decision"],
        "period": safe["period"],
        "currency": money.currency,
        "options": _cut(options, room.rows),
        "drawings": drawings.draw(safe["question"], safe["result"]),
        **_summary(safe, options, money),
        **_lists(safe, options, money, room=room),
        "checklist": [rows.answer(each) for each in safe["checklist"]],
        "signatures": _signatures(safe["review"]),
        "due": day(safe["review"].get("due_on", "")),
        "audit": safe["audit"],
    }


def _qr(address: str) -> dict[str, Any] | None:
    """Return the QR code of an address as one SVG path; None without an address."""
    if not address:
        return None
    # As large as segno can: what the setting of the site's address says.
    code = segno.make(address, error="m", micro=False)
    runs = []
    for y, row in enumerate(code.matrix):
        x = 0
        for dark, group in groupby(row):
            width = len(list(group))
            if dark:
                runs.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width
    return {"path": "".join(runs), "size": len(code.matrix), "address": address}


def _cut(found: Sequence[Any], at_most: int) -> Shown:
    return Shown(rows=list(found[:at_most]), left_out=max(0, len(found) - at_most))


def _ranked(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    places = {name: place for place, name in enumerate(result["ranking"])}
    return sorted(result["options"], key=lambda each: places.get(each["name"], len(places)))


def _summary(
    safe: Mapping[str, Any], options: Sequence[dict[str, Any]], money: Money
) -> dict[str, Any]:
    result, question = safe["result"], safe["question"]
    by_name = {each["name"]: each for each in options}
    chosen = by_name.get(question.get("chosen"))
    best = by_name.get(best_of(result))
    return {
        "chosen": chosen,
        "best": best,
        "answer": _answer(chosen, best),
        "best_because": verdict(result, horizon_months=question.get("horizon_months", 36)),
        "advice": result.get("advice") or "",
        "difference": _difference(chosen, best, money),
        "reading": safe["reading"],
        "gates": _gates(safe["checklist"]),
        "draws": (result.get("uncertainty") or {}).get("draws"),
    }


def _lists(
    safe: Mapping[str, Any], options: Sequence[dict[str, Any]], money: Money, *, room: Room
) -> dict[str, Shown]:
    result, question = safe["result"], safe["question"]
    names = [each["name"] for each in question["options"]]
    chosen = question.get("chosen")
    # The option of this record first: nobody should have to look for its sums.
    order = sorted(options, key=lambda each: each["name"] != chosen)
    lists: dict[str, Sequence[Any]] = {
        "changes": [rows.change(each, money) for each in safe["changes"]],
        "comments": [
            {"by": c["by"], "at": moment(c["at"]), "text": c["text"]}
            for c in safe["review"]["comments"]
        ],
        "workload": rows.workload(question, money),
        "inputs": [rows.inputs(each, money) for each in question["options"]],
        "assumed": rows.assumed(result.get("assumed", []), names),
        "break_evens": [rows.break_even(e) for e in drawings.in_chart_order(result, chosen)],
        "moves": rows.moves(result.get("paybacks", []), chosen, money),
        "chances": rows.chances(result.get("uncertainty") or {}),
        "mistakes": [rows.mistake(each) for each in result.get("mistakes", [])],
        "flags": list(safe["flags"]),
        "prices": [rows.price(each, money) for each in safe["prices"]],
    }
    sums = rows.sums(result.get("arithmetic", []), [each["name"] for each in order], money)
    return {
        **{name: _cut(found, room.rows) for name, found in lists.items()},
        "arithmetic": _cut(sums, room.rows // 3),
    }


def _answer(chosen: Mapping[str, Any] | None, best: Mapping[str, Any] | None) -> str:
    """Say in two sentences what was chosen and how it stands against the best option."""
    if chosen is None:
        return "No option was chosen."
    kind = "" if chosen["kind"].lower() in chosen["name"].lower() else f" ({chosen['kind']})"
    says = f"{chosen['name']}{kind} was chosen, at {chosen['month']} a month."
    if best is None:
        return says
    if best["name"] == chosen["name"]:
        return f"{says} It is the best option at the prices of this record."
    return f"{says} The best option at the prices of this record is {best['name']}, at {best['month']}."


def _difference(
    chosen: Mapping[str, Any] | None, best: Mapping[str, Any] | None, money: Money
) -> Row:
    if not chosen or not best or chosen["total"] is None or best["total"] is None:
        return Row(label="Difference", says=money(None))
    if chosen["name"] == best["name"]:
        return Row(label="Difference", says=money(0), remark="the chosen option is the best one")
    more = Decimal(str(chosen["total"])) - Decimal(str(best["total"]))
    side = "more than" if more >= 0 else "less than"
    return Row(label="Difference", says=money(abs(more)), remark=f"a month {side} {best['name']}")


def _gates(checklist: Sequence[Mapping[str, Any]]) -> str:
    gates = [each for each in checklist if each["gate"]]
    missing = [each["text"] for each in gates if each["answer"] != "yes"]
    if missing:
        return f"{len(missing)} of {len(gates)} gates are not met: {' '.join(missing)}"
    return f"All {len(gates)} gates are met."


def _signatures(review: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "meaning": meaning,
            "name": review[f"{meaning}_by"],
            "at": moment(review[f"{meaning}_at"]),
            "signed_in": SIGNED_IN.get(how := review.get(f"{meaning}_signed_in", ""), how),
            "note": review.get(f"{meaning}_note", ""),
        }
        for meaning in ("prepared", "approved")
    ]
