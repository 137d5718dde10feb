"""What happened, who did it, and can the list have been changed since?"""

from django.db import models


class AuditEvent(models.Model):
    """One thing that happened. Plain text only, so that deleting a person or team loses nothing.

    Each event carries the SHA-256 of the one before; triggers refuse UPDATE and DELETE.
    """

    position = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=400)
    signed_in_how = models.CharField(max_length=60, blank=True)
    ip_address = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    request_id = models.CharField(max_length=60, blank=True)
    team = models.CharField(max_length=160, blank=True)
    what = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    subject_key = models.CharField(max_length=80, db_index=True)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    previous_sha256 = models.CharField(max_length=64, unique=True)
    sha256 = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["-position"]

    def __str__(self) -> str:
        return f"{self.position} {self.what}: {self.subject}"
