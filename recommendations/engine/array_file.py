"""Named arrays <-> one file, written by joblib and read so that nothing in it can run.

joblib's files are pickles with the arrays' bytes in between. Reading one the usual way does whatever its
pickle says; here the pickle may say "a dict, of names, of plain arrays" and nothing else.
"""

from __future__ import annotations

from io import BufferedReader
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, cast

import joblib
import numpy as np
from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler

from recommendations.engine.types import Arrays


class UnsafeFileError(ValueError):
    """The file is not one of named plain arrays; nothing of it was run."""


def write(arrays: Arrays, path: Path) -> None:
    """Writes arrays without objects, by name. Uncompressed, so that processes share its pages when mapped."""
    if unfit := [name for name, array in arrays.items() if array.dtype.hasobject]:
        raise ValueError(f"Only plain arrays are saved; {', '.join(unfit)} holds objects.")
    joblib.dump(arrays, path, compress=0)


def mapped(file: BufferedReader) -> Arrays:
    """The arrays of an open file, in one read-only mapping of that very file, whatever its name means by now.

    Raises UnsafeFileError for anything but what `write` writes; what the system cannot do now is raised as it
    is, OSError or MemoryError, and says nothing about the file.
    """
    try:
        found = _ArraysOnly(mmap(file.fileno(), 0, access=ACCESS_READ)).load()
    except (UnsafeFileError, OSError, MemoryError):
        raise
    except Exception as error:
        # A pickle that is not one fails in as many ways as there are opcodes.
        raise UnsafeFileError(f"it cannot be read as arrays ({type(error).__name__}: {error})") from error
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and isinstance(array, np.ndarray) for name, array in found.items()
    ):
        raise UnsafeFileError("it holds something else than arrays by name")
    return cast(Arrays, found)


class _PlainArray(NumpyArrayWrapper):  # type: ignore[misc]
    """What joblib writes before an array's bytes: its type, shape and order."""

    def read(self, unpickler: Any, ensure_native_byte_order: bool) -> np.ndarray[Any, Any]:
        """The array, where it is in the mapping; an array of objects would be a pickle of its own."""
        if not isinstance(self.dtype, np.dtype) or self.dtype.hasobject:
            raise UnsafeFileError("it holds an array of objects")
        whole = unpickler.file_handle
        padding = int.from_bytes(whole.read(1), byteorder="little")
        start = whole.tell() + padding
        array: np.ndarray[Any, Any] = np.ndarray(self.shape, self.dtype, whole, start, order=self.order)
        whole.seek(start + array.nbytes)
        return array


class _SomeArrayClass:
    """Stands for numpy.ndarray, which the files name and nothing here needs: it could be called."""


class _ArraysOnly(NumpyUnpickler):  # type: ignore[misc]
    """joblib's unpickler for pickles that name nothing but arrays and their types."""

    KNOWN = {
        ("joblib.numpy_pickle", "NumpyArrayWrapper"): _PlainArray,
        ("numpy", "ndarray"): _SomeArrayClass,
        ("numpy", "dtype"): np.dtype,
    }

    def __init__(self, whole: mmap) -> None:
        super().__init__("", whole, ensure_native_byte_order=False, mmap_mode="r")

    def find_class(self, module: str, name: str) -> Any:
        """Only what arrays are made of. Raises UnsafeFileError for every other name."""
        try:
            return self.KNOWN[module, name]
        except KeyError:
            raise UnsafeFileError(f"it names {module}.{name}, which no array needs") from None
