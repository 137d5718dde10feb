"""Which reviews happen, who signed them, and what was known then?"""

from typing import Any

from django.db import models
from django.db.models import F, Q

from decisions.models.decisions import Decision
from decisions.models.people import User


class Review(models.Model):
    """A look at one decision. It counts for the calendar quarter in which it falls due.

    The first of a quarter comes by the calendar; another follows in the same quarter only when
    something happened after that one was signed. So at most one of a quarter is unfinished. People are kept twice: as a link, for access and lists, and as text, for the record. A link may
    go when a person leaves; the text stays.
    """

    class State(models.TextChoices):
        """The life of a review."""

        SCHEDULED = "scheduled", "Scheduled"
        OPEN = "open", "Open"
        SUBMITTED = "submitted", "Waiting for sign-off"
        RETURNED = "returned", "Returned"
        WITHDRAWN = "withdrawn", "Withdrawn"
        SIGNED = "signed", "Signed off"

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="reviews")
    year = models.PositiveSmallIntegerField()
    quarter = models.PositiveSmallIntegerField()
    # The how manieth of its quarter: 1, and more only after early ones.
    number = models.PositiveSmallIntegerField(default=1)
    # What happened that could not wait; empty for a review that comes by the calendar.
    early_because = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.SCHEDULED)
    due_on = models.DateField()
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    opened_by_name = models.CharField(max_length=254, blank=True)

    submitted_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    submitted_by_name = models.CharField(max_length=400, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_version = models.PositiveIntegerField(null=True, blank=True)
    submit_note = models.TextField(blank=True)
    # Counts submissions: an approval counts for the one that it was given to.
    submission = models.PositiveIntegerField(default=0)

    withdrawn_by_name = models.CharField(max_length=400, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdraw_reason = models.TextField(blank=True)

    returned_by_name = models.CharField(max_length=400, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    return_reason = models.TextField(blank=True)

    signed_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    signed_by_name = models.CharField(max_length=400, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    sign_note = models.TextField(blank=True)

    class Meta:
        ordering = ["-year", "-quarter", "-number", "decision"]
        indexes = [models.Index(fields=["state", "due_on"], name="review_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "year", "quarter", "number"],
                name="review_once_per_quarter_and_number",
            ),
            models.UniqueConstraint(
                fields=["decision", "year", "quarter"],
                condition=~Q(state="signed"),
                name="review_one_unfinished_per_quarter",
            ),
            models.CheckConstraint(
                name="review_withdrawn_with_reason",
                condition=~Q(state="withdrawn") | ~Q(withdraw_reason=""),
            ),
            models.CheckConstraint(
                name="review_quarter_in_year", condition=Q(quarter__gte=1, quarter__lte=4)
            ),
            models.CheckConstraint(
                name="review_signed_with_who_and_when",
                condition=(Q(state="signed") & ~Q(signed_by_name="") & Q(signed_at__isnull=False))
                | (~Q(state="signed") & Q(signed_by_name="") & Q(signed_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="review_submitted_with_who_and_when",
                condition=~Q(state__in=["submitted", "signed"])
                | (~Q(submitted_by_name="") & Q(submitted_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="review_returned_with_reason",
                condition=~Q(state="returned") | ~Q(return_reason=""),
            ),
            models.CheckConstraint(
                name="review_four_eyes",
                condition=(
                    Q(signed_by__isnull=True)
                    | Q(submitted_by__isnull=True)
                    | ~Q(signed_by=F("submitted_by"))
                )
                & (Q(signed_by_name="") | ~Q(signed_by_name=F("submitted_by_name"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision}, {self.period}"

    @property
    def period(self) -> str:
        """The quarter as people write it, such as 2026 Q4, and 2026 Q4.2 for its second review."""
        nth = f".{self.number}" if self.number > 1 else ""
        return f"{self.year} Q{self.quarter}{nth}"

    @property
    def is_stale(self) -> bool:
        """Whether the decision changed after the review was submitted."""
        return (
            self.state == self.State.SUBMITTED and self.decision.version != self.submitted_version
        )

    @property
    def says_state(self) -> str:
        """The state in words, with what is to be done when the submission is out of date."""
        return "Out of date: submit again" if self.is_stale else self.get_state_display()


class Approval(models.Model):
    """One approver's signature under one submission of a review. The last one needed freezes it.

    `seat` is the approver whose right it is; another `person` signs for them while a delegation
    holds. Each person and each seat signs a submission once, and the preparer is neither.
    """

    class How(models.TextChoices):
        """How the signer showed at this moment who they are."""

        PASSWORD = "password", "with the password"
        PASSKEY = "passkey", "with a passkey"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="approvals")
    submission = models.PositiveIntegerField()
    person = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    person_name = models.CharField(max_length=400)
    seat = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    seat_name = models.CharField(max_length=400)
    prepared_by_name = models.CharField(max_length=400)
    signed_at = models.DateTimeField()
    signed_in_how = models.CharField(max_length=10, choices=How.choices)
    note = models.TextField(blank=True)
    # SHA-256 of the question that the signer saw, and the parts ticked as read.
    seen_sha256 = models.CharField(max_length=64)
    parts_read: Any = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["signed_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "submission", "person_name"], name="approval_once_per_person"
            ),
            models.UniqueConstraint(
                fields=["review", "submission", "seat_name"], name="approval_once_per_seat"
            ),
            models.CheckConstraint(
                name="approval_four_eyes",
                condition=~Q(person_name=F("prepared_by_name"))
                & ~Q(seat_name=F("prepared_by_name")),
            ),
        ]

    def __str__(self) -> str:
        return self.names

    @property
    def names(self) -> str:
        """Who signed, and for whom when it was by delegation."""
        if self.seat_name == self.person_name:
            return self.person_name
        return f"{self.person_name}, for {self.seat_name}"


class Comment(models.Model):
    """What somebody said about a review. Kept when the review is returned and signed."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="comments")
    author_name = models.CharField(max_length=400)
    written_at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering = ["written_at", "pk"]

    def __str__(self) -> str:
        return f"{self.author_name}: {self.text[:40]}"


class Snapshot(models.Model):
    """Everything that was known at sign-off. Written once; triggers refuse any change.

    A row may be deleted when it is a demo's, and no row can become one; or after the day until
    which it has to be kept, unless a legal hold stands.

    Nothing here is a link that a deletion could take away: the texts stand alone.
    """

    review_id_text = models.CharField(max_length=40, unique=True)
    record_id = models.CharField(max_length=40, unique=True)
    team_id_text = models.CharField(max_length=40, db_index=True)
    decision_id_text = models.CharField(max_length=40, db_index=True)
    team_name = models.CharField(max_length=120)
    decision_name = models.CharField(max_length=120)
    period = models.CharField(max_length=10)
    prepared_by = models.CharField(max_length=400)
    approved_by = models.CharField(max_length=400)
    signed_at = models.DateTimeField()
    # Copied out of the record, to be searched and counted.
    due_on = models.DateField(null=True, blank=True, db_index=True)
    chosen_name = models.CharField(max_length=200, blank=True, default="")
    flag_kinds = models.CharField(max_length=200, blank=True, default="")
    # The canonical JSON text (sorted keys, no spaces): the truth that the PDF prints.
    record_json = models.TextField()
    sha256 = models.CharField(max_length=64)
    retain_until = models.DateField(null=True, blank=True, db_index=True)
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ["-signed_at", "-pk"]
        # What the filters of the list offer is read from here alone.
        indexes = [models.Index(fields=["team_id_text", "team_name", "period"])]

    def __str__(self) -> str:
        return f"{self.record_id}: {self.decision_name}, {self.period}"


class Record(models.Model):
    """The PDF of a snapshot. Rendered once and stored; triggers refuse any change."""

    snapshot = models.OneToOneField(Snapshot, on_delete=models.PROTECT, related_name="record")
    # Empty where it is kept elsewhere.
    pdf = models.BinaryField()
    kept_at = models.CharField(max_length=400, blank=True, default="")
    pdf_sha256 = models.CharField(max_length=64)
    certificate_sha256 = models.CharField(max_length=64, blank=True, default="")
    timestamped_at = models.DateTimeField(null=True, blank=True)
    pages = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()
    product_version = models.CharField(max_length=20)
    is_demo = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.snapshot.record_id}, {self.pages} pages"
