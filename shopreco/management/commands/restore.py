"""`manage.py restore FOLDER`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shopreco.backup import BackupError, restore, verified


class Command(BaseCommand):
    help = "Put a backup in the place of everything the shop has. Stop the shop first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="What `manage.py backup` made.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made_at = verified(options["folder"])["made_at"]
            if not options["yes"]:
                self._ask(made_at)
            restore(options["folder"])
        except BackupError as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write(f"The shop is as it was at {made_at}. Run `manage.py migrate`, then start it.")

    def _ask(self, made_at: str) -> None:
        question = f"Replace everything in the shop by what it had at {made_at}? Type yes: "
        try:
            answer = input(question)
        except EOFError:
            answer = ""
        if answer.strip() != "yes":
            raise CommandError("Nothing was changed.")
