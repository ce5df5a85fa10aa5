"""Running `import_data` in a test and reading its table."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.core.management import call_command

from catalog.models import Category, Product
from feedback.models import Event, Rating, Shopper


class Report(dict[str, int]):
    """The table's whole numbers by name; `text` is all that was printed."""

    text = ""


def run_import(*arguments: object) -> Report:
    out = io.StringIO()
    call_command("import_data", *map(str, arguments), verbosity=0, stdout=out)
    report = Report()
    report.text = out.getvalue()
    for line in report.text.splitlines():
        name, _, number = line.strip().rpartition("  ")
        if line.startswith("  ") and number.replace(",", "").isdecimal():
            report[name.strip()] = int(number.replace(",", ""))
    return report


def shop() -> tuple[object, ...]:
    """Everything an import may touch, comparable."""
    return (
        sorted(Product.objects.values_list("sku", "title", "price", "stock", "rating_count", "rating_total")),
        sorted(Category.objects.values_list("name", "parent__name", "slug"), key=str),
        sorted(Shopper.objects.values_list("external_id", "feedback_version")),
        sorted(Rating.objects.values_list("shopper__external_id", "product__sku", "value", "rated_at")),
        sorted(Event.objects.values_list("idempotency_key", "product__sku", "kind", "quantity")),
    )


def is_empty() -> bool:
    return not any(model.objects.exists() for model in (Product, Category, Shopper, Rating, Event))


def read_rejects(path: Path) -> list[tuple[str, int, str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["file", "line", "reason", "row"]
    return [(name, int(number), reason, row) for name, number, reason, row in rows]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode(encoding)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_csv(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return write(path, text.getvalue())


def write_json(path: Path, rows: Iterable[object]) -> Path:
    return write(path, "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows))
