"""What variety costs and brings: MMR's balance and the cap per department, beside lists by score alone.

`python -m benchmarks.lists DATA [--demo FOLDER]`; DATA is a folder with movielens-100k/u.data and u.item
(they may not be redistributed), FOLDER keeps a demo shop. The last fifth of each record is never looked at:
settings are compared on the last fifth of what is left. Writes benchmarks/lists.md.
"""

from __future__ import annotations

import argparse
import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.questions import BASE, Columns, Question, ask_as_served, demo_shop, history_of, movielens
from benchmarks.shop import PROJECT
from recommendations.engine.algorithms.catalogue import algorithm_named
from recommendations.engine.evaluation import metrics
from recommendations.engine.evaluation.bootstrap import estimates, paired
from recommendations.engine.evaluation.lists import Lists
from recommendations.engine.evaluation.metrics import Values
from recommendations.engine.evaluation.report import rank
from recommendations.engine.types import UNKNOWN, Positions, Ranking, silent
from recommendations.engine.variety import Labelled, Variety, labelled_by, labelled_products, likeness, mixed

TABLE = PROJECT / "benchmarks" / "lists.md"
K, SEED, CANDIDATES = 10, 0, BASE.candidates
ALGORITHMS = ("svd", "ease")
BALANCES = (0.05, 0.1, 0.2, 0.3, 0.5)
CAPS = (9, 8, 7, 6, 5, 3)
GENRES_FROM = 5


@dataclass(frozen=True, eq=False)
class Shelves:
    """What is known of the products of a vocabulary, by position. departments: UNKNOWN for none."""

    departments: NDArray[np.int64]
    titles: Sequence[str] = ()
    aisles: Sequence[int | None] = ()
    brands: Sequence[str] = ()
    genres: Sequence[frozenset[int]] = ()

    def labelled(self, positions: Positions) -> Labelled:
        own = positions.tolist()
        if self.genres:
            return labelled_by({"genres": (1.0, [self.genres[each] for each in own])})
        return labelled_products(
            [self.titles[each] for each in own],
            [self.aisles[each] for each in own],
            [int(self.departments[each]) for each in own],
            [self.brands[each] for each in own],
        )


def settings() -> Iterator[tuple[str, Variety]]:
    """What is tried, by name; the first is the list by score alone."""
    yield "by score alone", Variety(0, None, 0)
    places = BASE.varied_places
    for balance in BALANCES:
        yield f"balance {balance}", Variety(balance, None, places)
    for most in CAPS:
        yield f"at most {most} of a department in ten", Variety(0, most, places)
    default = Variety(BASE.diversity, BASE.department_cap or None, places)
    yield f"**both, the defaults: {default.balance} and {default.most}**", default


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="the folder of the data sets")
    parser.add_argument("--demo", type=Path, help="a folder to keep the demo shop in")
    options = parser.parse_args()
    films = movielens(options.data / "movielens-100k" / "u.data")
    with tempfile.TemporaryDirectory(prefix="shopreco-lists-") as folder:
        var_dir = (options.demo or Path(folder)).resolve()
        demo = demo_shop(var_dir)
        shelves = demo_shelves(var_dir, np.unique(demo.products))
    genres = film_shelves(options.data / "movielens-100k" / "u.item", np.unique(films.products))
    lines = [
        *_head(),
        *_section("The demo shop", demo, shelves),
        *_section("MovieLens-100K, a film's first genre for its department", films, genres),
        *_speed(),
    ]
    TABLE.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print("\n".join(lines))


def demo_shelves(var_dir: Path, products: NDArray[np.int64]) -> Shelves:
    with closing(sqlite3.connect(var_dir / "db.sqlite3")) as database:
        rows = {
            row[0]: row[1:]
            for row in database.execute(
                "SELECT p.id, p.title, p.brand, c.id, COALESCE(c.parent_id, c.id) FROM catalog_product p"
                " LEFT JOIN catalog_category c ON c.id = p.category_id"
            )
        }
    kept = [rows[product] for product in products.tolist()]
    return Shelves(
        departments=np.array([UNKNOWN if row[3] is None else row[3] for row in kept], np.int64),
        titles=[row[0] for row in kept],
        brands=[row[1] for row in kept],
        aisles=[row[2] for row in kept],
    )


def film_shelves(path: Path, products: NDArray[np.int64]) -> Shelves:
    genres: dict[int, list[int]] = {}
    for line in path.read_text(encoding="latin-1").splitlines():
        number, *fields = line.split("|")
        flags = [place for place, flag in enumerate(fields[GENRES_FROM - 1 :]) if flag == "1"]
        # The first flag says that the genre is not known.
        genres[int(number)] = [flag for flag in flags if flag]
    kept = [genres.get(product, []) for product in products.tolist()]
    return Shelves(
        departments=np.array([own[0] if own else UNKNOWN for own in kept], np.int64),
        genres=[frozenset(own) for own in kept],
    )


def _section(title: str, record: Columns, shelves: Shelves) -> list[str]:
    past, later = record.before_and_after()[0].before_and_after()
    train = history_of(past, BASE, np.unique(record.products))
    question = ask_as_served(train, past, later)
    lists = Lists(train, train.products)
    lines = [f"## {title}", "", f"{len(past):,} signals to learn from, {len(question):,} shoppers asked.", ""]
    for name in ALGORITHMS:
        algorithm = algorithm_named(name)
        model = algorithm.fit(train, algorithm.config_class(), seed=SEED, progress=silent)
        rankings, relevant = rank(model, question, CANDIDATES)
        lines += [
            f"### {name}",
            "",
            f"| | NDCG@{K}, difference | looks different@{K} | diversity@{K} | departments@{K} "
            f"| most of one | coverage@{K} |",
            "|---|---|---|---|---|---|---|",
        ]
        first: Values | None = None
        for words, variety in settings():
            shown = [vary(ranking, shelves, variety) for ranking in rankings]
            ndcg = _ndcg(shown, relevant, question)
            first = ndcg if first is None else first
            lines.append(f"| {words} | {_figure(ndcg, first)} | {_row(shown, shelves, lists, question)} |")
            print(name, lines[-1], flush=True)
        lines.append("")
    return lines


