"""`manage.py import_data FORMAT PATH...`: a data set into the shop."""

from __future__ import annotations

import codecs
import re
from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from feedback.importers.base import Options
from feedback.importers.catalogue import Defaults
from feedback.importers.checks import LARGEST_QUANTITY
from feedback.importers.columns import TARGETS, parse_columns
from feedback.importers.files import WrongFile
from feedback.importers.formats import FORMATS
from feedback.importers.run import Outcome, import_files
from feedback.importers.table import as_table
from feedback.models import Event

INTERRUPTED = 130
_COLUMNS_HELP = (
    "for csv: which column is what, such as product=item_id,shopper=user_id,rating=stars,time=when. "
    + ("Known: " + "; ".join(f"{name} ({what})" for name, what in TARGETS.items()))
)


class Command(BaseCommand):
    help = (
        "Imports products, ratings and events. All of it or nothing; running it twice changes nothing. "
        "Formats and what becomes what: docs/importing.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("format", choices=list(FORMATS), metavar="FORMAT", help=", ".join(FORMATS))
        parser.add_argument(
            "paths", nargs="+", type=Path, metavar="PATH", help="Files, or the data set's folder."
        )
        parser.add_argument("--columns", type=_columns, default={}, help=_COLUMNS_HELP)
        parser.add_argument("--kind", choices=Event.Kind.values, default="",
                            help="for csv without a kind column: what every row is.")  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="Read, check and count; write nothing.")
        parser.add_argument("--rejects", type=Path, metavar="FILE",
                            help="Write refused rows to this csv: file, line, reason, row.")  # fmt: skip
        parser.add_argument("--limit", type=_count, help="Read at most so many rows of each file.")
        parser.add_argument("--prefix", type=_prefix, default="",
                            help="In front of shopper ids and SKUs, to keep data sets apart.")  # fmt: skip
        parser.add_argument("--encoding", type=_encoding,
                            help="Of the files: utf-8 unless the format has another.")  # fmt: skip
        parser.add_argument("--default-price", type=_price, default=Decimal("9.99"),
                            help="Of new products without one (9.99).")  # fmt: skip
        parser.add_argument("--default-stock", type=_count, default=100,
                            help="Of new products without one (100).")  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        started = monotonic()
        try:
            outcome = self._import(options)
        except WrongFile as error:
            raise CommandError(f"{error} Nothing was written.") from None
        except KeyboardInterrupt:
            raise CommandError("Interrupted. Nothing was written.", returncode=INTERRUPTED) from None
        except DatabaseError as error:
            raise CommandError(
                f"The database refused: {error}. Nothing was written. Has `manage.py migrate` been run?"
            ) from error
        self._report(outcome, options, seconds=monotonic() - started)

    def _import(self, options: dict[str, Any]) -> Outcome:
        now = timezone.now()
        paths: list[Path] = options["paths"]
        for path in paths:
            if not path.exists():
                raise WrongFile(f"{path} does not exist.")
        importer = FORMATS[options["format"]](
            paths,
            Options(
                now=now, prefix=options["prefix"], encoding=options["encoding"] or "",
                columns=options["columns"], kind=options["kind"],
            ),
        )  # fmt: skip
        rejects: Path | None = options["rejects"]
        if rejects and any(rejects.resolve() == path.resolve() for path in importer.files()):
            raise WrongFile(f"--rejects {rejects} is one of the files to be read.")
        return import_files(
            importer,
            source=options["format"],
            defaults=Defaults(price=options["default_price"], stock=options["default_stock"], now=now),
            rejects_path=rejects,
            limit=options["limit"],
            dry_run=options["dry_run"],
            show_progress=options["verbosity"] > 0,
        )

    def _report(self, outcome: Outcome, options: dict[str, Any], *, seconds: float) -> None:
        if options["dry_run"]:
            self.stdout.write("Dry run: this is what would happen. Nothing was written.")
        elif not outcome.tally.changes:
            self.stdout.write("Nothing changed: all of this is in the shop already.")
        else:
            self.stdout.write(self.style.SUCCESS(f"Imported {FORMATS[options['format']].title}."))
        self.stdout.write(as_table(outcome, seconds=seconds))
        if outcome.rejects and options["rejects"]:
            self.stdout.write(f"Rejected rows are in {options['rejects']}.")
        if outcome.tally.changes and not options["dry_run"]:
            self.stdout.write("Next: manage.py train_model, so that the recommendations learn from it.")


def _columns(text: str) -> dict[str, str]:
    try:
        return parse_columns(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= LARGEST_QUANTITY:
        raise ArgumentTypeError(f"{text!r} is not a whole number of one or more.")
    return int(text)


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text).quantize(Decimal("0.01"))
    except InvalidOperation:
        price = Decimal(-1)
    if not 0 <= price < 10**8:
        raise ArgumentTypeError(f"{text!r} is not a price.")
    return price


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{0,20}", text):
        raise ArgumentTypeError("a prefix has up to 20 letters, digits, dots, dashes and underscores.")
    return text


def _encoding(text: str) -> str:
    try:
        return codecs.lookup(text).name
    except LookupError:
        raise ArgumentTypeError(f"{text!r} is no encoding that is known.") from None
