"""`manage.py new_epoch`."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.changes.reading import new_epoch, stamp


class Command(BaseCommand):
    help = "Use nothing that was kept so far: after a standby was promoted that may lack the last commits."

    def handle(self, *args: Any, **options: Any) -> None:
        new_epoch(secrets.token_hex(16))
        if not stamp().epoch:
            raise CommandError("There is no shop in this database yet: run `manage.py migrate`.")
        self.stdout.write("A new count has begun. Web processes read the shop anew at their next request.")
