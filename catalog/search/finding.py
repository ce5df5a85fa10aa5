"""From words to products: as typed, and when that gives nothing, by the shop's own words near them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from catalog.search import index
from catalog.search.spelling import halves, near
from catalog.search.words import Query, inflections, parse

# How many other readings of a search without results are tried.
MOST_READINGS = 5
# A search with fewer hits is asked about, when a near word has this many times as many.
FEW, MANY_TIMES = 3, 10

Vocabulary = dict[str, int]


@dataclass(frozen=True)
class Found:
    """ids: visible products, best first. shown: the words they were found by, when those typed found nothing.

    meant: words that would find far more. Of a search without results, missing: words that no product has in
    its name, nor any near them; helpful: the other words, or known ones near them.
    """

    words: str
    ids: list[int]
    shown: str = ""
    meant: str = ""
    missing: tuple[str, ...] = ()
    helpful: tuple[str, ...] = ()

    @property
    def is_cut(self) -> bool:
        return len(self.ids) == index.MAX_HITS


def find(words: str) -> Found | None:
    """The products for the words; None when there is not a letter or digit among them."""
    query = parse(words)
    if not query:
        return None
    ids = index.match(query)
    if len(ids) >= FEW or _is_code(query):
        return Found(query.text, ids)
    vocabulary = dict(index.vocabulary())
    for reading in islice(_readings(query, vocabulary), MOST_READINGS):
        others = index.match(reading)
        if not ids and others:
            return Found(query.text, others, shown=reading.text)
        if ids and len(others) >= MANY_TIMES * len(ids):
            return Found(query.text, ids, meant=reading.text)
    return Found(query.text, ids) if ids else _nothing(query, vocabulary)


def _nothing(query: Query, vocabulary: Vocabulary) -> Found:
    """No products; but which words stand in the way, and which alone would find something."""
    missing, helpful = [], []
    for place, term in enumerate(query.terms):
        last = place == len(query.terms) - 1
        if len(term) > 1 or _is_known(term[0], vocabulary, as_beginning=last):
            helpful.append(" ".join(term))
        elif others := near(term[0], vocabulary.items(), most=1):
            helpful += others
        else:
            missing.append(term[0])
    return Found(query.text, [], missing=tuple(missing), helpful=tuple(dict.fromkeys(helpful)))


def _is_code(query: Query) -> bool:
    """Whether this looks like an article number rather than words."""
    return all(not word.isalpha() for term in query.terms for word in term)


def _is_known(word: str, vocabulary: Vocabulary, *, as_beginning: bool = False) -> bool:
    if any(form in vocabulary for form in inflections(word)):
        return True
    return as_beginning and any(other.startswith(word) for other in vocabulary)


def _readings(query: Query, vocabulary: Vocabulary) -> Iterator[Query]:
    """The query with what the shop does not know replaced by what it does: likeliest reading first."""
    yield from _joined(query, vocabulary)
    choices: dict[int, list[str]] = {}
    for place, term in enumerate(query.terms):
        is_last = place == len(query.terms) - 1
        if len(term) == 1 and not _is_known(term[0], vocabulary, as_beginning=is_last):
            other = [*near(term[0], vocabulary.items()), *halves(term[0], vocabulary)]
            if other:
                choices[place] = other
    if not choices:
        return
    best = query
    # From the last to the first: a word that becomes two moves the places after it.
    for place in sorted(choices, reverse=True):
        best = best.with_term(place, choices[place][0])
    yield best
    for place in sorted(choices, reverse=True):
        rest = {other: words[0] for other, words in choices.items() if other != place}
        for word in choices[place][1:]:
            reading = query
            for where, chosen in sorted({**rest, place: word}.items(), reverse=True):
                reading = reading.with_term(where, chosen)
            yield reading


def _joined(query: Query, vocabulary: Vocabulary) -> Iterator[Query]:
    """Two neighbouring words written as one, where the shop writes them so."""
    words = [" ".join(term) for term in query.terms]
    for place in range(len(words) - 1):
        one = words[place] + words[place + 1]
        if _is_known(one, vocabulary):
            yield parse(" ".join([*words[:place], one, *words[place + 2 :]]))
