"""How alike a history's texts and some products' are, by the cells of a sparse table."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiled_shares import CAUSES, causes_of
from recommendations.engine.compiled_vectors import ask_ahead
from recommendations.engine.compiling import compiled, read_only

PLACES, FLOATS = read_only("int32"), read_only("float32")
TABLE = f"{PLACES}, {PLACES}, {FLOATS}"
# What is used as a place and cannot be below 0 is told to be so: else each look asks whether it counts from
# the end, which takes longer than the look.
Place = np.uint32
SOON = 6
"""Rows between asking for the cells of one and needing them."""


@compiled(f"uint32[:, ::1]({PLACES}, {PLACES})")
def spans_of(known: Any, starts: Any) -> Any:
    """(n, 2) where each row's cells begin and end; nowhere, for one below 0.

    Found before any cell is read: they lie far apart in memory, and are all asked for at once.
    """
    spans = np.zeros((len(known), 2), np.uint32)
    for row in range(len(known)):
        if known[row] >= 0:
            place = Place(known[row])
            spans[row, 0], spans[row, 1] = starts[place], starts[place + 1]
    return spans


@compiled(f"void(uint32[:, ::1], int64, {PLACES}, {FLOATS})")
def ask_for_cells(spans: Any, row: int, terms: Any, values: Any) -> None:
    """Have the cells of a row, if there is one, on their way from memory."""
    if row < len(spans):
        start = np.int64(spans[row, 0])
        ask_ahead(terms, start, np.int64(spans[row, 1]) - start)
        ask_ahead(values, start, np.int64(spans[row, 1]) - start)


@compiled(f"float32[::1]({PLACES}, {FLOATS}, {TABLE}, {PLACES}, int64, {PLACES}, {PLACES}, {FLOATS})")
def scores_of(
    known: Any, weights: Any, starts: Any, terms: Any, values: Any, numbers: Any, count: Any,
    own_starts: Any, own_terms: Any, own_values: Any,
) -> Any:  # fmt: skip
    """(k,) sum over the history of weight x dot product with each of k products.

    known: (n,) rows of the table, below 0 for none; weights: (n,). starts, terms, values: the table, whose
    row r has the cells `starts[r]` to `starts[r + 1]`. The k products' cells have their terms numbered apart:
    numbers: (terms,) the number of each, 1 to `count`, and 0 for those none of them has.
    """
    taste, spans = np.zeros(count + 1), spans_of(known, starts)
    for row in range(len(known)):
        ask_for_cells(spans, row + SOON, terms, values)
        for cell in range(spans[row, 0], spans[row, 1]):
            taste[Place(numbers[Place(terms[cell])])] += values[cell] * weights[row]
    found = np.empty(len(own_starts) - 1, np.float32)
    for product in range(len(found)):
        total = 0.0
        for cell in range(Place(own_starts[product]), Place(own_starts[product + 1])):
            total += own_values[cell] * taste[Place(own_terms[cell])]
        found[product] = total
    return found


@compiled(f"float32[:, ::1]({PLACES}, {FLOATS}, {PLACES}, {TABLE})")
def text_pushes_of(known: Any, weights: Any, wanted: Any, starts: Any, terms: Any, values: Any) -> Any:
    """(k, n) weight x dot product of each history row with each wanted row of the table.

    Otherwise as `scores_of`. A wanted row's terms are looked up in a table of their own, at least four times
    as large as they are many: at the place their last bits say, or at the first free one after it.
    """
    found, spans = np.zeros((len(wanted), len(known)), np.float32), spans_of(known, starts)
    for number in range(len(wanted)):
        begin, end, room = starts[wanted[number]], starts[wanted[number] + 1], 4
        while room < 4 * (end - begin):
            room *= 2
        bits, one = Place(room - 1), Place(1)
        there, texts = np.full(room, -1, np.int32), np.zeros(room, np.float32)
        for cell in range(begin, end):
            place = Place(terms[cell]) & bits
            while there[place] >= 0:
                place = (place + one) & bits
            there[place], texts[place] = terms[cell], values[cell]
        for row in range(len(known)):
            total = 0.0
            for cell in range(spans[row, 0], spans[row, 1]):
                term = terms[cell]
                place = Place(term) & bits
                while there[place] >= 0 and there[place] != term:
                    place = (place + one) & bits
                total += values[cell] * texts[place]
            found[number, row] = total * weights[row]
    return found


@compiled(f"{CAUSES}({PLACES}, {FLOATS}, {PLACES}, {TABLE})")
def most_alike_of(known: Any, weights: Any, wanted: Any, starts: Any, terms: Any, values: Any) -> Any:
    """`causes_of` the pushes of `text_pushes_of`."""
    return causes_of(text_pushes_of(known, weights, wanted, starts, terms, values))
