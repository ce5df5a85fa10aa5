"""What every format's importer is: files picked and looked at first, then read in batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from feedback.importers.batches import Batch
from feedback.importers.reader import Reading


@dataclass(frozen=True)
class Options:
    """What the person who imports may choose."""

    now: datetime
    prefix: str = ""
    encoding: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""


class Importer(ABC):
    """One format. Making one looks at the files and raises WrongFile before anything is written."""

    title: ClassVar[str]
    encoding: ClassVar[str] = "utf-8"

    def __init__(self, paths: Sequence[Path], options: Options) -> None:
        self.options = options
        self.text_encoding = options.encoding or self.encoding
        self.choose(paths)

    @abstractmethod
    def choose(self, paths: Sequence[Path]) -> None:
        """Pick the files from the paths (files or the data set's folder) and look at their beginnings."""

    @abstractmethod
    def files(self) -> list[Path]:
        """The files in the order they will be read; one that is read twice is named twice."""

    def prepare(self, reading: Reading) -> None:  # noqa: B027
        """A first look through the files, before the transaction begins. Refuses nothing."""

    @abstractmethod
    def batches(self, reading: Reading) -> Iterator[Batch]:
        """Everything, in portions."""
