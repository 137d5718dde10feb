"""Load the prices and exchange rates that come with the product."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from pricing import embedded
from pricing.management.commands.pull_prices import in_words


class Command(BaseCommand):
    help = "Load the model families, prices and exchange rates inside the product; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        for report in embedded.load(at=timezone.now()):
            self.stdout.write(in_words(report))
