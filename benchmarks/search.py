"""How long searching and browsing take on 4,000 and on 100,000 products: `python -m benchmarks.search`.

Each size gets a database of its own (SQLite, or an empty PostgreSQL database by DATABASE_URL with one size).
The products are the demo shop's, told apart by made-up words so that the vocabulary grows as a real one does.
CPU seconds of this process, median of the runs; on PostgreSQL the server's own time is not in them, so there
the clock counts. Writes benchmarks/search.md.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
TABLE = PROJECT / "benchmarks" / "search.md"
SIZES, RUNS, SEED = (4_000, 100_000), 9, 0
BATCH = 2_000
SYLLABLES = [
    "ba",
    "bel",
    "cor",
    "dan",
    "du",
    "fen",
    "gar",
    "hol",
    "im",
    "jor",
    "ka",
    "lin",
    "mar",
    "nor",
    "os",
    "pel",
    "quin",
    "ros",
    "sel",
    "tor",
    "ul",
    "ven",
    "wil",
    "yar",
    "zan",
]


def main() -> None:
    rows: dict[str, list[str]] = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="shopreco-search-") as folder:
            environment = os.environ | {
                "DJANGO_SETTINGS_MODULE": "shopreco.settings.dev", "SHOPRECO_VAR_DIR": folder,
            }  # fmt: skip
            command = [sys.executable, "-m", "benchmarks.search", str(size)]
            done = subprocess.run(
                command, env=environment, cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True
            )
        for name, figure in json.loads(done.stdout.splitlines()[-1]).items():
            rows.setdefault(name, []).append(figure)
    heads = [f"{size:,} products" for size in SIZES]
    lines = [
        "# Searching and browsing",
        "",
        "`python -m benchmarks.search` on SQLite: milliseconds of CPU, median of "
        f"{RUNS} runs, seed {SEED}. A page is the whole answer: facets, 24 cards and the layout.",
        "",
        f"| what | {' | '.join(heads)} |",
        f"|---|{'---:|' * len(heads)}",
        *(f"| {name} | {' | '.join(figures)} |" for name, figures in rows.items()),
    ]
    TABLE.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def measure(size: int) -> dict[str, str]:
    """What is measured -> the figure, on a fresh database of that many products."""
    import django  # noqa: PLC0415 - the settings are chosen by then

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from catalog.search.finding import find  # noqa: PLC0415
    from catalog.search.suggest import suggestions  # noqa: PLC0415

    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)
    filled = _seconds(lambda: _fill(size), runs=1)
    client = Client()
    found = {words: find(words) for words in ("teapot", "stonew", "tepot")}
    assert all(hits and hits.ids for hits in found.values())
    return {
        "filling the shop, index included (seconds)": f"{filled:.1f}",
        "search: `teapot`": _ms(lambda: find("teapot")),
        "search: the beginning `stonew`": _ms(lambda: find("stonew")),
        "search: `c`, which nearly everything has": _ms(lambda: find("c")),
        "search: the slip `tepot`": _ms(lambda: find("tepot")),
        "search: `xyzzyqk`, which nothing is near": _ms(lambda: find("xyzzyqk")),
        "suggestions for `gar`": _ms(lambda: suggestions("gar")),
        "page: everything": _ms(lambda: client.get("/products/")),
        "page: a department and two filters": _ms(
            lambda: client.get("/products/?department=garden&in_stock=1&attr.colour=Sage")
        ),
        "page: `teapot`": _ms(lambda: client.get("/products/?q=teapot")),
        "page: the slip `tepot`": _ms(lambda: client.get("/products/?q=tepot")),
        "page: page 40 of everything": _ms(lambda: client.get("/products/?page=40")),
    }


def _fill(size: int) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from catalog.demo.loading import load_demo_catalogue  # noqa: PLC0415
    from catalog.models import Product  # noqa: PLC0415

    draw = random.Random(SEED)
    load_demo_catalogue(now=timezone.now())
    models = list(Product.objects.all())
    names = ["".join(draw.choices(SYLLABLES, k=draw.randint(2, 4))).capitalize() for _ in range(size // 5)]
    made = [_variant(draw.choice(models), draw, names, number) for number in range(size - len(models))]
    Product.objects.bulk_create(made, batch_size=BATCH)


def _variant(model: Any, draw: random.Random, names: list[str], number: int) -> Any:
    from catalog.models import Product  # noqa: PLC0415

    ratings = draw.choice([0, 0, 2, 9])
    return Product(
        sku=f"X-{number:06}", title=f"{draw.choice(names)} {model.title}", slug="x", brand=model.brand,
        description=model.description, category_id=model.category_id, attributes=model.attributes,
        price=model.price, stock=draw.choice([0, 3, 50]), created_at=model.created_at,
        rating_count=ratings, rating_total=sum(draw.randint(1, 5) for _ in range(ratings)),
    )  # fmt: skip


def _seconds(work: Callable[[], object], *, runs: int = RUNS) -> float:
    clock = time.perf_counter if "DATABASE_URL" in os.environ else time.process_time
    taken = []
    for _ in range(runs):
        started = clock()
        work()
        taken.append(clock() - started)
    return median(taken)


def _ms(work: Callable[[], object]) -> str:
    work()
    return f"{1000 * _seconds(work):.1f}"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(int(sys.argv[1]))))
    else:
        main()
