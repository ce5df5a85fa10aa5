"""Requests per second for recommendations, beside a bare Django view and beside the naive way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from benchmarks.figures import Figure, each, ratios
from benchmarks.load import CONNECTIONS, Load, wrk
from benchmarks.stack import GUNICORN, WEB_CORE, Server, Stack, running, shopper_id

SECONDS, WARM_SECONDS, TRY_SECONDS = 4.0, 2.0, 1.0
SLOW_SECONDS = 12.0
"""A round of what answers some times a second only."""
FREQUENT = 100
"""So many shoppers come again and again where lists are cached."""
SPARE = 0.8
"""Of the shoppers, so many may be asked for in a round where none may be asked for twice."""
SHOWN = 20
Run = Callable[[int], float]


def cached(stack: Stack, rounds: int) -> list[Figure]:
    """The same shoppers again and again: whatever may be cached is."""
    with stack.shop() as shop, stack.bare(_body(shop)) as bare:
        paths = addresses(FREQUENT)
        rate = _repeated(shop, paths)
        ours, base = in_turn(rounds, rate, _repeated(bare, paths))
    return [_against_bare("GET recommendations, list cached", ours, base, at_least=0.45, aim=0.85)]


def uncached(stack: Stack, rounds: int) -> list[Figure]:
    """Every request another shopper: all of the list is worked out."""
    with stack.shop() as shop, stack.bare(_body(shop)) as bare:
        rate = worked_out(stack, shop)
        ours, base = in_turn(rounds, rate, _repeated(bare, addresses(FREQUENT)))
    what = f"the same, not cached, {stack.made['products']:,} products"
    return [_against_bare(what, ours, base, at_least=0.30, aim=0.60)]


def uncached_large(stack: Stack, rounds: int) -> list[Figure]:
    """The same with many products, every one of them scored."""
    (figure,) = uncached(stack, rounds)
    what = f"the same, not cached, {stack.made['products']:,} products, exact"
    return [Figure(what, "x", figure.values, 0.12, 0.25, told=figure.told)]


def naive(stack: Stack, rounds: int) -> list[Figure]:
    """Beside Flask, a pickled Surprise SVD, and `predict` for every product not rated."""
    return [_against_naive(stack, rounds, seconds=SECONDS, connections=CONNECTIONS)]


def naive_large(stack: Stack, rounds: int) -> list[Figure]:
    """The same with many products. Of the naive way one is asked at a time: others would be worked on still
    when the other side is measured."""
    return [_against_naive(stack, rounds, seconds=SLOW_SECONDS, connections=1)]


def addresses(shoppers: int, *, first: int = 1) -> list[str]:
    """Paths of the lists of so many shoppers."""
    return [
        f"/api/v1/shoppers/{shopper_id(number)}/recommendations?limit={SHOWN}"
        for number in range(first, first + shoppers)
    ]


def in_turn(rounds: int, *sides: Run) -> tuple[list[float], ...]:
    """The figures of each side, one after the other in every round, the first to go taking turns."""
    found: list[list[float]] = [[] for _ in sides]
    for number in range(rounds):
        order = list(range(len(sides)))
        for place in order if number % 2 else reversed(order):
            found[place].append(sides[place](number))
    return tuple(found)


def worked_out(stack: Stack, server: Server) -> Run:
    """Requests per second where no list is cached: Redis is emptied first, no shopper is asked for twice."""
    paths = addresses(stack.made["shoppers"])
    # As after a while in a shop: each product has been in somebody's list, its facts are in the process.
    wrk(server, paths, seconds=4 * WARM_SECONDS)
    start = 0

    def run(_number: int) -> float:
        nonlocal start
        stack.forget_lists()
        tried = wrk(server, paths, seconds=TRY_SECONDS, start=start)
        start += tried.requests
        stack.forget_lists()
        load = wrk(server, paths, seconds=affordable(tried.rate, len(paths)), start=start)
        start += load.requests
        if load.requests > len(paths):
            raise RuntimeError("A shopper was asked for twice: let `Size` have more shoppers.")
        return load.rate

    return run


def affordable(rate: float, shoppers: int) -> float:
    """Seconds of a round, at most `SECONDS`, in which that rate does not reach all shoppers."""
    return max(1.0, min(SECONDS, SPARE * shoppers // max(rate, 1)))


def checked(shop: Server, path: str) -> bytes:
    """A list as it comes. Raises RuntimeError when it is not a whole personal one."""
    status, body = shop.get(path)
    told = json.loads(body)
    if status != 200 or told["strategy"] != "personal" or len(told["items"]) != SHOWN:
        raise RuntimeError(f"{path} was answered with {status}: {body[:500]!r}")
    return body


def _body(shop: Server) -> bytes:
    """The first shopper's answer; those of the others are looked at, too."""
    first, *_ = [checked(shop, path) for path in addresses(FREQUENT)]
    return first


def _repeated(
    server: Server, paths: Sequence[str], *, seconds: float = SECONDS, connections: int = CONNECTIONS
) -> Run:
    wrk(server, paths, seconds=WARM_SECONDS, connections=connections)

    def run(_number: int) -> float:
        load: Load = wrk(server, paths, seconds=seconds, connections=connections)
        return load.rate

    return run


def _numbers(stack: Stack) -> range:
    return range(1, stack.made["shoppers"] + 1)


@contextmanager
def _naive(stack: Stack) -> Iterator[Server]:
    target = str(stack.folder / "naive.joblib")
    stack.python("-m", "benchmarks.naive", target)
    settings = stack.environment | {"NAIVE_FILE": target, "WEB_WORKERS": "1"}
    command = [*GUNICORN, "benchmarks.naive:app"]
    probe = f"/recommendations/{shopper_id(1)}"
    with running(command, settings, stack.folder, WEB_CORE, stack.headers, probe) as server:
        yield server


def _against_naive(stack: Stack, rounds: int, *, seconds: float, connections: int) -> Figure:
    """seconds, connections: of a round of the naive way."""
    with stack.shop() as shop, _naive(stack) as plain:
        rate = worked_out(stack, shop)
        asked = [f"/recommendations/{shopper_id(number)}" for number in _numbers(stack)]
        theirs = _repeated(plain, asked, seconds=seconds, connections=connections)
        ours, base = in_turn(rounds, rate, theirs)
    what = f"not cached, against the naive way over HTTP, {stack.made['products']:,} products"
    return Figure(
        what, "x", ratios(ours, base), 40, 60, told=f"{each('ours', ours)}, {each('the naive way', base)}"
    )


def _against_bare(
    what: str, ours: Sequence[float], base: Sequence[float], *, at_least: float, aim: float
) -> Figure:
    told = f"{each('ours', ours)}, {each('bare view', base)}"
    return Figure(what, "x", ratios(ours, base), at_least, aim, told=told)