def vary(ranking: Ranking, shelves: Shelves, variety: Variety) -> Ranking:
    """The list as it is served."""
    reach = variety.reach(len(ranking))
    if variety.changes_nothing:
        return ranking
    first = ranking.positions[:reach]
    return mixed(ranking, shelves.labelled(first), shelves.departments[first], variety)


def _ndcg(shown: Sequence[Ranking], relevant: Sequence[Positions], question: Question) -> Values:
    hits = metrics.hits_of(shown, [own[own != UNKNOWN] for own in relevant], K)
    return metrics.ndcg(hits, np.array([len(own) for own in question.relevant], np.int64))


def _row(shown: Sequence[Ranking], shelves: Shelves, lists: Lists, question: Question) -> str:
    """How varied the first K places are; the mean over shoppers, coverage apart."""
    different, departments, most = [], [], []
    for ranking in shown:
        first = ranking.positions[:K]
        alike = likeness(shelves.labelled(first))
        pairs = len(first) * (len(first) - 1)
        different.append(1 - (alike.sum() - np.trace(alike)) / pairs if pairs else np.nan)
        own = shelves.departments[first]
        counts = np.unique(own[own != UNKNOWN], return_counts=True)[1]
        departments.append(len(counts))
        most.append(counts.max(initial=0))
    figures = [
        f"{np.nanmean(different):.3f}",
        f"{np.nanmean(lists.diversity(shown, K)):.3f}",
        f"{np.mean(departments):.2f}",
        f"{np.mean(most):.2f}",
        f"{metrics.coverage(shown, K, len(question.products)):.3f}",
    ]
    return " | ".join(figures)


def _figure(ndcg: Values, first: Values) -> str:
    if ndcg is first:
        own = estimates({"ndcg": ndcg}, seed=SEED)["ndcg"]
        return f"{own.value:.4f} [{own.low:.4f}, {own.high:.4f}]"
    beside = paired(ndcg, first, seed=SEED)
    return f"{beside.value:+.4f} [{beside.low:+.4f}, {beside.high:+.4f}]"


def _speed() -> list[str]:
    """Milliseconds of processor time of one list: the first fifty places, and 200 of 400 for comparison."""
    random = np.random.default_rng(SEED)
    words = [f"{letter}{other}ly" for letter in "bcdfgmnprst" for other in "aeiou"]
    titles = [" ".join(random.choice(words, 5)) for _ in range(CANDIDATES)]
    aisles = random.integers(1, 40, CANDIDATES).tolist()
    departments = random.integers(1, 8, CANDIDATES)
    brands = [str(brand) for brand in random.choice(words, CANDIDATES)]
    ranking = Ranking(
        np.arange(CANDIDATES, dtype=np.int32),
        np.sort(random.random(CANDIDATES))[::-1].astype(np.float32),
    )
    rows = []
    for places in (BASE.varied_places, BASE.list_length):
        spent = []
        for _ in range(100):
            started = time.thread_time()
            own = departments[:places].tolist()
            shown = labelled_products(titles[:places], aisles[:places], own, brands[:places])
            mixed(ranking, shown, departments[:places], Variety(0.2, 5, places))
            spent.append(1000 * (time.thread_time() - started))
        rows.append(f"| {places} of {CANDIDATES} | {statistics.median(spent):.2f} |")
    return [
        "## What it takes",
        "",
        "| places mixed | ms of processor time, median of 100 |",
        "|---|---|",
        *rows,
        "",
    ]


def _head() -> list[str]:
    return [
        "# What variety in a list costs",
        "",
        f"By `python -m benchmarks.lists DATA`, seed {SEED}, Python {platform.python_version()}.",
        f"The first {BASE.varied_places} of the {CANDIDATES} best products are put in another order: by",
        "maximal marginal relevance, with a balance between relevance and looking like something",
        f"already shown, and with a cap on one department in every ten places. NDCG@{K} of the list by",
        "score alone, and how much more or less the others reach, with 95 % intervals of the same",
        "shoppers, resampled. The last fifth of each record was not looked at: settings are compared on",
        "the last fifth of what came before.",
        "",
        "- looks different: mean of 1 - likeness over the pairs shown, by title, aisle, department and",
        "  brand, or by genres. It is what is being raised.",
        "- diversity: mean of 1 - cosine over the pairs, a product being the set of shoppers who have it.",
        "  Nothing in the re-ranking looks at it.",
        "- departments, most of one: how many are among the ten, and the places the most frequent one has.",
        "- coverage: the share of the catalogue that is shown to anybody.",
        "",
        "The defaults, a balance of 0.1 and a cap of 8, cost nothing that can be told from noise: the last",
        "row of each table. A cap of 7 and a balance of 0.3 are the first that cost something beyond doubt",
        "in one of them; 0.1 rather than 0.2 keeps away from that. Products of no department, or of the only",
        "one, are not capped at all, and a list is mixed only in its best quarter.",
        "",
    ]


if __name__ == "__main__":
    main()
