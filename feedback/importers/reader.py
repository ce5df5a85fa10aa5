"""Reading rows in chunks: whatever the file's kind, a frame of text columns with true line numbers.

Lines are split here, not by pandas, because pandas cannot say which line of the file a bad row came from.
Checking and converting then works on whole columns.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from feedback.importers.files import Advance, numbered_lines
from feedback.importers.rejects import Rejects

CHUNK_ROWS = 50_000
CHUNK_CHARACTERS = 24_000_000

# Python reads NaN and Infinity as numbers; nothing is what they say.
_JSON = json.JSONDecoder(parse_constant=lambda _: None)

# (line number, the raw row, its values)
Record = tuple[int, str, Sequence[Any]]
Pick = Callable[[dict[str, Any]], Sequence[Any]]


@dataclass
class Chunk:
    """Some rows of a file. `frame` holds those still good; its index leads to line number and raw row."""

    file: str
    frame: pd.DataFrame
    numbers: list[int]
    raws: list[str]
    rejects: Rejects

    def reject(self, bad: pd.Series[bool], reason: str) -> None:
        """Take the bad rows out of the frame, for a reason."""
        if not bad.any():
            return
        refused = self.frame.index[bad]
        self.rejects.add_all(self.file, reason, ((self.numbers[i], self.raws[i]) for i in refused))
        self.frame = self.frame[~bad]


def _ignore(amount: int) -> None:
    """Nobody asked for progress."""


@dataclass
class Reading:
    """One import's way of reading: what it counts, refuses, and whom it tells of its progress."""

    rejects: Rejects = field(default_factory=Rejects)
    advance: Advance = _ignore
    limit: int | None = None
    rows: Counter[str] = field(default_factory=Counter)

    def separated(
        self, path: Path, columns: Sequence[str], *, separator: str, encoding: str
    ) -> Iterator[Chunk]:
        """Rows without quoting or header: MovieLens."""
        records = (
            (number, text, text.split(separator)) for number, text in self._texts(path, encoding) if text
        )
        return self._chunks(path, columns, self._of_width(path, records, len(columns)))

    def table(
        self, path: Path, columns: Sequence[str], *, delimiter: str, encoding: str, skip: int = 1
    ) -> Iterator[Chunk]:
        """Rows of a csv file with quoting, after its header; `columns` names all of them in order."""
        records = islice(self._csv_records(path, delimiter, encoding), skip, None)
        return self._chunks(path, columns, self._of_width(path, records, len(columns)))

    def objects(self, path: Path, columns: Sequence[str], pick: Pick, *, encoding: str) -> Iterator[Chunk]:
        """Rows of a JSON lines file; `pick` takes a row's values out of an object."""
        return self._chunks(path, columns, self._json_records(path, pick, encoding))

    def given(self, path: Path, columns: Sequence[str], records: Iterator[Record]) -> Iterator[Chunk]:
        """Rows that are read elsewhere: workbooks."""
        return self._chunks(path, columns, self._of_width(path, records, len(columns)))

    def refuse(self, path: Path, number: int, reason: str, raw: str) -> None:
        """Refuse a row that never got into a chunk."""
        self.rows[path.name] += 1
        self.rejects.add(path.name, number, reason, raw)

    def _texts(self, path: Path, encoding: str) -> Iterator[tuple[int, str]]:
        """Numbered lines as text without their ends."""
        for number, line in numbered_lines(path, self.advance):
            try:
                text = line.decode(encoding).rstrip("\r\n")
            except UnicodeDecodeError:
                self.refuse(path, number, f"not {encoding} text", line.decode(encoding, "replace").rstrip())
                continue
            if "\0" in text:
                self.refuse(path, number, "binary data", text.replace("\0", ""))
                continue
            yield number, text.lstrip("\ufeff") if number == 1 else text

    def _of_width(self, path: Path, records: Iterator[Record], width: int) -> Iterator[Record]:
        for record in records:
            if len(record[2]) == width:
                yield record
            else:
                self.refuse(path, record[0], "wrong number of fields", record[1])

    def _csv_records(self, path: Path, delimiter: str, encoding: str) -> Iterator[Record]:
        lines = _Replay(self._texts(path, encoding))
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            try:
                values = next(rows)
            except StopIteration:
                return
            except csv.Error:
                # Only the line with the stray quote is lost, not all that the quote ran on over.
                number, raw = lines.again()
                self.refuse(path, number, "quotes that do not match", raw)
                rows = csv.reader(lines, delimiter=delimiter, strict=True)
                continue
            number, raw = lines.done()
            if values:
                yield number, raw, values

    def _json_records(self, path: Path, pick: Pick, encoding: str) -> Iterator[Record]:
        for number, text in self._texts(path, encoding):
            if not text.strip():
                continue
            try:
                row = _JSON.decode(text)
            except (ValueError, RecursionError):
                row = None
            if isinstance(row, dict):
                yield number, text, pick(row)
            else:
                self.refuse(path, number, "not a JSON object", text)

    def _chunks(self, path: Path, columns: Sequence[str], records: Iterator[Record]) -> Iterator[Chunk]:
        limited = islice(records, self.limit) if self.limit else records
        numbers: list[int] = []
        raws: list[str] = []
        values: list[Sequence[Any]] = []
        characters = 0
        for number, raw, row in limited:
            numbers.append(number)
            raws.append(raw)
            values.append(row)
            characters += len(raw)
            if len(values) >= CHUNK_ROWS or characters >= CHUNK_CHARACTERS:
                yield self._chunk(path, columns, numbers, raws, values)
                numbers, raws, values, characters = [], [], [], 0
        if values:
            yield self._chunk(path, columns, numbers, raws, values)

    def _chunk(
        self,
        path: Path,
        columns: Sequence[str],
        numbers: list[int],
        raws: list[str],
        values: list[Sequence[Any]],
    ) -> Chunk:
        self.rows[path.name] += len(values)
        frame = pd.DataFrame(values, columns=list(columns), dtype=object)
        return Chunk(path.name, frame, numbers, raws, self.rejects)


class _Replay:
    """Feeds lines to csv.reader and can give back all but the first of those it read for a row."""

    def __init__(self, lines: Iterator[tuple[int, str]]) -> None:
        self._lines = lines
        self._waiting: deque[tuple[int, str]] = deque()
        self._taken: list[tuple[int, str]] = []

    def __iter__(self) -> _Replay:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self._taken.append(line)
        return line[1] + "\n"

    def done(self) -> tuple[int, str]:
        """The row's first line number and its raw text; the next row begins."""
        number, raw = self._taken[0]
        if len(self._taken) > 1:
            raw = "\n".join(text for _, text in self._taken)
        self._taken.clear()
        return number, raw

    def again(self) -> tuple[int, str]:
        """The first line alone; the others will be read once more."""
        first, *others = self._taken
        self._waiting.extendleft(reversed(others))
        self._taken.clear()
        return first
