"""Which reviews happen, who signed them, and what was known then?"""

from django.db import models
from django.db.models import F, Q

from decisions.models.decisions import Decision
from decisions.models.people import User


class Review(models.Model):
    """The look at one decision in one calendar quarter.

    People are kept twice: as a link, for access and lists, and as text, for the record. A link may
    go when a person leaves; the text stays.
    """

    class State(models.TextChoices):
        """The life of a review."""

        SCHEDULED = "scheduled", "Scheduled"
        OPEN = "open", "Open"
        SUBMITTED = "submitted", "Waiting for sign-off"
        RETURNED = "returned", "Returned"
        SIGNED = "signed", "Signed off"

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="reviews")
    year = models.PositiveSmallIntegerField()
    quarter = models.PositiveSmallIntegerField()
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
        ordering = ["-year", "-quarter", "decision"]
        indexes = [models.Index(fields=["state", "due_on"], name="review_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "year", "quarter"], name="review_once_per_quarter"
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
        """The quarter as people write it, such as 2026 Q4."""
        return f"{self.year} Q{self.quarter}"


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

    Only a demo's row may be deleted, and no row can become a demo's.

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
    # The canonical JSON text (sorted keys, no spaces): the truth that the PDF prints.
    record_json = models.TextField()
    sha256 = models.CharField(max_length=64)
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ["-signed_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.record_id}: {self.decision_name}, {self.period}"


class Record(models.Model):
    """The PDF of a snapshot. Rendered once and stored; triggers refuse any change."""

    snapshot = models.OneToOneField(Snapshot, on_delete=models.PROTECT, related_name="record")
    pdf = models.BinaryField()
    pdf_sha256 = models.CharField(max_length=64)
    pages = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()
    product_version = models.CharField(max_length=20)
    is_demo = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.snapshot.record_id}, {self.pages} pages"
