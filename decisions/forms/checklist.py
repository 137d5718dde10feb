"""What does the team answer to the nine questions, and what stands behind each answer?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from decisions.checklist import DEMANDS, QUESTIONS, ChecklistQuestion
from decisions.forms.base import VersionedForm
from decisions.models import Answer

WORDS = {
    "yes": "Yes",
    "no": "No",
    "not_applicable": "Does not apply",
    "free": "Yes, both are open",
    "demands_self_hosting": "No, they demand self-hosting",
    "demands_api": "No, they demand an API",
}


@dataclass(frozen=True)
class Asked:
    """One question on the page: its two fields, and what the figures say."""

    question: ChecklistQuestion
    answer: forms.BoundField
    evidence: forms.BoundField
    suggested: str
    why: str


class ChecklistForm(VersionedForm):
    """All nine questions, each with an answer and its evidence. None has to be answered at once."""

    def __init__(self, *args: Any, **rest: Any) -> None:
        """Ask each question with the answers that it can have."""
        super().__init__(*args, **rest)
        for question in QUESTIONS:
            offered = DEMANDS if "free" in question.answers else question.answers
            self.fields[f"{question.id}-answer"] = forms.ChoiceField(
                label=question.text,
                required=False,
                choices=[(each, WORDS[each]) for each in offered],
                widget=forms.RadioSelect,
            )
            self.fields[f"{question.id}-evidence"] = forms.CharField(
                label="Evidence",
                required=False,
                max_length=4000,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def clean(self) -> dict[str, Any]:
        """Refuse evidence for an answer that was not given."""
        cleaned = super().clean() or self.cleaned_data
        for question in QUESTIONS:
            name = f"{question.id}-answer"
            unsaid = not cleaned.get(name) and name not in self.errors
            if unsaid and cleaned.get(f"{question.id}-evidence"):
                self.add_error(name, "Choose the answer that this evidence is for.")
        return cleaned

    def asked(self, suggestions: Mapping[str, Any]) -> list[Asked]:
        """Return the questions for the page, with the suggested answers."""
        found = []
        for question in QUESTIONS:
            suggestion = suggestions.get(question.id)
            found.append(
                Asked(
                    question=question,
                    answer=self[f"{question.id}-answer"],
                    evidence=self[f"{question.id}-evidence"],
                    suggested=WORDS.get(suggestion.answer or "", "") if suggestion else "",
                    why=suggestion.why if suggestion else "",
                )
            )
        return found

    def changed(self) -> list[dict[str, str]]:
        """Return the questions whose answer or evidence is not as stored."""
        return [
            {"question": question.id, "answer": answer, "evidence": evidence}
            for question in QUESTIONS
            for answer, evidence in [
                tuple(self.cleaned_data[f"{question.id}-{part}"] for part in ("answer", "evidence"))
            ]
            if {f"{question.id}-answer", f"{question.id}-evidence"} & set(self.changed_data)
        ]


def initial(answers: Iterable[Answer], *, version: int) -> dict[str, Any]:
    """Return what the form starts with: the stored answers."""
    values: dict[str, Any] = {"version": version}
    for answer in answers:
        values[f"{answer.question}-answer"] = answer.answer
        values[f"{answer.question}-evidence"] = answer.evidence
    return values
