"""Reading an Excel workbook row by row, as the text a csv file would have."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from feedback.importers.files import Advance, WrongFile
from feedback.importers.reader import Record

_ROWS_PER_ADVANCE = 5000


def workbook_rows(path: Path, advance: Advance) -> Iterator[Record]:
    """(row number, the row as text, its cells as text) of the first sheet, the header included."""
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise WrongFile(f"{path} cannot be read as an Excel workbook ({error}).") from None
    try:
        sheet = book.worksheets[0]
        size, rows = path.stat().st_size, sheet.max_row or 1
        done = 0
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            if number % _ROWS_PER_ADVANCE == 0:
                position = min(size, size * number // rows)
                advance(position - done)
                done = position
            values = [_text(cell) for cell in cells]
            if any(values):
                yield number, ",".join(values), values
        advance(size - done)
    finally:
        book.close()


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return str(cell)
