"""The decisions application."""

from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    """Teams, their decisions, reviews and records."""

    name = "decisions"
    verbose_name = "Decisions"

    def ready(self) -> None:
        """Register the kinds of background work."""
        from decisions import (  # noqa: F401
            deliveries,
            packs,
            rechecks,
            records,
            usage_files,
        )
