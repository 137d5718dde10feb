"""How does a decision read as a Markdown architectural decision record?

In the form of MADR 4 (adr.github.io/madr): its headings, in its order. Texts of people are escaped, so
that they stay text.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from decisions.templatetags.figures import money, months, tokens

Held = Mapping[str, Any]
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!~$&])")
# A list or a rule, but only where a line begins with it.
_LEADING = re.compile(r"^(\d{0,9})([-+=.)])")


def plain(text: Any) -> str:
    """Return the text on one line, with what Markdown and HTML would read as marks escaped."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))
    return _LEADING.sub(r"\1\\\2", escaped)


def write(held: Held, *, status: str) -> str:
    """Return the Markdown of what a record holds; `status` is "accepted" or "proposed"."""
    parts = [*_front(held, status), *_context(held), *_outcome(held), *_options(held), *_more(held)]
    return "\n".join(parts) + "\n"


def _front(held: Held, status: str) -> Iterator[str]:
    review = held.get("review", {})
    makers = [review.get("prepared_by"), review.get("approved_by")]
    yield "---"
    yield f"status: {status}"
    yield f"date: {str(review.get('approved_at') or held['as_of'])[:10]}"
    if any(makers):
        yield "decision-makers:"
        yield from (f'  - "{_yaml(name)}"' for name in makers if name)
    yield "---"
    yield ""
    yield f"# {plain(held['decision']['name'])}"
    yield ""


def _yaml(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')


def _context(held: Held) -> Iterator[str]:
    workload = held["result"]["workload"]
    yield "## Context and Problem Statement"
    yield ""
    if held["decision"]["purpose"]:
        yield plain(held["decision"]["purpose"])
        yield ""
    yield (
        f"Where should {tokens(workload['tokens_per_month'])} a month of {plain(held['team']['name'])}"
        " be answered?"
    )
    yield ""
    yield "## Decision Drivers"
    yield ""
    for finding in held["result"].get("findings", ()):
        yield f"* {plain(finding['topic'])} ({plain(finding['direction'])}): {plain(finding['says'])}"
    if held.get("reading"):
        yield f"* Checklist: {plain(held['reading'])}"
    yield ""


def _outcome(held: Held) -> Iterator[str]:
    yield "## Considered Options"
    yield ""
    yield from (f"* {plain(option['name'])}" for option in _ranked(held))
    yield ""
    yield "## Decision Outcome"
    yield ""
    chosen = held["decision"]["chosen"]
    if chosen:
        because = plain(held["decision"]["chosen_because"]) or "no reason was given"
        yield f'Chosen option: "{plain(chosen)}", because {because}'
    else:
        yield "No option is chosen yet."
    yield ""
    yield "### Consequences"
    yield ""
    found = {option["name"]: option for option in held["result"]["options"]}.get(chosen)
    if found is not None:
        paid = money(found["per_month"]["total"], held["result"]["currency"])
        yield f"* Neutral, because it costs {paid} a month"
    for mistake in held["result"]["mistakes"]:
        yield f"* Bad, because {plain(mistake['says'])}"
    yield ""
    if due := held.get("review", {}).get("next_due_on"):
        yield "### Confirmation"
        yield ""
        yield f"The next review is due on {due}."
        yield ""


def _options(held: Held) -> Iterator[str]:
    currency = held["result"]["currency"]
    yield "## Pros and Cons of the Options"
    yield ""
    for option in _ranked(held):
        yield f"### {plain(option['name'])}"
        yield ""
        yield (
            f"* Neutral, because it costs {money(option['per_month']['total'], currency)} a month and"
            f" {money(option['one_off'], currency)} once"
        )
        yield from (f"* Bad, because {plain(each)}" for each in option["unfit_because"])
        if option["dominated_by"]:
            names = " and ".join(plain(name) for name in option["dominated_by"])
            yield f"* Bad, because no more money buys as much: {names}"
        yield ""


def _ranked(held: Held) -> list[Any]:
    by_name = {option["name"]: option for option in held["result"]["options"]}
    return [by_name[name] for name in held["result"]["ranking"]]


def _more(held: Held) -> Iterator[str]:
    yield "## More Information"
    yield ""
    if record := held.get("record"):
        yield f"* Record {record['id']}; verify it at <{record['verify_at']}>"
        yield f"* Breakeven {record['product_version']}, formulas {record['formula_version']}"
    for payback in held["result"]["paybacks"]:
        if payback["to"] == held["decision"]["chosen"]:
            yield f"* Moving from {plain(payback['from'])} pays back {_when(payback['months'])}"


def _when(found: float | None) -> str:
    if found is None:
        return "never"
    return f"after {months(found)}" if found else "at once: there is no set-up"
