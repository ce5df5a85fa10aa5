"""How long a list that is not cached takes over HTTP, against how many products there are."""

from __future__ import annotations

import json
from collections.abc import Callable

from benchmarks.asking import WARM_SECONDS, addresses, affordable
from benchmarks.load import wrk
from benchmarks.plot import Growth, growth, slope
from benchmarks.stack import PROJECT, Size, running_stack

NAME = "growth"
KEPT = PROJECT / "benchmarks" / "serving_growth.json"
DRAWN = PROJECT / "benchmarks" / "serving_growth.svg"
SIZES = tuple(Size(products, shoppers=4_000, rows=160_000, epochs=1) for products in (1_000, 10_000, 100_000))
WINDOWS = 5


def measure(say: Callable[[str], None]) -> None:
    """One client that asks for one list after the other; the median of some windows."""
    found: dict[str, dict[str, float]] = {"p50": {}, "p99": {}}
    for size in SIZES:
        say(f"measuring {NAME} at {size.products:,} products")
        with running_stack(size) as stack, stack.shop() as shop:
            loads = []
            paths = addresses(size.shoppers)
            rate = wrk(shop, paths, seconds=WARM_SECONDS, connections=1).rate
            for _ in range(WINDOWS):
                stack.forget_lists()
                loads.append(wrk(shop, paths, seconds=affordable(rate, len(paths)), connections=1))
        found["p50"][str(size.products)] = sorted(load.p50_ms for load in loads)[WINDOWS // 2]
        found["p99"][str(size.products)] = sorted(load.p99_ms for load in loads)[WINDOWS // 2]
    KEPT.write_text(json.dumps(found, indent=1) + "\n")
    DRAWN.write_text(
        growth(
            "Milliseconds of a list that is not cached, against products",
            [Growth("GET recommendations, not cached", "products", "ms", _lines())],
        )
    )


def section() -> list[str]:
    """The part of the page on growth; nothing before it was measured."""
    if not KEPT.exists():
        return []
    lines = _lines()
    sizes = list(lines["p50"])
    return [
        "## Growth",
        "",
        "One client, one list after the other, none cached: milliseconds over HTTP.",
        "",
        f"| | {' | '.join(f'{size:,.0f} products' for size in sizes)} | slope (log-log) |",
        f"|---|{'---|' * (len(sizes) + 1)}",
        *(
            f"| {name} | {' | '.join(f'{points[size]:.1f}' for size in sizes)} | {slope(points):.2f} |"
            for name, points in lines.items()
        ),
        "",
        f"![The same as a plot]({DRAWN.name})",
    ]


def _lines() -> dict[str, dict[float, float]]:
    told = json.loads(KEPT.read_text())
    return {name: {float(size): cost for size, cost in points.items()} for name, points in told.items()}
