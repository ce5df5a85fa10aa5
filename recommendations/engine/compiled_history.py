"""What one shopper did, signal by signal, to a row for each product: `signals.combine` within a request."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiling import compiled, read_only

IDS, NUMBERS = read_only("int64"), read_only("float64")
TEXT, FLAGS = read_only("uint8"), read_only("boolean")
DAY = 86_400.0
SECOND = 1_000_000
COMMA, MINUS, ZERO = 44, 45, 48


@compiled(f"void(int64[::1], int64, {IDS}, {IDS})")
def put_in_order(places: Any, count: int, first: Any, second: Any) -> None:
    """The first `count` of the places by `first`, then by `second`. Shell, CACM 2(7), 1959."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for end in range(gap, count):
            own, place = places[end], end
            while place >= gap:
                other = places[place - gap]
                if first[other] < first[own] or (first[other] == first[own] and second[other] <= second[own]):
                    break
                places[place] = other
                place -= gap
            places[place] = own
        gap //= 3


@compiled(f"int64({IDS}, int64[::1])")
def grouped(ids: Any, group: Any) -> int:
    """How many different ids there are; writes down (n,) which of them each is, numbered as they come."""
    size = 16
    while size < 2 * len(ids):
        size *= 2
    slots = np.full(size, -1, np.int64)
    firsts = np.empty(len(ids), np.int64)
    count = 0
    for row in range(len(ids)):
        slot = (ids[row] ^ (ids[row] >> 32)) * 40503 & (size - 1)
        while slots[slot] >= 0 and ids[firsts[slots[slot]]] != ids[row]:
            slot = (slot + 1) & (size - 1)
        if slots[slot] < 0:
            slots[slot] = count
            firsts[count] = row
            count += 1
        group[row] = slots[slot]
    return count


@compiled(
    f"int64[::1]({IDS}, int64, {IDS}, {IDS}, {IDS}, {IDS}, {NUMBERS}, int64, int64, int64, boolean, float64)"
)
def settled_of(
    group: Any, count: int, ids: Any, kinds: Any, stars: Any, moments: Any, given: Any,
    dismissal: int, purchase: int, rating: int, comes_again: bool, lately: float,
) -> Any:  # fmt: skip
    """The ids of the products that were dealt with, sorted: dismissed, rated or bought; where things are
    bought again, dismissed, rated low, bought lately, or rated and never bought."""
    dismissed, rated, low = np.zeros(count, np.bool_), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    bought, soon = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for row in range(len(group)):
        own, kind = group[row], kinds[row]
        if kind == dismissal:
            dismissed[own] = True
        elif kind == purchase:
            bought[own] = True
            soon[own] |= moments[row] > lately
        elif kind == rating:
            rated[own] = True
            low[own] = not (0 <= stars[row] < len(given) and given[stars[row]] > 0)
    places, found = np.empty(count, np.int64), 0
    for own in range(count):
        if comes_again:
            is_settled = dismissed[own] or low[own] or soon[own] or (rated[own] and not bought[own])
        else:
            is_settled = dismissed[own] or rated[own] or bought[own]
        if is_settled:
            places[found] = own
            found += 1
    put_in_order(places, found, ids, ids)
    return ids[places[:found]]


