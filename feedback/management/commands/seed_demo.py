"""Fills an empty database with the demo shop: catalogue, shoppers, ratings and events."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from tqdm import tqdm

from catalog.demo.loading import ShopIsNotDemoError
from feedback.demo import example_shoppers
from feedback.demo.writing import Demo, OtherDemoError, is_seeded, seed

EMPTY_IT = "Use an empty database (DATABASE_URL, SHOPRECO_VAR_DIR), or empty this one: manage.py flush."


def at_least(smallest: int, largest: int) -> Any:
    """An option's type: a whole number in the range."""

    def number(text: str) -> int:
        if not text.isdigit() or not smallest <= int(text) <= largest:
            raise ArgumentTypeError(f"give a whole number from {smallest:,} to {largest:,}")
        return int(text)

    return number


class Command(BaseCommand):
    help = "Fills an empty database with the demo shop; the same seed at the same moment, the same rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        usual = Demo()
        parser.add_argument("--seed", type=at_least(0, 2**32), default=usual.seed)
        parser.add_argument("--shoppers", type=at_least(2, 100_000), default=usual.shoppers)
        parser.add_argument("--ratings", type=at_least(20, 5_000_000), default=usual.ratings)

    def handle(self, *args: Any, **options: Any) -> None:
        demo = Demo(seed=options["seed"], shoppers=options["shoppers"], ratings=options["ratings"])
        now, started = timezone.now(), time.monotonic()
        try:
            if is_seeded(demo):
                self.stdout.write("The demo shop is there already; nothing to do.")
                return
            with tqdm(desc="Demo shop", unit=" rows", disable=None, leave=False) as bar:
                counts = seed(demo, now=now, progress=bar.update)
        except (ShopIsNotDemoError, OtherDemoError) as error:
            raise CommandError(f"{error} {EMPTY_IT}") from error
        except DatabaseError as error:
            raise CommandError(f"The database refused: {error}. Has manage.py migrate been run?") from error
        except (OSError, ValueError, KeyError) as error:
            raise CommandError(f"The demo fixture is unusable ({error}); run make_demo_catalogue.") from error
        self.stdout.write(
            f"Demo shop: {counts.products:,} products, {counts.shoppers:,} shoppers, "
            f"{counts.ratings:,} ratings, {counts.events:,} events in {time.monotonic() - started:.1f} s. "
            f"Shopper ids to try: {' and '.join(example_shoppers())}."
        )
