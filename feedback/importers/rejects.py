"""Rows that could not be used: counted by reason and, when asked for, written to a csv file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from feedback.importers.files import WrongFile

HEADER = ["file", "line", "reason", "row"]


class Rejects:
    """Counts refused rows; with a path, writes them to a file that appears only when the import succeeds."""

    def __init__(self, path: Path | None = None) -> None:
        self.reasons: Counter[str] = Counter()
        self._path = path
        self._partial = path.with_name(f"{path.name}.part") if path else None
        self._file: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> Rejects:
        if self._path and self._partial:
            if self._path.exists() and not self._path.is_file():
                raise WrongFile(f"--rejects {self._path} is no ordinary file.")
            try:
                self._file = self._partial.open("w", encoding="utf-8", errors="replace", newline="")
            except OSError as error:
                raise WrongFile(f"--rejects {self._path} cannot be written: {error.strerror}.") from None
            self._writer = csv.writer(self._file)
            self._writer.writerow(HEADER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not (self._file and self._path and self._partial):
            return
        self._file.close()
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)

    def add(self, file: str, number: int, reason: str, raw: str) -> None:
        """Refuse one row."""
        self.reasons[reason] += 1
        if self._writer:
            self._writer.writerow([file, number, reason, raw])

    def add_all(self, file: str, reason: str, rows: Iterable[tuple[int, str]]) -> None:
        """Refuse many rows (line number, raw row) for the same reason."""
        for number, raw in rows:
            self.add(file, number, reason, raw)

    @property
    def total(self) -> int:
        return self.reasons.total()
