"""Sign the published models with the present key: after an upgrade, a restored backup or a new key."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommendations import registry
from recommendations.models import ModelVersion


class Command(BaseCommand):
    help = (
        "Sign every published model whose files are whole with the present key. One that was signed with an "
        "old key (MODEL_SIGNING_KEYS_OLD, SECRET_KEY_FALLBACKS) or never is signed anew; one that was signed "
        "with an unknown key is not, unless its checksum is trusted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--trust-checksums",
            action="store_true",
            help="Also sign what an unknown key has signed. Only if nobody else could write to the database.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        refused = 0
        for version in ModelVersion.objects.order_by("pk"):
            try:
                signed = registry.sign(
                    version, trust_checksum=options["trust_checksums"] or not version.signature
                )
            except registry.ArtefactError as error:
                refused += 1
                self.stderr.write(f"{version}: {error}")
            else:
                self.stdout.write(f"{version}: {'signed' if signed else 'signed already'}")
        if refused:
            raise CommandError(f"{refused} model(s) not signed; shoppers are not served from them.")
