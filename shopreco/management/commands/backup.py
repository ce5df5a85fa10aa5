"""`manage.py backup FOLDER`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shopreco.backup import BackupError, back_up


class Command(BaseCommand):
    help = "Copy the database, the models and the uploads into a new folder, while the shop goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="A folder that does not exist yet.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = back_up(options["folder"], now=timezone.now())
        except BackupError as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write(f"{len(manifest['files'])} files are in {options['folder']}.")
