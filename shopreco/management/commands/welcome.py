"""The lines printed when the site is up."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count

from feedback.models import Shopper


class Command(BaseCommand):
    help = "Print the address and two shopper ids to try."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, **options: Any) -> None:
        address: str = options["address"]
        # Those with the most ratings: their lists show best what the model has learned.
        known = Shopper.objects.filter(account=None, is_anonymous=False).annotate(rated=Count("ratings"))
        ids = list(known.order_by("-rated", "pk").values_list("external_id", flat=True)[:2])
        self.stdout.write(f"\n  ShopReco is up at {address}   (Ctrl-C stops it)")
        if ids:
            self.stdout.write(f"  Shopper ids to try: {' and '.join(ids)}")
        self.stdout.write(
            f"  API: {address}api/v1/docs   Admin: {address}admin/ (manage.py createsuperuser)\n"
        )
