"""What should people be told, and what has been told already?"""

from django.db import models
from django.db.models import Q

from decisions.models.decisions import Decision
from decisions.models.people import User
from decisions.models.reviews import Review


class Flag(models.Model):
    """A decision that may no longer be right. Open once per decision and kind."""

    class Kind(models.TextChoices):
        """Why a decision should be looked at again."""

        CROSSED = "crossed", "Crossed a break-even"
        PRICE_GONE = "price_gone", "A price was withdrawn"
        OVERDUE = "overdue", "Review overdue"

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="flags")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    says = models.TextField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by_name = models.CharField(max_length=400, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "kind"],
                name="flag_open_once",
                condition=Q(closed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="flag_acknowledged_with_who_when_why",
                condition=(Q(acknowledged_at__isnull=True) & Q(acknowledged_by_name=""))
                | (Q(acknowledged_at__isnull=False) & ~Q(acknowledged_by_name="") & ~Q(reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.decision}"


class Reminder(models.Model):
    """One notice to one person about one step of a review."""

    class State(models.TextChoices):
        """Where a notice stands. `sending` stays when the worker died between mail and row."""

        DUE = "due"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="reminders")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="reminders")
    step = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    message_id = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "step", "person"], name="reminder_once_per_step_and_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.step} to {self.person}: {self.state}"
