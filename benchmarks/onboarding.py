"""What "rate 5 of 20" is worth: the list of shoppers the model never saw, after 0, 1, 3 and 5 ratings.

`python -m benchmarks.onboarding DATA`: DATA is a folder with movielens-100k/u.data and u.item, and
movielens-1m-part/ratings.dat.gz and movies.dat (or ratings.dat). Writes benchmarks/onboarding.md and .svg.
"""

from __future__ import annotations

import argparse
import gzip
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.onboarding_plot import COLOURS, Panel, plot
from benchmarks.shop import PROJECT
from recommendations.conf import RATING_WEIGHTS
from recommendations.engine.artefact import Bundle
from recommendations.engine.evaluation.bootstrap import Estimate, estimates, paired
from recommendations.engine.evaluation.metrics import Values, hits_of, ndcg
from recommendations.engine.fit import LEAN, ONBOARDING, fit_bundle
from recommendations.engine.leaning import leaned
from recommendations.engine.topk import top
from recommendations.engine.types import Floats, History, Interactions, ItemFeatures, Positions, Vocabulary

SEED, K, SHOWN, LIKED = 0, 10, 20, 4
GIVEN = (0, 1, 3, 5)
ALGORITHMS = ("ease", "svd")
CHOICES = ("onboarding", "most popular", "random")
PLAIN = "onboarding, no lean"
POPULARITY = "popularity"
GENRES = [
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama",
    "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
]  # fmt: skip
TABLE, PLOT = (PROJECT / "benchmarks" / f"onboarding.{kind}" for kind in ("md", "svg"))
PROTOCOL = """\
NDCG@10, full catalogue, of shoppers the model has never seen. Each shopper's ratings are cut at random
into two halves: of the first they may give those they are asked for; of the second, what they gave 4 or 5
stars is to be found. The first half is left out of every list. They are shown 20 products in the order of
the choice, and rate the first 1, 3 or 5 of them that are in their first half. Who knows fewer rates
fewer; who knows none gets the popular list. In brackets 95 % bootstrap intervals over shoppers;
differences are taken shopper by shopper.

MovieLens-100K: five folds of shoppers, each asked once, with models of the other four; nothing was chosen
on it. MovieLens-1M: the settings (spread .93, disagreement 1, how the lean falls) were chosen on another
fifth of its shoppers, and the last fifth is asked. Algorithms with their default settings; how far short
histories lean on popularity is what `fit_bundle` finds on the training shoppers. A film's department is
its first genre. Seed 0."""
NOTES = """\
- `most popular`: the 20 films with the most ratings. `random`: 20 of those with any rating.
- `no lean`: asked as by onboarding, and ranked by the algorithm's scores alone.
- A shopper of this test can only give what happens to be in a random half of what they rated: real
  shoppers know more of what is well known, and can give all five."""
Rows = NDArray[np.int64]
"""(n, 4): shopper, film, stars, time."""


@dataclass(frozen=True, eq=False)
class Films:
    """A data set: ratings, and the first genre of each film, which stands for its department."""

    name: str
    rows: Rows
    genres: dict[int, str]


@dataclass(frozen=True, eq=False)
class Newcomer:
    """A shopper the model never saw: stars they may give by film, and what they like of the other half."""

    known: dict[int, int]
    wanted: Positions
    left_out: Positions


@dataclass(frozen=True, eq=False)
class Curve:
    """NDCG@10 of each shopper after so many ratings, and how many they could give."""

    ndcg: dict[int, Values]
    given: dict[int, float]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    folder = parser.parse_args().data
    started = time.process_time()
    found = {
        (films.name, algorithm): measure(films, algorithm, folds)
        for films, folds in ((_small(folder), 5), (_large(folder), 1))
        for algorithm in ALGORITHMS
    }
    TABLE.write_text(_report(found, time.process_time() - started))
    PLOT.write_text(plot(_panels(found)))
    print(TABLE.read_text())


