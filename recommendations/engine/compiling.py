"""Functions compiled by numba: written as plain Python, which they stay where numba cannot be had.

Compiled when they are first called, for one signature, and kept beside the bytecode (numba looks for
NUMBA_CACHE_DIR, `__pycache__`, the user's cache folder). What was kept beside the bytecode when the shop was
installed is used where nothing can be written any more. Where nothing is kept, or it is damaged, each process
compiles for itself: some 20 seconds for all. A process that serves reads all before its first request
(`read_all`); a command that needs none of them starts without.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from functools import cache, update_wrapper
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar, cast

try:
    import numba
    from numba.core.caching import InTreeCacheLocator

    HAS_COMPILER = True
except ImportError as missing:  # a platform or a Python that numba has no wheel for
    HAS_COMPILER = False
    logging.getLogger(__name__).warning("lists are computed without numba, slowly: %s", missing)

logger = logging.getLogger(__name__)
Function = TypeVar("Function", bound=Callable[..., Any])


@cache
def _say_that_nothing_is_kept(why: str) -> None:
    logger.info("compiled code is not kept, so that every process compiles its own: %s", why)


@cache
def _stamp(path: Path) -> str:
    """Of a source and of the compiled modules it imports: their machine code is part of its own. And of this
    file, which says how to compile."""
    text = path.read_text()
    others = (
        path.with_name(f"{name}.py") for name in re.findall(r"^from \S+\.(compiled_\w+) import", text, re.M)
    )
    return sha256("\n".join([text, _own_text(), *map(_stamp, others)]).encode()).hexdigest()


@cache
def _own_text() -> str:
    return Path(__file__).read_text()


if HAS_COMPILER:

    class BesideTheBytecode(InTreeCacheLocator):
        """Machine code is kept in `__pycache__`, which may be read-only once it is filled."""

        def ensure_cache_path(self) -> None:
            try:
                super().ensure_cache_path()  # type: ignore[no-untyped-call]
            except OSError:
                source = Path(self._py_file)
                if not any((source.parent / "__pycache__").glob(f"{source.stem}.*.nbi")):
                    raise

        def get_source_stamp(self) -> str:
            return _stamp(Path(self._py_file))

    # An operator may have named others by NUMBA_CACHE_LOCATOR_CLASSES.
    _settings: Any = numba.config
    _settings.CACHE_LOCATOR_CLASSES = _settings.CACHE_LOCATOR_CLASSES or (
        f"UserProvidedCacheLocator,{__name__}.BesideTheBytecode,UserWideCacheLocator"
    )


def read_only(kind: str, dimensions: int = 1) -> str:
    """For a signature: a contiguous array that is only read, and may be mapped from a file."""
    return f"Array({kind}, {dimensions}, 'C', readonly=True)"


class Compiled:
    """A function that is compiled, or read, when it is first called, or when one that is compiled calls it.

    py_func: the plain function.
    """

    def __init__(self, function: Callable[..., Any], signature: str, options: dict[str, Any]) -> None:
        update_wrapper(self, function)
        self.py_func, self._signature, self._options = function, signature, options
        self._machine_code: Any = None

    def __call__(self, *arguments: Any) -> Any:
        return (self._machine_code or self.machine_code)(*arguments)

    @property
    def machine_code(self) -> Any:
        """numba's dispatcher, which takes the one signature."""
        if self._machine_code is None:
            with _compiling:
                self._machine_code = self._machine_code or self._compiled()
        return self._machine_code

    @property
    def _numba_type_(self) -> Any:
        """What numba asks of an object that a function it compiles names."""
        return self.machine_code._numba_type_

    def _compiled(self) -> Any:
        told: dict[str, Any] = {"error_model": "numpy", **self._options}
        kept: Any = None
        try:
            kept = numba.njit(cache=True, **told)(self.py_func)
            kept.compile(self._signature)
        except Exception as error:  # numba raises RuntimeError, OSError, or whatever reading the cache raises
            _say_that_nothing_is_kept(str(error))
            # It may have been compiled, and only not be written down.
            if kept is None or not kept.signatures:
                return numba.njit(self._signature, **told)(self.py_func)
        kept.disable_compile()
        return kept


_compiling = RLock()
_all: list[Compiled] = []


def compiled(signature: str, **options: Any) -> Callable[[Function], Function]:
    """`numba.njit` for one signature, as text ("float32[::1](float32[:, ::1], int64)"); one thread.

    error_model is numpy's: a division by zero is inf or nan, never an exception. The interpreter's lock is
    held: the steps of a list take microseconds each, and another thread that is let in between them costs
    more than it gets. What takes longer says `nogil=True`.
    """

    def compile_it(function: Function) -> Function:
        if not HAS_COMPILER:
            return function
        _all.append(Compiled(function, signature, options))
        return cast(Function, _all[-1])

    return compile_it


def is_compiled(function: Callable[..., Any]) -> bool:
    """Whether it is machine code, or will be: else what it computes is better computed by numpy."""
    return hasattr(function, "py_func")


def read_all(module: str | None = None) -> None:
    """Compiles or reads every function of a module, or of all that are imported.

    Who imports one afterwards has the machine code itself, and calls it without a step between. Raises what
    numba does where it cannot compile one.
    """
    for function in _all:
        name, home = function.py_func.__name__, function.py_func.__module__
        if module in (None, home):
            machine_code, names = function.machine_code, sys.modules[home].__dict__
            if names.get(name) is function:
                names[name] = machine_code


def compile_all() -> None:
    """Imports every module of compiled functions and has machine code of them kept: for whoever installs."""
    folder = Path(__file__).parent
    for path in sorted((*folder.glob("compiled_*.py"), *folder.glob("kernels.py"))):
        import_module(f"{__package__}.{path.stem}")
    read_all()
