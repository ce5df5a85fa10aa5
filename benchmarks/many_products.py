"""The engine's part of one list against the number of products: exact, approximate, filtered, in batches.

`python -m benchmarks.many_products [--most N] [--rounds N] [--keep FOLDER]` fits made-up shops of 10^3 to
10^6 products (`--most` ends earlier; the fit of the largest takes minutes and some 6 GB; with `--keep` the
factors stay in that folder for the next run), and writes benchmarks/many_products.md and
benchmarks/many_products.svg.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

# One core, as a web process has; before numpy starts its threads.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import numpy as np

from benchmarks.growing_shop import Fitted, config_of, fitted, history
from benchmarks.plot import Growth, growth, slope
from recommendations.engine import array_file, factors
from recommendations.engine.algorithms.als import Als
from recommendations.engine.algorithms.latent import FoldInRanker
from recommendations.engine.finding import top_of, top_of_batch
from recommendations.engine.leaning import prior_of
from recommendations.engine.topk import top
from recommendations.engine.types import Allowed, History, Positions, Prior, Ranking, Vocabulary

PROJECT = Path(__file__).resolve().parent.parent
TABLE, PLOT = PROJECT / "benchmarks" / "many_products.md", PROJECT / "benchmarks" / "many_products.svg"
SIZES = (1_000, 10_000, 100_000, 300_000, 1_000_000)
LISTED, LOOKED_AT = 400, 20
"""Products a list is made of, as a shop asks for by default, and those a shopper sees of it."""
PEOPLE, BATCH, LEAN = 30, 1_000, 2.0
Ask = Callable[[History], Ranking]

INTRODUCTION = f"""\
# Many products: the engine's part of one list

`python -m benchmarks.many_products` writes this file. One process on one core; CPU milliseconds; medians of
{{rounds}} rounds in which the ways take turns (lowest to highest), each round over {PEOPLE} histories.
Measured is the way from a history to the best products with their scores: fold-in, scores, exclusions,
filter, cut. "Every score" computes the whole row and then cuts it; "exact" gives the same list, to the last
bit, without; "approximate" is how a catalogue of {factors.LARGE:,} products or more is searched.

## The shops

Made up (benchmarks/synthetic.py): power laws in popularity and activity, tastes for niches in two
hierarchies. The factors are fitted on their purchases by alternating least squares.

| products | shoppers | purchases | factors | longest vector / median |
|---|---|---|---|---|
{{shops}}

## Growth: lists of {LISTED}

| products | every score, ms | exact, ms | approximate, ms | its recall@{LOOKED_AT} |
|---|---|---|---|---|"""
BESIDE = f"""\
## Approximate beside exact

| products | asked with | list of | exact, ms | approximate, ms | ratio | recall@{LOOKED_AT} | of the list |
|---|---|---|---|---|---|---|---|"""
BESIDE_NOTE = """\
Filters and exclusions hold right in the search. Where a filter lets at most one in 50 through, all of those
are looked at, on both sides.
"""
MEMORY = f"""\
## Memory, MB

The arrays are mapped from one file and shared by all processes. Own: what a process has for itself (anonymous
memory) beyond the interpreter and its libraries, after loading, and after 50 lists of {LISTED} with reasons
and similar products.

| products | arrays, shared | of these for the approximate search | own, loaded | own, serving |
|---|---|---|---|---|"""
MAILING = f"""\
## A mailing: shoppers a second, lists of {LISTED}

Together: one matrix product for many, in blocks of bounded memory; every list is the one its shopper gets
alone. Where lists are approximate, each is searched for by itself.

| products | together | one at a time |
|---|---|---|"""


@dataclass(frozen=True)
class Spread:
    """Of several rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(float(np.median(values)), min(values), max(values))

    def told(self, digits: int = 2) -> str:
        return f"{self.median:,.{digits}f} ({self.low:,.{digits}f}-{self.high:,.{digits}f})"


@dataclass(frozen=True, eq=False)
class Case:
    """What a list is asked with."""

    name: str
    exclude: Callable[[History], Positions]
    allowed: Allowed | None = None
    prior: Callable[[History], Prior | None] = lambda _: None

    def asked_of(self, model: FoldInRanker, k: int) -> Ask:
        return lambda own: top_of(
            model, own, k, exclude=self.exclude(own), allowed=self.allowed, prior=self.prior(own)
        )


