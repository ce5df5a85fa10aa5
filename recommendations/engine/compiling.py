"""Functions compiled by numba: written as plain Python, which they stay where numba cannot be had.

Compiled when their module is imported, for one signature, and kept beside the bytecode (numba looks for
NUMBA_CACHE_DIR, `__pycache__`, the user's cache folder). Where none of these can be written to, or what is
kept there is damaged, each process compiles for itself: some seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

try:
    import numba

    HAS_COMPILER = True
except ImportError as missing:  # a platform or a Python that numba has no wheel for
    HAS_COMPILER = False
    logging.getLogger(__name__).warning("lists are computed without numba, slowly: %s", missing)

logger = logging.getLogger(__name__)
Function = TypeVar("Function", bound=Callable[..., Any])


@cache
def _say_that_nothing_is_kept(why: str) -> None:
    logger.info("compiled code is not kept, so that every process compiles its own: %s", why)


def read_only(kind: str, dimensions: int = 1) -> str:
    """For a signature: a contiguous array that is only read, and may be mapped from a file."""
    return f"Array({kind}, {dimensions}, 'C', readonly=True)"


def compiled(signature: str, **options: Any) -> Callable[[Function], Function]:
    """`numba.njit` for one signature, as text ("float32[::1](float32[:, ::1], int64)"); one thread, the
    interpreter's lock released.

    error_model is numpy's: a division by zero is inf or nan, never an exception.
    """

    def compile_it(function: Function) -> Function:
        if not HAS_COMPILER:
            return function
        told: dict[str, Any] = {"nogil": True, "error_model": "numpy", **options}
        try:
            return cast(Function, numba.njit(signature, cache=True, **told)(function))
        except Exception as error:  # numba raises RuntimeError, OSError, or whatever reading the cache raises
            _say_that_nothing_is_kept(str(error))
            return cast(Function, numba.njit(signature, **told)(function))

    return compile_it


def is_compiled(function: Callable[..., Any]) -> bool:
    """Whether it is machine code: else what it computes is better computed by numpy."""
    return hasattr(function, "py_func")
