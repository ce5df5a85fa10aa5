"""The compiled loops of a fit, imported only where one runs (`sgd`); they need numba even to be defined."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import int32, int64, void
from numba.core import cgutils
from numba.extending import intrinsic

from recommendations.engine.compiling import compiled

AHEAD = 8
"""Rows between asking for what a row needs and needing it."""
LINE = 8
"""Numbers in a line of the cache."""


def _prefetch(_typing: Any, table: Any, row: Any, column: Any) -> Any:
    """Have the cache line of a cell of a table (two dimensions, contiguous) on its way from memory."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        cell = cgutils.get_item_pointer(  # type: ignore[no-untyped-call]
            context, builder, signature.args[0], array, list(arguments[1:]), wraparound=False
        )
        whole, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, whole, whole, whole])
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, kind, "llvm.prefetch.p0"
        )
        # For reading, to be kept in all caches, as data.
        builder.call(function, [builder.bitcast(cell, byte), whole(0), whole(3), whole(1)])
        return context.get_dummy_value()

    return void(table, row, column), generate


prefetch: Any = intrinsic(_prefetch)


# Sums may be made in another order, so that the processor adds several products at once: nothing else of
# floating point's rules is given up. It makes a fit twice as fast and moves it by some 1e-15.
@compiled(
    "void(int32[::1], int32[::1], float32[::1], int64, int64, float64, float64[::1], float64[::1],"
    " float64[:, ::1], float64[:, ::1], float64, float64, float64, float64)",
    fastmath={"reassoc"}, nogil=True,
)  # fmt: skip
def descend(
    shopper: Any, product: Any, label: Any, start: int, end: int, mean: float, shopper_bias: Any,
    product_bias: Any, shoppers: Any, products: Any, rate: float, product_bias_rate: float,
    shopper_bias_rate: float, regularization: float,
) -> None:  # fmt: skip
    """One step of stochastic gradient descent for each of the rows `start` to `end`, in place.

    shopper, product: (rows,) positions. label: (rows,). shoppers, products: the factors. Where rows are in no
    order, most of the time is waiting for memory: what is needed soon is asked for ahead, two to three times
    as fast.
    """
    for row in range(start, end):
        if row + AHEAD < end:
            for factor in range(0, shoppers.shape[1], LINE):
                prefetch(shoppers, int64(shopper[row + AHEAD]), factor)
                prefetch(products, int64(product[row + AHEAD]), factor)
        one, other = shopper[row], product[row]
        mine, its = shoppers[one], products[other]
        dot = 0.0
        for factor in range(mine.shape[0]):
            dot += its[factor] * mine[factor]
        error = label[row] - (mean + shopper_bias[one] + product_bias[other] + dot)
        shopper_bias[one] += shopper_bias_rate * (error - regularization * shopper_bias[one])
        product_bias[other] += product_bias_rate * (error - regularization * product_bias[other])
        for factor in range(mine.shape[0]):
            old_mine, old_its = mine[factor], its[factor]
            mine[factor] = old_mine + rate * (error * old_its - regularization * old_mine)
            its[factor] = old_its + rate * (error * old_mine - regularization * old_its)


@compiled(
    "int64(float64[::1], int64, int64, int32[::1], int32[::1], int64[::1], float64[::1], int32[::1],"
    " int32[::1], int64, int32[::1], int32[::1])",
    nogil=True,
)
def reject(
    drawn: Any, first: int, each: int, owner: Any, owned: Any, starts: Any, cumulative: Any, guide: Any,
    marks: Any, kept: int, shopper: Any, product: Any,
) -> int:  # fmt: skip
    """Draws -> the products they fall on, without those the shopper has; how many are kept by now.

    drawn: (draws,) places on the scale of `cumulative`. first: the number of the first of them; draw n is for
    the shopper of row n // each. owner, owned: (rows,) the shopper and the product of each row, by shopper.
    starts: (shoppers + 1,) offsets in them. cumulative: (products,). guide: (cells + 1,) for each cell of the
    scale a product not far from the first that reaches into it. marks: (products,) the last shopper known to
    have each. kept: how many of `shopper` and `product` are filled; the next go behind them.
    """
    last = len(cumulative) - 1
    cells = (len(guide) - 1) / cumulative[last]
    own = int32(-1)
    for number in range(len(drawn)):
        if owner[(first + number) // each] != own:
            own = owner[(first + number) // each]
            for row in range(starts[own], starts[own + 1]):
                marks[owned[row]] = own
        place = drawn[number]
        # Whatever the guide says, the loops end at what a binary search finds: the first place beyond.
        found = guide[min(int(place * cells), len(guide) - 1)]
        while found > 0 and cumulative[found - 1] > place:
            found -= 1
        while found < last and cumulative[found] <= place:
            found += 1
        if marks[found] != own:
            shopper[kept] = own
            product[kept] = found
            kept += 1
    return kept


@compiled(
    "void(int32[::1], int32[::1], int32[::1], float32[::1], int32[::1], int32[::1], int32[::1], int32[::1],"
    " float32[::1])",
    nogil=True,
)
def mix(
    order: Any, shopper: Any, product: Any, label: Any, other_shopper: Any, other_product: Any,
    mixed_shopper: Any, mixed_product: Any, mixed_label: Any,
) -> None:  # fmt: skip
    """The rows and, numbered behind them, the others with label 0, written down in the given order."""
    rows = len(label)
    for place in range(len(order)):
        number = order[place]
        if number < rows:
            mixed_shopper[place] = shopper[number]
            mixed_product[place] = product[number]
            mixed_label[place] = label[number]
        else:
            mixed_shopper[place] = other_shopper[number - rows]
            mixed_product[place] = other_product[number - rows]
            mixed_label[place] = 0.0
