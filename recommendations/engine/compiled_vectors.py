"""What numba has no words for: bytes times weights, summed, with no float between; bits; asking for memory.

Written as instructions of LLVM that every processor has some way to carry out. On x86 the multiplication
becomes one that adds pairs of products as well (pmaddwd, or with the sum vpdpwssd): a third of the work of
turning every byte into a float. The plain functions at the end say what they do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiling import HAS_COMPILER

TILE = 64
"""Products side by side in a tile of codes: a line of the cache for each column, a bit each in a word."""
AHEAD = 192
"""Lines of codes between asking for one and needing it: the processor by itself does not look far enough."""
LARGEST_WEIGHT, LARGEST_SUM = 2**15 - 1, 2**31 - 1
"""Of numbers of 16 bits, and of 32."""

if HAS_COMPILER:
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    BIT, BYTE, WHOLE, LONG = (ir.IntType(bits) for bits in (1, 8, 32, 64))
    CODES, SUMS, SCORES = (ir.VectorType(kind, TILE) for kind in (BYTE, WHOLE, ir.FloatType()))
    WEIGHTS, PRODUCTS = ir.VectorType(ir.IntType(16), 2 * TILE), ir.VectorType(WHOLE, 2 * TILE)

    def _places(numbers: list[int]) -> Any:
        return ir.Constant(ir.VectorType(WHOLE, len(numbers)), numbers)

    PAIRED = _places([place + TILE * column for place in range(TILE) for column in (0, 1)])
    FIRSTS, SECONDS = (_places(list(range(column, 2 * TILE, 2))) for column in (0, 1))

    def _array(context: Any, builder: Any, signature: Any, arguments: Any, place: int) -> Any:
        return context.make_array(signature.args[place])(context, builder, arguments[place])

    def _repeated(builder: Any, kind: Any, number: Any) -> Any:
        one = builder.insert_element(ir.Constant(kind, ir.Undefined), number, WHOLE(0))
        return builder.shuffle_vector(one, one, _places([0] * TILE))

    def _ask_for(builder: Any, address: Any) -> None:
        """Have the line of the cache at an address on its way from memory; any address will do."""
        kind = ir.FunctionType(ir.VoidType(), [BYTE.as_pointer(), WHOLE, WHOLE, WHOLE])
        told = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, kind, "llvm.prefetch.p0"
        )
        # For reading, to be kept in all caches, as data.
        builder.call(told, [address, WHOLE(0), WHOLE(3), WHOLE(1)])

    def _added(builder: Any, line: Any, pair: Any) -> Any:
        """The two columns from `line` on times the pair of weights, added."""
        lines = [builder.gep(line, [LONG(TILE * column)]) for column in (0, 1)]
        for each in lines:
            _ask_for(builder, builder.gep(each, [LONG(AHEAD * TILE)]))
        both = (builder.load(builder.bitcast(each, CODES.as_pointer()), align=1) for each in lines)
        # Products of numbers of 16 bits, two neighbours added: as x86 has it.
        codes = builder.sext(builder.shuffle_vector(*both, PAIRED), PRODUCTS)
        weights = builder.sext(builder.bitcast(_repeated(builder, SUMS, pair), WEIGHTS), PRODUCTS)
        products = builder.mul(codes, weights, flags=["nsw"])
        return builder.add(*(builder.shuffle_vector(products, products, each) for each in (FIRSTS, SECONDS)))

    def _sum_pairs(_typing: Any, codes: Any, tile: Any, weights: Any, sums: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            table, scaled, out = (_array(context, builder, signature, arguments, at) for at in (0, 2, 3))
            size = builder.extract_value(table.shape, 1)
            start = builder.mul(arguments[1], builder.mul(size, LONG(TILE)))
            nothing = ir.Constant(SUMS, [0] * TILE)
            total = cgutils.alloca_once_value(builder, nothing)  # type: ignore[no-untyped-call]
            with cgutils.for_range(builder, builder.sdiv(size, LONG(2))) as loop:
                column = builder.mul(loop.index, LONG(2))
                line = builder.gep(table.data, [builder.add(start, builder.mul(column, LONG(TILE)))])
                pair = builder.bitcast(builder.gep(scaled.data, [column]), WHOLE.as_pointer())
                added = _added(builder, line, builder.load(pair, align=2))
                builder.store(builder.add(builder.load(total), added), total)
            builder.store(builder.load(total), builder.bitcast(out.data, SUMS.as_pointer()), align=4)
            return context.get_dummy_value()

        return types.void(codes, tile, weights, sums), generate

    def _reaching(_typing: Any, numbers: Any, start: Any, edge: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            data = _array(context, builder, signature, arguments, 0).data
            own = builder.bitcast(builder.gep(data, [arguments[1]]), SCORES.as_pointer())
            edges = _repeated(builder, SCORES, arguments[2])
            return builder.bitcast(builder.fcmp_ordered(">=", builder.load(own, align=4), edges), LONG)

        return types.uint64(numbers, types.int64, types.float32), generate

    def _first_set(_typing: Any, _bits: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.cttz(arguments[0], BIT(1))

        return types.int64(types.uint64), generate

    def _ask_ahead(_typing: Any, table: Any, start: Any, count: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = _array(context, builder, signature, arguments, 0)
            data = builder.bitcast(array.data, BYTE.as_pointer())
            first, size = (builder.mul(number, array.itemsize) for number in arguments[1:])
            with cgutils.for_range_slice(builder, LONG(0), size, LONG(TILE)) as (place, _):
                _ask_for(builder, builder.gep(data, [builder.add(first, place)]))
            return context.get_dummy_value()

        return types.void(table, types.int64, types.int64), generate

    sum_pairs: Any = intrinsic(_sum_pairs)
    reaching: Any = intrinsic(_reaching)
    first_set: Any = intrinsic(_first_set)
    ask_ahead: Any = intrinsic(_ask_ahead)
else:

    def sum_pairs(codes: Any, tile: Any, weights: Any, sums: Any) -> None:
        """Sums of a tile: (TILE,) codes times the weights, but for an odd last column.

        codes: (tiles, factors, TILE) int8. weights: (factors,) int16, of absolute values that sum to no more
        than LARGEST_SUM / 128. sums: (TILE,) int32, or longer.
        """
        pairs = len(weights) // 2 * 2
        sums[:TILE] = weights[:pairs].astype(np.int32) @ codes[tile, :pairs].astype(np.int32)

    def reaching(numbers: Any, start: Any, edge: Any) -> Any:
        """A word with a bit for each of the TILE numbers from `start` on that is no less than the edge."""
        return np.packbits(numbers[start : start + TILE] >= edge, bitorder="little").view(np.uint64)[0]

    def first_set(bits: Any) -> Any:
        """The place of the lowest bit that is set; one is."""
        word = int(bits)
        return (word & -word).bit_length() - 1

    def ask_ahead(table: Any, start: Any, count: Any) -> None:
        """Have so many numbers of a contiguous array, from `start` on, on their way from memory."""
