"""How alike a history's texts and some products' are, by the cells of a sparse table."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiling import compiled, read_only

PLACES, FLOATS = read_only("int32"), read_only("float32")
TABLE = f"{PLACES}, {PLACES}, {FLOATS}"


@compiled(f"float32[::1]({PLACES}, {FLOATS}, {TABLE}, {PLACES}, {PLACES}, {PLACES}, {FLOATS})")
def scores_of(
    known: Any, weights: Any, starts: Any, terms: Any, values: Any, numbers: Any, own_starts: Any,
    own_terms: Any, own_values: Any,
) -> Any:  # fmt: skip
    """(k,) sum over the history of weight x dot product with each of k products.

    known: (n,) rows of the table, below 0 for none; weights: (n,). starts, terms, values: the table, whose
    row r has the cells `starts[r]` to `starts[r + 1]`. The k products' cells have their terms numbered apart:
    numbers: (terms,) the number of each, below 0 for those none of them has.
    """
    count = 0
    for cell in range(len(own_terms)):
        count = max(count, own_terms[cell] + 1)
    taste = np.zeros(count)
    for row in range(len(known)):
        if known[row] >= 0:
            for cell in range(starts[known[row]], starts[known[row] + 1]):
                number = numbers[terms[cell]]
                if number >= 0:
                    taste[number] += values[cell] * weights[row]
    found = np.empty(len(own_starts) - 1, np.float32)
    for product in range(len(found)):
        total = 0.0
        for cell in range(own_starts[product], own_starts[product + 1]):
            total += own_values[cell] * taste[own_terms[cell]]
        found[product] = total
    return found


@compiled(f"float32[:, ::1]({PLACES}, {FLOATS}, {PLACES}, {TABLE}, int64)")
def text_pushes_of(
    known: Any, weights: Any, wanted: Any, starts: Any, terms: Any, values: Any, count: int
) -> Any:
    """(k, n) weight x dot product of each history row with each wanted row of the table.

    count: how many terms there are. Otherwise as `scores_of`.
    """
    found = np.zeros((len(wanted), len(known)), np.float32)
    texts = np.zeros(count, np.float32)
    for number in range(len(wanted)):
        begin, end = starts[wanted[number]], starts[wanted[number] + 1]
        for cell in range(begin, end):
            texts[terms[cell]] = values[cell]
        for row in range(len(known)):
            if known[row] >= 0:
                total = 0.0
                for cell in range(starts[known[row]], starts[known[row] + 1]):
                    total += values[cell] * texts[terms[cell]]
                found[number, row] = total * weights[row]
        for cell in range(begin, end):
            texts[terms[cell]] = 0
    return found