def measure(films: Films, algorithm: str, folds: int) -> dict[str, Curve]:
    """Choice of products to ask about -> its curve, over all held-out shoppers of the folds."""
    parts: dict[str, list[Curve]] = {}
    for train, shoppers in _folds(films, folds):
        bundle = fit_bundle(train, algorithm, seed=SEED, minimum_ratings=len(train) + 1)
        people = list(_newcomers(films, shoppers, train.products))
        for name, asked in _choices(bundle, train).items():
            lean = 0.0 if name == PLAIN else float(bundle.metadata[LEAN])
            parts.setdefault(name, []).append(_curve(bundle, people, asked, lean))
    return {name: _joined(curves) for name, curves in parts.items()}


def _folds(films: Films, folds: int) -> Iterator[tuple[Interactions, NDArray[np.int64]]]:
    """(what is learned from, shoppers asked); of one fold the last fifth of the shoppers is asked."""
    random = np.random.default_rng(1)
    shoppers = np.unique(films.rows[:, 0])
    random.shuffle(shoppers)
    fifths = np.array_split(shoppers, 5)
    for asked in fifths[-folds:]:
        yield _interactions(films, films.rows[~np.isin(films.rows[:, 0], asked)]), asked


def _choices(bundle: Bundle, train: Interactions) -> dict[str, Positions]:
    """What each way of choosing asks about, in order."""
    touched = np.bincount(train.product, minlength=len(train.products))
    random = np.random.default_rng(SEED).permutation(np.flatnonzero(touched))
    chosen = train.products.positions(np.array(bundle.metadata[ONBOARDING][:SHOWN]))
    popular = np.argsort(-touched, kind="stable")[:SHOWN]
    none = np.empty(0, np.int32)
    return {
        POPULARITY: none,
        "onboarding": chosen,
        "most popular": popular.astype(np.int32),
        "random": random[:SHOWN].astype(np.int32),
        PLAIN: chosen,
    }


def _curve(bundle: Bundle, people: Sequence[Newcomer], asked: Positions, lean: float) -> Curve:
    popular = bundle.popularity.model.score([History.empty()])[0]
    wanted = [person.wanted for person in people]
    sizes = np.array([len(each) for each in wanted])
    values: dict[int, Values] = {}
    given: dict[int, float] = {}
    for most in GIVEN:
        histories = [_answers(person, bundle.products, asked, most) for person in people]
        given[most] = float(np.mean([len(history) for history in histories]))
        rankings = [
            top(_list(bundle, history, popular, lean), K, exclude=person.left_out)
            for person, history in zip(people, histories, strict=True)
        ]
        values[most] = ndcg(hits_of(rankings, wanted, K), sizes)
    return Curve(values, given)


def _list(bundle: Bundle, history: History, popular: Floats, lean: float) -> Floats:
    """The scores that serving ranks by."""
    if not len(history):
        return popular
    scores: Floats = bundle.ranker.model.score([history])[0]
    return leaned(scores, popular, lean=lean, known=len(history))


def _answers(person: Newcomer, products: Vocabulary, asked: Positions, most: int) -> History:
    """The first `most` ratings the shopper has for what they are asked about."""
    films = [film for film in products.ids[asked].tolist() if film in person.known][:most]
    stars = [person.known[film] for film in films]
    return History(
        np.array(films, np.int64),
        np.array(stars, np.float32),
        np.array([RATING_WEIGHTS[each] for each in stars], np.float32),
        np.arange(len(films), dtype=np.int64),
    )


def _newcomers(films: Films, shoppers: NDArray[np.int64], products: Vocabulary) -> Iterator[Newcomer]:
    """Each shopper's ratings in two random halves; those who like nothing of the second ask nothing."""
    random = np.random.default_rng(SEED)
    for shopper in np.sort(shoppers):
        own = films.rows[films.rows[:, 0] == shopper]
        may_give = random.random(len(own)) < 0.5
        liked = own[~may_give & (own[:, 2] >= LIKED), 1]
        if len(liked):
            known = {int(film): int(stars) for film, stars in own[may_give, 1:3]}
            yield Newcomer(known, products.positions(liked), products.positions(own[may_give, 1]))


def _joined(curves: Sequence[Curve]) -> Curve:
    return Curve(
        {most: np.concatenate([curve.ndcg[most] for curve in curves]) for most in GIVEN},
        {most: float(np.mean([curve.given[most] for curve in curves])) for most in GIVEN},
    )