def paired(asks: Sequence[Ask], people: Sequence[History], rounds: int) -> list[list[float]]:
    """[ask][round] CPU milliseconds a list; the ways take turns, each over all the people at a time."""
    found: list[list[float]] = [[] for _ in asks]
    for number in range(rounds + 1):
        for times, ask in zip(found, asks, strict=True):
            began = time.process_time()
            for own in people:
                ask(own)
            # The first round warms the caches up.
            if number:
                times.append((time.process_time() - began) / len(people) * 1_000)
    return found


def every_score(model: FoldInRanker, case: Case, k: int) -> Ask:
    """The plain way: all scores, then the best of them."""
    return lambda own: top(model.score([own])[0], k, exclude=case.exclude(own), allowed=case.allowed)


def exactly(shop: Fitted) -> FoldInRanker:
    """The model as if its catalogue were no larger than the exact search is for."""
    return Als().of(shop.config, shop.model.products, replace(shop.model.table, leading=None))


def cases(shop: Fitted) -> Iterator[Case]:
    count, random = len(shop.model.products), np.random.default_rng(1)
    plain = exactly(shop)
    width = float(shop.popularity.std())
    shown: dict[int, Positions] = {}

    def own(history: History) -> Positions:
        return shop.model.products.positions(history.products)

    def two_hundred(history: History) -> Positions:
        """The worst there are: those that would have come first."""
        if id(history) not in shown:
            best = plain.top_of(history, 200, exclude=own(history)).positions
            shown[id(history)] = np.concatenate([own(history), best])[:200]
        return shown[id(history)]

    def leaning(history: History) -> Prior | None:
        return prior_of(shop.popularity, lean=LEAN, known=min(5, len(history)), width=width)

    yield Case("own products excluded", own)
    yield Case("200 products excluded, the best", two_hundred)
    for share in (0.5, 0.1, 0.01):
        yield Case(f"filter: {share:.0%} may be shown", own, random.random(count) < share)
    yield Case("leaning on popularity", own, prior=leaning)


def recall(found: Ranking, exact: Ranking, k: int) -> float:
    return len(np.intersect1d(found.positions[:k], exact.positions[:k])) / max(1, min(k, len(exact)))


def described(shop: Fitted) -> str:
    """Row: what the shop is like."""
    lengths, table = shop.model.table.lengths, shop.model.table
    ratio = float(lengths.max() / np.median(lengths))
    return f"| {len(lengths):,} | {shop.shoppers:,} | {shop.rows:,} | {table.size} | {ratio:.1f} |"


def growth_of(shop: Fitted, rounds: int) -> tuple[list[Spread], float | None, int]:
    """([every score, exact, approximate if large enough], recall, products)."""
    case, people = next(cases(shop)), shop.histories[:PEOPLE]
    exact = exactly(shop)
    asks = [every_score(exact, case, LISTED), case.asked_of(exact, LISTED)]
    found = None
    count = len(shop.model.products)
    if count >= factors.LARGE:
        asks.append(case.asked_of(shop.model, LISTED))
        found = float(np.mean([recall(asks[2](own), asks[1](own), LOOKED_AT) for own in people]))
    return [Spread.of(times) for times in paired(asks, people, rounds)], found, count


def large(shop: Fitted, rounds: int) -> Iterator[str]:
    """Rows: exact and approximate in every case, for as many products as are seen and as are listed."""
    exact, near = exactly(shop), shop.model
    people = shop.histories[:PEOPLE]
    for case, k in itertools.product(cases(shop), (LOOKED_AT, LISTED)):
        asks = [case.asked_of(exact, k), case.asked_of(near, k)]
        lists = [[ask(own) for own in people] for ask in asks]
        recalls = [
            np.mean([recall(one, other, seen) for one, other in zip(lists[1], lists[0], strict=True)])
            for seen in (LOOKED_AT, k)
        ]
        times = paired(asks, people, rounds)
        ratio = Spread.of([one / other for one, other in zip(times[1], times[0], strict=True)])
        one, other = (Spread.of(each).told() for each in times)
        yield (
            f"| {len(exact.products):,} | {case.name} | {k} | {one} | {other} | "
            f"{ratio.told(3)} | {recalls[0]:.4f} | {recalls[1]:.4f} |"
        )


def batch(shop: Fitted, rounds: int) -> str:
    """Row: shoppers a second, together and one at a time."""
    model, count = shop.model, len(shop.model.products)
    people = shop.histories[:BATCH]
    excluded = [model.products.positions(own.products) for own in people]

    def together() -> None:
        top_of_batch(model, people, LISTED, exclude=excluded)

    def alone() -> None:
        for own, out in zip(people, excluded, strict=True):
            top_of(model, own, LISTED, exclude=out)

    speeds: list[list[float]] = [[], []]
    for _, (times, way) in itertools.product(range(rounds), zip(speeds, (together, alone), strict=True)):
        began = time.process_time()
        way()
        times.append(len(people) / (time.process_time() - began))
    one, other = (Spread.of(each) for each in speeds)
    return f"| {count:,} | {one.told(0)} | {other.told(0)} |"


