"""Opening data files, plain or gzip (told by content), with true line numbers.

Whatever is wrong with a file as a whole becomes one clear line: a `WrongFile`.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

MAX_LINE = 8 * 1024 * 1024
SAMPLE = 1024 * 1024
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
# How often the progress bar hears of the position in the file.
_LINES_PER_ADVANCE = 5000

Advance = Callable[[int], None]


class WrongFile(Exception):  # noqa: N818 - what it is, in plain words
    """The file cannot be imported; the message says what is wrong and what was expected."""


@contextmanager
def _plain_words(path: Path) -> Iterator[None]:
    try:
        yield
    except EOFError:
        raise WrongFile(f"{path} is cut short: its gzip data ends before its end. Fetch it again.") from None
    except (gzip.BadGzipFile, zlib.error):
        raise WrongFile(f"{path} is damaged: its gzip data cannot be unpacked. Fetch it again.") from None
    except OSError as error:
        raise WrongFile(f"{path} cannot be read: {error.strerror or error}.") from None


def _unpacked(disk: BinaryIO) -> BinaryIO:
    packed = disk.read(2) == _GZIP
    disk.seek(0)
    if not packed:
        return disk
    return cast(BinaryIO, io.BufferedReader(gzip.GzipFile(fileobj=disk), 256 * 1024))


def numbered_lines(path: Path, advance: Advance) -> Iterator[tuple[int, bytes]]:
    """(1-based number, line with its end) of the unpacked file; `advance` hears of bytes read on disk."""
    with _plain_words(path), path.open("rb") as disk:
        stream = _unpacked(disk)
        position = 0
        for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE), b""), 1):
            if len(line) == MAX_LINE:
                raise WrongFile(f"{path} is no text table: line {number} is longer than {MAX_LINE} bytes.")
            if number % _LINES_PER_ADVANCE == 0:
                advance(disk.tell() - position)
                position = disk.tell()
            yield number, line
        advance(disk.tell() - position)


def is_excel(path: Path) -> bool:
    """Whether the file is an Excel workbook (a zip by its first bytes, whatever its name)."""
    with _plain_words(path), path.open("rb") as disk:
        return disk.read(4) == _ZIP


def head(path: Path, *, encoding: str, expected: str) -> list[str]:
    """The first non-empty lines of a text file. Raises WrongFile, saying what was expected, for no text."""
    if not path.exists():
        raise WrongFile(f"{path} does not exist. Expected {expected}.")
    if path.is_dir():
        raise WrongFile(f"{path} is a folder. Expected {expected}.")
    with _plain_words(path), path.open("rb") as disk:
        stream = _unpacked(disk)
        sample = stream.read(SAMPLE)
        whole = len(sample) < SAMPLE
    if not sample.strip():
        raise WrongFile(f"{path} is empty. Expected {expected}.")
    if sample.startswith(_ZIP):
        raise WrongFile(f"{path} is a zip archive or a workbook; unpack it first. Expected {expected}.")
    if sample.startswith(_UTF16):
        raise WrongFile(f"{path} is UTF-16 text: save it as UTF-8. Expected {expected}.")
    if b"\0" in sample:
        raise WrongFile(f"{path} is a binary file. Expected {expected}.")
    lines = _decoded(path, sample, encoding, whole=whole).lstrip("\ufeff").splitlines()
    return [line for line in (lines if whole or len(lines) < 2 else lines[:-1]) if line.strip()]


def _decoded(path: Path, sample: bytes, encoding: str, *, whole: bool) -> str:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample, final=whole)
    except UnicodeDecodeError as error:
        line = sample.count(b"\n", 0, error.start) + 1
        raise WrongFile(
            f"{path} is not {encoding} text (byte 0x{sample[error.start]:02X} in line {line}). "
            "Name its encoding, for example --encoding cp1252."
        ) from None


def in_folder(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of the named files that the folder has, plain or packed, whatever the capitals."""
    present = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_file()}
    for name in names:
        for candidate in (name.lower(), f"{name.lower()}.gz"):
            if candidate in present:
                return present[candidate]
    return None
