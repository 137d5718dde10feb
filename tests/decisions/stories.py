"""The situations that tests of actions start from: a team, its people, a decision ready to submit."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from decisions import checklist, drafts
from decisions.models import Decision, Membership, Option, Review, Team, User

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@dataclass
class Story:
    """A team with a manager, an approver and a decision whose review can be submitted."""

    team: Team
    manager: User
    approver: User
    decision: Decision

    @property
    def review(self) -> Review:
        return Review.objects.select_related("decision__team").get(decision=self.decision)

    def option(self, name: str) -> Option:
        return self.decision.options.get(name=name)


def person(team: Team | None, email: str, role: str = "", **fields) -> User:
    user = User.objects.create_user(email, "a long password", name=email.split("@")[0], **fields)
    if team is not None:
        Membership.objects.create(team=team, user=user, role=role)
    return user


def ready(*, at: datetime = NOW, chosen: str = "Managed") -> Story:
    """Return a decision with the article's options A and B and every answer given."""
    team = Team.objects.create(name="Search", loaded_cost_per_fte_year=Decimal(120_000))
    manager = person(team, "manager@example.org", "manager")
    approver = person(team, "approver@example.org", "approver")
    decision = drafts.create(team, name="Answers", by=manager, at=at)
    by = {"by": manager, "at": at}
    drafts.set_workload(
        decision,
        fields={
            "input_tokens_per_month": 1e9,
            "output_tokens_per_month": 3e8,
            "mean_input_tokens": 1000,
            "mean_output_tokens": 300,
        },
        version=decision.version,
        **by,
    )
    for name, kind, figures in (
        ("Closed", "closed_api", {"input_per_mtok": 3, "output_per_mtok": 15}),
        ("Managed", "managed_open", {"input_per_mtok": 0.5, "output_per_mtok": 0.8}),
    ):
        drafts.add_option(
            decision, name=name, kind=kind, figures=figures, version=decision.version, **by
        )
    for question in checklist.QUESTIONS:
        answer = "free" if "free" in question.answers else "yes"
        drafts.answer(
            decision, question=question.id, answer=answer, evidence="Seen and written down.", **by
        )
    option = decision.options.get(name=chosen)
    drafts.choose(
        decision, option=option, because="It costs least.", version=decision.version, **by
    )
    return Story(team=team, manager=manager, approver=approver, decision=decision)
