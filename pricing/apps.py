"""The pricing application."""

from django.apps import AppConfig


class PricingConfig(AppConfig):
    """The price book."""

    name = "pricing"
    verbose_name = "Prices"

    def ready(self) -> None:
        """Register the background work of this application."""
        from pricing import pull  # noqa: F401