def _interactions(films: Films, rows: Rows) -> Interactions:
    everything = np.unique(films.rows[:, 1])
    return Interactions.from_columns(
        rows[:, 0],
        rows[:, 1],
        ratings=rows[:, 2].astype(np.float32),
        weights=np.array([0.0, *RATING_WEIGHTS.values()], np.float32)[rows[:, 2]],
        times=rows[:, 3],
        catalogue=everything,
        features=ItemFeatures(
            Vocabulary(everything),
            titles=[""] * len(everything),
            descriptions=[""] * len(everything),
            categories=[(films.genres.get(film, ""),) for film in everything.tolist()],
            brands=[""] * len(everything),
            prices=np.full(len(everything), np.nan, np.float32),
        ),
    )


def _small(folder: Path) -> Films:
    rows = np.loadtxt(folder / "movielens-100k" / "u.data", dtype=np.int64)
    genres = {}
    for line in (folder / "movielens-100k" / "u.item").read_text("latin-1").splitlines():
        cells = line.split("|")
        flags = zip(GENRES, cells[5:], strict=True)
        genres[int(cells[0])] = next((name for name, flag in flags if flag == "1"), "")
    return Films("MovieLens-100K", rows, genres)


def _large(folder: Path) -> Films:
    path = folder / "movielens-1m-part" / "ratings.dat.gz"
    with gzip.open(path, "rt") if path.exists() else path.with_suffix("").open() as file:
        cells = [line.strip().split("::") for line in file]
    # The last line of the part may be cut.
    rows = np.array([row for row in cells if len(row) == 4 and len(row[3]) >= 9], dtype=np.int64)
    genres = {}
    for line in (folder / "movielens-1m-part" / "movies.dat").read_text("latin-1").splitlines():
        film, _, kinds = line.split("::")
        genres[int(film)] = kinds.split("|")[0]
    return Films("MovieLens-1M, first half", rows, genres)


def _report(found: dict[tuple[str, str], dict[str, Curve]], seconds: float) -> str:
    lines = ["# What rating 5 of 20 is worth", "", PROTOCOL, f"{seconds:.0f} s of CPU.", ""]
    lines += ["![NDCG@10 after 0, 1, 3 and 5 ratings](onboarding.svg)", ""]
    for (data, algorithm), curves in found.items():
        lines += _section(data, algorithm, curves)
    return "\n".join([*lines, NOTES, ""])


def _panels(found: dict[tuple[str, str], dict[str, Curve]]) -> list[Panel]:
    """Every data set, of the first algorithm."""
    return [
        Panel(
            data,
            {name: {most: _estimate(curves[name].ndcg[most]) for most in GIVEN} for name in COLOURS},
        )
        for (data, algorithm), curves in found.items()
        if algorithm == ALGORITHMS[0]
    ]


def _section(data: str, algorithm: str, curves: dict[str, Curve]) -> list[str]:
    flat = curves[POPULARITY].ndcg[0]
    base = _estimate(flat)
    lines = [
        f"## {data}, {algorithm}",
        "",
        f"{len(flat)} shoppers; popularity, the list of everybody: {_told(base)}.",
        "",
        "| asked about | ratings given | NDCG@10 | above popularity |",
        "|---|---|---|---|",
    ]
    for name in (*CHOICES, PLAIN):
        for most in GIVEN[1:]:
            own = curves[name].ndcg[most]
            more = paired(own, flat, seed=SEED)
            verdict = "" if more.low > 0 else " (not proved)" if more.high > 0 else " (worse)"
            lines.append(
                f"| {name} | {most} asked, {curves[name].given[most]:.1f} given | {_told(_estimate(own))} "
                f"| {more.value:+.4f} ({more.low:+.4f} to {more.high:+.4f}){verdict} |"
            )
    return [*lines, ""]


def _estimate(values: Values) -> Estimate:
    return estimates({"ndcg": values}, seed=SEED)["ndcg"]


def _told(estimate: Estimate) -> str:
    return f"{estimate.value:.4f} ({estimate.low:.4f} to {estimate.high:.4f})"


if __name__ == "__main__":
    main()
