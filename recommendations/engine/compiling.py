"""Functions compiled by numba: written as plain Python, which they stay where numba cannot be had.

Compiled when their module is imported, for one signature, and kept beside the bytecode (numba looks for
NUMBA_CACHE_DIR, `__pycache__`, the user's cache folder). Where none of these can be written to, or what is
kept there is damaged, each process compiles for itself: some seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

try:
    import numba
except ImportError as missing:  # a platform or a Python that numba has no wheel for
    numba = None
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
        if numba is None:
            return function
        told: dict[str, Any] = {"nogil": True, "error_model": "numpy", **options}
        kept: Function
        try:
            kept = numba.njit(signature, cache=True, **told)(function)
        except Exception as error:  # numba raises RuntimeError, OSError, or whatever reading the cache raises
            _say_that_nothing_is_kept(str(error))
            kept = numba.njit(signature, **told)(function)
        return kept

    return compile_it