def memory(shop: Fitted) -> str:
    """Row: what the arrays take on disk, shared, and what a process that serves from them has of its own."""
    arrays, count = shop.model.arrays(), len(shop.model.products)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arrays"
        owned = [own.products.tolist() for own in shop.histories[:50]]
        array_file.write(arrays, path)
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.many_products", "--own", str(path)], cwd=PROJECT, check=True,
            capture_output=True, text=True, input=json.dumps(owned),
        ).stdout  # fmt: skip
    before, loaded, served = json.loads(told)
    megabytes = {
        name: sum(a.nbytes for key, a in arrays.items() if key.startswith(name)) / 1e6
        for name in ("", "leading")
    }
    return (
        f"| {count:,} | {megabytes['']:,.1f} | {megabytes['leading']:,.1f} | {loaded - before:,.1f} | "
        f"{served - before:,.1f} |"
    )


def own_memory(path: Path) -> None:
    """Prints the megabytes this process has for itself before loading, after, and after lists were made."""
    figures = [_anonymous()]
    with path.open("rb") as file:
        arrays = array_file.mapped(file)
    count = len(arrays["base"])
    model = Als().restore(config_of(count), Vocabulary(np.arange(1, count + 1)), arrays)
    figures.append(_anonymous())
    for products in json.load(sys.stdin):
        own = history(np.array(products, np.int64))
        model.top_of(own, LISTED, exclude=model.products.positions(own.products))
        model.explain(own, np.arange(20, dtype=np.int32))
        model.similar(np.array([0], np.int32))
    figures.append(_anonymous())
    print(json.dumps(figures))


def _anonymous() -> float:
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) / 1_000
    raise SystemExit("This kernel does not tell what memory is a process's own.")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--most", type=int, default=SIZES[-1], help="products of the largest shop")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    parser.add_argument("--own", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.own:
        own_memory(asked.own)
        return
    sizes = [size for size in SIZES if size <= asked.most]
    if len(sizes) < len(SIZES[:2]):
        parser.error(f"--most must be {SIZES[1]:,} or more: a slope needs two sizes.")
    report(sizes, asked.rounds, asked.keep)


def report(sizes: Sequence[int], rounds: int, keep: Path | None) -> None:
    ways = {"every score": {}, "exact": {}, "approximate": {}}  # type: dict[str, dict[float, float]]
    shops, growing, batches, memories, details = [], [], [], [], []
    for size in sizes:
        print(f"{size:,} products", flush=True)
        shop = fitted(size, keep=keep)
        shops.append(described(shop))
        times, found, count = growth_of(shop, rounds)
        for line, spread in zip(ways.values(), times, strict=False):
            line[count] = spread.median
        told = [*(spread.told(3) for spread in times), "", ""][:3]
        growing.append(f"| {count:,} | {' | '.join(told)} | {'' if found is None else f'{found:.4f}'} |")
        batches.append(batch(shop, rounds))
        memories.append(memory(shop))
        if size == max(sizes) and size >= factors.LARGE:
            details += list(large(shop, rounds))
    # What is searched and what is computed do not grow by the same law: the table tells of the former.
    lines = {name: points for name, points in ways.items() if name != "approximate"}
    slopes = ", ".join(f"{name} {slope(points):.2f}" for name, points in lines.items())
    TABLE.write_text("\n".join(_text(shops, growing, slopes, details, memories, batches, rounds)) + "\n")
    panel = Growth("A list of 400 on one core", "products", "CPU milliseconds", lines)
    PLOT.write_text(growth("The engine's part of one list against products", [panel]))
    print(f"Written to {TABLE.relative_to(PROJECT)} and {PLOT.relative_to(PROJECT)}.")


def _text(
    shops: list[str],
    growing: list[str],
    slopes: str,
    details: list[str],
    memories: list[str],
    batches: list[str],
    rounds: int,
) -> Iterator[str]:
    yield INTRODUCTION.format(rounds=rounds, shops="\n".join(shops))
    yield from [*growing, "", f"Slopes on logarithmic axes: {slopes}.", ""]
    yield "![milliseconds against products](many_products.svg)\n"
    if details:
        yield from [BESIDE, *details, "", BESIDE_NOTE]
    yield from [MEMORY, *memories, "", MAILING, *batches]


if __name__ == "__main__":
    main()
