"""What does a team decide between, for which workload, with which answers?"""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from decisions.models.people import Team, User


def share(field: str) -> Q:
    """Return the condition that a column is a share between 0 and 1."""
    return Q(**{f"{field}__gte": 0, f"{field}__lte": 1})


class Decision(models.Model):
    """One question: where should this workload run?"""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="decisions")
    name = models.CharField(max_length=120)
    purpose = models.TextField(blank=True)
    owner = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="decisions_owned"
    )
    currency = models.CharField(max_length=3, default="EUR")
    horizon_months = models.PositiveIntegerField(default=36)
    discount_rate_per_year = models.DecimalField(
        max_digits=6, decimal_places=4, default=Decimal("0.10")
    )
    chosen = models.ForeignKey(
        "Option", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    chosen_because = models.TextField(blank=True)
    # None: one review per calendar quarter. A number: that many months after the last sign-off.
    review_every_months = models.PositiveSmallIntegerField(null=True, blank=True)
    # Families of models that call for a look when one is new; empty: those of its own options.
    watched_families: Any = models.JSONField(default=list, blank=True)
    # A day from which a rule applies, and which rule.
    compliance_on = models.DateField(null=True, blank=True)
    compliance_because = models.CharField(max_length=200, blank=True)
    # Counts every change of what the decision knows. A page that was opened on an older number is
    # told so instead of overwriting what another person wrote.
    version = models.PositiveIntegerField(default=1)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["team__name", "name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="decision_name_once_per_team"),
            models.CheckConstraint(
                name="decision_horizon_in_range",
                condition=Q(horizon_months__gte=1, horizon_months__lte=120),
            ),
            models.CheckConstraint(
                name="decision_review_months_in_range",
                condition=Q(review_every_months__isnull=True)
                | Q(review_every_months__gte=1, review_every_months__lte=24),
            ),
            models.CheckConstraint(
                name="decision_discount_in_range",
                condition=Q(discount_rate_per_year__gte=0, discount_rate_per_year__lte=1),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Workload(models.Model):
    """What the team's users ask of the model in a month, and what they need of it."""

    decision = models.OneToOneField(Decision, on_delete=models.CASCADE, related_name="workload")
    input_tokens_per_month = models.FloatField()
    output_tokens_per_month = models.FloatField()
    cached_input_share = models.FloatField(default=0.0)
    batch_share = models.FloatField(default=0.0)
    mean_input_tokens = models.FloatField(null=True, blank=True)
    mean_output_tokens = models.FloatField(null=True, blank=True)
    peak_to_mean = models.FloatField(null=True, blank=True)
    peak_concurrent_requests = models.FloatField(null=True, blank=True)
    # Mean tokens of each hour of a week in UTC, Monday 00:00 first: 168 numbers, from real usage.
    hourly_tokens: Any = models.JSONField(null=True, blank=True)
    growth_per_month = models.FloatField(default=0.0)
    ttft_ms = models.FloatField(null=True, blank=True)
    tpot_ms = models.FloatField(null=True, blank=True)
    availability = models.FloatField(null=True, blank=True)
    # The evaluation's `requirements`: privacy, custom_model, frontier_quality, least_quality.
    requirements = models.JSONField(default=dict, blank=True)
    # Kinds of requests with shares and needs of their own: [{"name": …, "share": …, …}].
    traffic: Any = models.JSONField(default=list, blank=True)
    source = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="workload_tokens_not_negative",
                condition=Q(input_tokens_per_month__gte=0, output_tokens_per_month__gte=0),
            ),
            models.CheckConstraint(
                name="workload_shares_are_shares",
                condition=share("cached_input_share") & share("batch_share"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.input_tokens_per_month:g} in, {self.output_tokens_per_month:g} out a month"


class Option(models.Model):
    """One place where the workload could run.

    `figures` holds the fields of the evaluation contract for this kind that the team typed in.
    `offer_id` points at a price in the price book; its figures are read when the decision is
    evaluated. A figure typed in stands above the price book and is marked as typed.
    """

    class Kind(models.TextChoices):
        """The article's deployments, and mixes of them."""

        CLOSED_API = "closed_api", "Closed API"
        MANAGED_OPEN = "managed_open", "Managed open model"
        SERVERLESS_GPU = "serverless_gpu", "Serverless GPU"
        RENTED_GPU = "rented_gpu", "Rented GPUs"
        RESERVED_GPU = "reserved_gpu", "Reserved GPUs"
        OWNED_GPU = "owned_gpu", "Owned GPUs"
        HYBRID = "hybrid", "Hybrid"

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="options")
    position = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    # No foreign key: prices are kept by the price book, whatever happens to a decision.
    offer_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    figures = models.JSONField(default=dict, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "name"], name="option_name_once_per_decision"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Answer(models.Model):
    """A team's answer to one question of the checklist."""

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="answers")
    question = models.CharField(max_length=40)
    answer = models.CharField(max_length=24, blank=True)
    evidence = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["decision", "question"], name="answer_once")]

    def __str__(self) -> str:
        return f"{self.question}: {self.answer or 'open'}"


class Standing(models.Model):
    """Where a decision stands at current prices: the newest evaluation, kept for lists."""

    decision = models.OneToOneField(Decision, on_delete=models.CASCADE, related_name="standing")
    evaluated_at = models.DateTimeField()
    version = models.PositiveIntegerField()
    chosen_per_month = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    best_name = models.CharField(max_length=80, blank=True)
    best_per_month = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    regret_per_month = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    gates_missing = models.PositiveSmallIntegerField(default=0)
    mistakes = models.PositiveSmallIntegerField(default=0)
    # Why there is no figure, in words, when there is none.
    problem = models.TextField(blank=True)
    # Since when, on consecutive checks, another option has been best (the alert rule).
    best_since = models.DateTimeField(null=True, blank=True)
    best_checks = models.PositiveIntegerField(default=0)
    # The newest pull behind the last check that counted.
    pulled_at = models.DateTimeField(null=True, blank=True)
    offer_ids: Any = models.JSONField(default=list)
    # How its bills follow the stored prices (`straight`); None where they are not straight in them.
    straight: Any = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.decision}: best {self.best_name or 'unknown'}"