@compiled(
    "Tuple((int64[::1], float32[::1], float32[::1], int64[::1], int8[::1], int64[::1]))"
    f"({IDS}, {IDS}, {IDS}, {IDS}, {NUMBERS}, {NUMBERS}, {NUMBERS}, int64, int64, int64, boolean, float64)"
)
def history_made_of(
    products: Any, kinds: Any, stars: Any, moments: Any, worth: Any, given: Any, half_lives: Any,
    dismissal: int, purchase: int, rating: int, comes_again: bool, lately: float,
) -> Any:  # fmt: skip
    """(products, ratings, weights, times, strongest kinds, oldest first; the ids of what is settled, sorted).

    products, kinds, stars, moments: (n,) signals in any order; stars 0 unless rated, moments in microseconds.
    worth, half_lives: (kinds,) weight of an event, days in which any signal comes to count half. given:
    (stars,) weight of a rating. dismissal, purchase, rating: the numbers of these kinds. comes_again: whether
    what was bought before `lately`, a moment, may be bought again.
    """
    n = len(products)
    group = np.empty(n, np.int64)
    count = grouped(products, group)
    ids, times = np.empty(count, np.int64), np.full(count, np.iinfo(np.int64).min)
    rated, liked = np.full(count, np.float32(-np.inf)), np.full(count, np.float32(-np.inf))
    most, last = np.full(count, np.float32(np.nan)), np.zeros(count, np.float32)
    strongest = np.full(count, -1, np.int8)
    newest = moments[0] // SECOND if n else 0
    for row in range(n):
        newest = max(newest, moments[row] // SECOND)
    for row in range(n):
        own, second, kind = group[row], moments[row] // SECOND, kinds[row]
        weight = np.float32(worth[kind])
        if stars[row]:
            weight = np.float32(given[stars[row]] if stars[row] < len(given) else 0.0)
        weight = np.float32(weight * 2.0 ** (-((newest - second) / DAY) / half_lives[kind]))
        ids[own] = products[row]
        strongest[own] = max(strongest[own], kind)
        if stars[row]:
            rated[own] = max(rated[own], weight)
            if not most[own] >= stars[row]:
                most[own] = stars[row]
        else:
            liked[own] = max(liked[own], weight)
        # Of the signals of one second a negative one counts as the latest.
        if second > times[own] or (second == times[own] and weight < last[own]):
            times[own], last[own] = second, weight
    weights = np.empty(count, np.float32)
    for own in range(count):
        if most[own] == most[own]:
            weights[own] = rated[own]
        else:
            weights[own] = last[own] if last[own] < 0 else liked[own]
    settled = settled_of(
        group, count, ids, kinds, stars, moments, given, dismissal, purchase, rating, comes_again, lately
    )
    order = np.arange(count)
    put_in_order(order, count, times, ids)
    return ids[order], most[order], weights[order], times[order], strongest[order], settled


@compiled(f"int64[::1]({TEXT})")
def numbers_in(text: Any) -> Any:
    """The whole numbers of a text of digits, minus signs and commas between them."""
    count = 1
    for place in range(len(text)):
        count += text[place] == COMMA
    found, number, sign = np.empty(count, np.int64), 0, 1
    value: Any = 0
    for place in range(len(text)):
        sent = np.int64(text[place])
        if sent == COMMA:
            found[number] = sign * value
            number, value, sign = number + 1, np.int64(0), 1
        elif sent == MINUS:
            sign = -1
        else:
            value = 10 * value + (sent - ZERO)
    found[number] = sign * value
    return found


@compiled(
    "Tuple((int64[::1], float32[::1], float32[::1], int64[::1], int8[::1], int64[::1], boolean))"
    f"({TEXT}, {IDS}, {FLAGS}, {NUMBERS}, {NUMBERS}, {NUMBERS}, int64, int64, int64, boolean, float64)"
)
def history_told(
    text: Any, strengths: Any, takes_back: Any, worth: Any, given: Any, half_lives: Any,
    dismissal: int, purchase: int, rating: int, comes_again: bool, lately: float,
) -> Any:  # fmt: skip
    """(`history_made_of` signals told as a text, whether that is all there is to them).

    text: numbers with commas between them, first all products, then all kinds, stars and moments, by the
    kinds' numbers in the database. strengths: (kinds there,) what else they are numbered. takes_back: (kinds
    there,) whether it takes another signal back: where one does, nothing is made.
    """
    told = numbers_in(text)
    n = len(told) // 4
    products, recorded, stars, moments = told[:n], told[n : 2 * n], told[2 * n : 3 * n], told[3 * n : 4 * n]
    kinds, is_plain = np.empty(n, np.int64), True
    for row in range(n):
        is_plain &= not takes_back[recorded[row]]
        kinds[row] = strengths[recorded[row]]
    if not is_plain:
        n = 0
    made = history_made_of(
        products[:n], kinds[:n], stars[:n], moments[:n], worth, given, half_lives, dismissal, purchase,
        rating, comes_again, lately,
    )  # fmt: skip
    return made[0], made[1], made[2], made[3], made[4], made[5], is_plain
