"""One import from files to rows: all of it, or nothing.

Imported ratings write no `RatingChange` and no signal is sent: training after an import is asked for, not
triggered, and the shoppers of a whole data set are too many to name in one. All the same, what is cached for
a shopper is stale at once, by the shopper's `feedback_version`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from tqdm import tqdm

from feedback.importers.base import Importer
from feedback.importers.batches import Tally
from feedback.importers.catalogue import Defaults
from feedback.importers.files import WrongFile
from feedback.importers.reader import Reading
from feedback.importers.rejects import Rejects
from feedback.importers.writer import Writer


@dataclass(frozen=True)
class Outcome:
    """What was read, refused and written."""

    rows: dict[str, int]
    rejects: dict[str, int]
    tally: Tally = field(default_factory=Tally)


def import_files(
    importer: Importer,
    *,
    source: str,
    defaults: Defaults,
    rejects_path: Path | None = None,
    limit: int | None = None,
    dry_run: bool = False,
    show_progress: bool = True,
) -> Outcome:
    """Read and write everything in one transaction; a dry run takes it back. Raises WrongFile."""
    writer = Writer(source=source, defaults=defaults)
    size = sum(path.stat().st_size for path in importer.files())
    with (
        Rejects(rejects_path) as rejects,
        tqdm(total=size, unit="B", unit_scale=True, desc=source, disable=not show_progress) as bar,
    ):
        importer.prepare(Reading(advance=bar.update, limit=limit))
        reading = Reading(rejects=rejects, advance=bar.update, limit=limit)
        with transaction.atomic():
            for batch in importer.batches(reading):
                writer.write(batch)
            writer.finish()
            _check_any_use(reading, importer)
            if dry_run:
                # Written and taken back: only the database counts what is new without keeping all in memory.
                transaction.set_rollback(True)
    return Outcome(dict(reading.rows), dict(rejects.reasons), writer.tally)


def _check_any_use(reading: Reading, importer: Importer) -> None:
    """Files of which no row was any good are the wrong files."""
    rows, refused = reading.rows.total(), reading.rejects.total
    if not rows:
        raise WrongFile(f"No rows in {', '.join(map(str, importer.files()))}: nothing to import.")
    if refused == rows:
        reasons = ", ".join(f"{count} x {reason}" for reason, count in reading.rejects.reasons.most_common(3))
        raise WrongFile(f"None of the {rows} rows could be used ({reasons}). Is it {importer.title} data?")
