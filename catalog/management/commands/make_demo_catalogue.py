"""Writes the demo catalogue's fixture anew from its words and a seed."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.demo.fixture import fixture_path, fixture_text
from catalog.demo.generator import demo_products


class Command(BaseCommand):
    help = "Writes fixtures/demo_catalogue.json from catalog/demo/departments/*.toml; same seed, same file."

    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=0, help="Another number, another range (default 0).")
        parser.add_argument("--output", type=Path, default=None, help="Another file to write.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["output"] or fixture_path()
        products = demo_products(options["seed"])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(fixture_text(products), "utf-8")
        except OSError as error:
            raise CommandError(f"Cannot write {path}: {error.strerror}. Choose another --output.") from error
        self.stdout.write(f"{path}: {len(products):,} products.")
