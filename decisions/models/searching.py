"""Which searches does a person come back to?"""

from django.db import models

from decisions.models.people import User


class SavedSearch(models.Model):
    """A named filter of one page: the words behind the question mark of its address."""

    class Page(models.TextChoices):
        """Which page it filters."""

        RECORDS = "records", "Records"
        AUDIT = "audit", "Audit trail"

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_searches")
    page = models.CharField(max_length=10, choices=Page.choices)
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=1000)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "page", "name"], name="saved_search_name_once_per_page"
            ),
        ]

    def __str__(self) -> str:
        return self.name
