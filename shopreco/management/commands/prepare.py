"""What a start needs: an up-to-date database and, on the first start, the demo shop and its model."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from catalog.models import Product
from feedback.demo import example_shoppers
from feedback.identity import find_shopper
from feedback.selectors import keenest_shoppers
from recommendations.registry import live_version


class Command(BaseCommand):
    help = "Migrate; fill an empty shop with the demo; train when there is no live model. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--shoppers-to", type=Path, help="Write two shopper ids to try to this file.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            call_command("migrate", verbosity=0)
            if not Product.objects.exists():
                self.stdout.write("An empty shop: filling it with the demo.")
                call_command("seed_demo", stdout=self.stdout, stderr=self.stderr)
            if live_version() is None:
                self.stdout.write("No model yet: training the first one.")
                call_command("train_model", stdout=self.stdout, stderr=self.stderr)
            if options["shoppers_to"]:
                options["shoppers_to"].write_text(" and ".join(_shoppers_to_try()))
        except KeyboardInterrupt:
            raise CommandError("Interrupted; the next start goes on from here.", returncode=130) from None


def _shoppers_to_try() -> list[str]:
    """The demo's two, or in another shop those with the most ratings."""
    examples = [external_id for external_id in example_shoppers() if find_shopper(external_id)]
    return examples or keenest_shoppers(2)
