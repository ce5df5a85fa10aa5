"""How long from a rating to the changed list, over HTTP, in the default set-up (SQLite, embedded Redis).

`python -m benchmarks.feedback_to_list [--rounds 200]` makes a demo shop in a temporary folder, starts it as
`make run` does, and measures pairs of PUT rating and GET recommendations; every list is checked to have
changed. Writes benchmarks/feedback_to_list.md.
"""

from __future__ import annotations

import argparse
import platform
import sqlite3
import statistics
import tempfile
from contextlib import closing
from pathlib import Path

from benchmarks.shop import PROJECT, Shop, manage, running_shop

TARGET_MS = 100.0
TABLE = PROJECT / "benchmarks" / "feedback_to_list.md"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="shopreco-bench-") as folder:
        var_dir = Path(folder)
        manage(var_dir, "prepare")
        # No training in between: the figure is that of the fast clock alone.
        with running_shop(var_dir, log=var_dir / "run.log", RETRAIN_AFTER_RATINGS="1000000") as shop:
            puts, gets = measure(shop, _shoppers(var_dir), rounds)
    report = _report(puts, gets)
    TABLE.write_text(report)
    print(report)


def measure(shop: Shop, shoppers: list[str], rounds: int) -> tuple[list[float], list[float]]:
    """(seconds of each PUT, seconds of each following GET). Raises AssertionError for a list that stayed."""
    puts, gets = [], []
    for number in range(rounds):
        address = f"/api/v1/shoppers/{shoppers[number % len(shoppers)]}"
        before = shop.call("GET", f"{address}/recommendations?limit=20").body["items"]
        rated = before[number % 5]["sku"]
        put = shop.call("PUT", f"{address}/ratings/{rated}", {"value": 1 + number % 5})
        after = shop.call("GET", f"{address}/recommendations?limit=20")
        assert put.status in {200, 201}, put
        assert rated not in [item["sku"] for item in after.body["items"]], (
            "the list did not follow the rating"
        )
        puts.append(put.seconds)
        gets.append(after.seconds)
    return puts, gets


def _shoppers(var_dir: Path) -> list[str]:
    """Every seventh shopper: heavy and light ones as the shop has them."""
    with closing(sqlite3.connect(var_dir / "db.sqlite3")) as database:
        rows = database.execute(
            "SELECT external_id FROM feedback_shopper WHERE id % 7 = 0 ORDER BY id"
        ).fetchall()
    return [external_id for (external_id,) in rows]


def _report(puts: list[float], gets: list[float]) -> str:
    both = [put + get for put, get in zip(puts, gets, strict=True)]
    rows = [_row("PUT rating", puts), _row("GET changed list (20 products)", gets), _row("**both**", both)]
    verdict = "met" if statistics.median(both) * 1000 < TARGET_MS else "missed"
    return "\n".join(
        [
            "# From a rating to the changed list",
            "",
            f"{len(both)} rounds, one client, over HTTP with a connection each; the demo shop on SQLite with",
            "the embedded Redis and 2 gunicorn workers, as `make run` starts it. Each list was checked to",
            f"have changed. Python {platform.python_version()}, {platform.machine()}; by `make bench`.",
            "",
            "| | median ms | p90 ms | p99 ms |",
            "|---|---|---|---|",
            *rows,
            "",
            f"Target: median of both under {TARGET_MS:.0f} ms: {verdict}.",
            "",
        ]
    )


def _row(name: str, seconds: list[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100)
    return f"| {name} | {1000 * cuts[49]:.1f} | {1000 * cuts[89]:.1f} | {1000 * cuts[98]:.1f} |"


if __name__ == "__main__":
    main()
