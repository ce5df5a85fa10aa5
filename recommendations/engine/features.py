"""Products as sparse vectors of what the shop says of them."""

from __future__ import annotations

import math
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.types import Floats, ItemFeatures

WORD = re.compile(r"[^\W_]{2,}")
STEM = 5
Terms = NDArray[np.int64]
Vectors = sparse.csr_matrix[np.float32]


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The terms that were met, as sorted hashes, and how telling each is: log((1 + n) / products with it)."""

    terms: Terms
    weights: Floats


def tokens(features: ItemFeatures, number: int, *, price_step: float) -> Mapping[str, Mapping[str, float]]:
    """field -> term -> amount, of the product at a position in the features."""
    return {
        "title": _amounts(features.titles[number]),
        "description": _amounts(features.descriptions[number]),
        "category": dict.fromkeys(_prefixes(features.categories[number]), 1.0),
        "brand": {brand: 1.0} if (brand := _plain(features.brands[number]).strip()) else {},
        "price": _bands(float(features.prices[number]), price_step),
    }


def learn(features: ItemFeatures, *, price_step: float, progress: Callable[[float], None]) -> Lexicon:
    """The lexicon of a catalogue."""
    found: Counter[int] = Counter()
    count = len(features.products)
    for number in range(count):
        for field, amounts in tokens(features, number, price_step=price_step).items():
            found.update({_hash(field, term) for term in amounts})
        if number % 1000 == 0:
            progress(number / count)
    terms = np.array(sorted(found), np.int64)
    frequency = np.array([found[term] for term in terms.tolist()], np.float64)
    return Lexicon(terms, np.log((1 + count) / np.maximum(frequency, 1)).astype(np.float32))


def vectors(
    features: ItemFeatures, lexicon: Lexicon, fields: Mapping[str, float], *, price_step: float
) -> Vectors:
    """(products of the features, terms): the dot product of two rows is the mean of the fields' cosines.

    fields: weight of each in that mean. Terms that are not in the lexicon are left out.
    """
    total = sum(fields.values())
    rows: list[int] = []
    hashes: list[int] = []
    amounts: list[float] = []
    groups: list[int] = []
    names = list(fields)
    for number in range(len(features.products)):
        for field, given in tokens(features, number, price_step=price_step).items():
            rows += [number] * len(given)
            groups += [names.index(field)] * len(given)
            hashes += [_hash(field, term) for term in given]
            amounts += given.values()
    wanted = np.array(hashes, np.int64)
    place = np.minimum(np.searchsorted(lexicon.terms, wanted), max(0, len(lexicon.terms) - 1))
    known = lexicon.terms[place] == wanted if len(lexicon.terms) else np.zeros(len(wanted), bool)
    row, group, column = np.array(rows, np.int64)[known], np.array(groups, np.int64)[known], place[known]
    value = np.array(amounts, np.float64)[known] * lexicon.weights[column]
    # Each field of each product gets the length that its weight asks for.
    cell = row * len(names) + group
    lengths = np.sqrt(np.bincount(cell, value**2, minlength=1))[cell]
    share = np.array([math.sqrt(fields[name] / total) for name in names])[group]
    shape = (len(features.products), len(lexicon.terms))
    return sparse.csr_matrix(((value / lengths * share).astype(np.float32), (row, column)), shape=shape)


def _amounts(text: str) -> dict[str, float]:
    """1 + log of how often each word, and each longer word's beginning, occurs."""
    return {term: 1 + math.log(count) for term, count in Counter(_words(text)).items()}


def _words(text: str) -> Iterator[str]:
    for word in WORD.findall(_plain(text)):
        yield word
        # What most inflections of a word have in common, in most languages.
        if len(word) > STEM:
            yield f"{word[:STEM]}~"


def _plain(text: str) -> str:
    """Lower case and without accents."""
    signs = unicodedata.normalize("NFKD", text).casefold()
    return "".join(sign for sign in signs if not unicodedata.combining(sign))


def _prefixes(path: tuple[str, ...]) -> Iterator[str]:
    return ("\x1f".join(path[: depth + 1]) for depth in range(len(path)))


def _bands(price: float, step: float) -> dict[str, float]:
    """The two price bands next to a price, each the more the nearer; a band is `step` times the one below."""
    if not (math.isfinite(price) and price > 0):
        return {}
    place = math.log(price, step)
    below = math.floor(place)
    above = place - below
    return {str(band): amount for band, amount in ((below, 1 - above), (below + 1, above)) if amount > 0}


def _hash(field: str, term: str) -> int:
    """Of 32 bits: the same in every process, unlike Python's own."""
    return zlib.crc32(f"{field}:{term}".encode())
