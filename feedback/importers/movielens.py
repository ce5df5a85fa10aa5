"""MovieLens-100K and MovieLens-1M: ratings, films, genres as departments."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from feedback.importers import checks
from feedback.importers.base import Importer
from feedback.importers.batches import Batch, ProductDetails
from feedback.importers.files import WrongFile, head, in_folder
from feedback.importers.reader import Chunk, Reading
from feedback.importers.values import tidy

_YEAR = re.compile(r"\((\d{4})\)\s*$")
GENRES_100K = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama",
    "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
_RATING_COLUMNS = ("shopper", "product", "rating", "time")


class MovieLens(Importer):
    """Both sizes: one file of ratings, one of films, told apart by what is in them."""

    # GroupLens ships film titles as latin-1; the ratings are digits.
    encoding = "latin-1"
    ratings_name: ClassVar[str]
    films_name: ClassVar[str]
    ratings_separator: ClassVar[str]
    films_separator: ClassVar[str]
    film_columns: ClassVar[tuple[str, ...]]

    def choose(self, paths: Sequence[Path]) -> None:
        self._ratings: list[Path] = []
        self._films: list[Path] = []
        for path in paths:
            for file in self._in(path) if path.is_dir() else [path]:
                (self._films if self._is_films(file) else self._ratings).append(file)

    def _in(self, folder: Path) -> list[Path]:
        ratings = in_folder(folder, [self.ratings_name])
        if ratings is None:
            raise WrongFile(
                f"{folder} has no {self.ratings_name} (or {self.ratings_name}.gz): "
                f"no folder of {self.title}, which has {self.ratings_name} and {self.films_name}."
            )
        films = in_folder(folder, [self.films_name])
        return [films, ratings] if films else [ratings]

    def _is_films(self, path: Path) -> bool:
        expected = (
            f"{self.title}: {self.ratings_name} (user, film, rating, time between "
            f"{self.ratings_separator!r}) or {self.films_name}"
        )
        lines = head(path, encoding=self.text_encoding, expected=expected)[:20]
        if any(self._looks_like_rating(line) for line in lines):
            return False
        if any(self._looks_like_film(line) for line in lines):
            return True
        raise WrongFile(f"{path} is not of {self.title}. Expected {expected}.")

    def _looks_like_rating(self, line: str) -> bool:
        fields = line.split(self.ratings_separator)
        return len(fields) == 4 and fields[0].isdigit() and fields[3].strip().isdigit()

    def _looks_like_film(self, line: str) -> bool:
        fields = line.split(self.films_separator)
        return len(fields) == len(self.film_columns) and fields[0].isdigit()

    def files(self) -> list[Path]:
        return [*self._films, *self._ratings]

    def batches(self, reading: Reading) -> Iterator[Batch]:
        encoding = self.text_encoding
        for path in self._films:
            separator = self.films_separator
            for chunk in reading.separated(path, self.film_columns, separator=separator, encoding=encoding):
                yield Batch(products=self._products(chunk))
        for path in self._ratings:
            separator = self.ratings_separator
            for chunk in reading.separated(path, _RATING_COLUMNS, separator=separator, encoding=encoding):
                checks.shoppers(chunk, prefix=self.options.prefix)
                checks.products(chunk, prefix=self.options.prefix)
                checks.ratings(chunk)
                checks.times(chunk, now=self.options.now)
                yield Batch(ratings=chunk.frame)

    def _products(self, chunk: Chunk) -> list[ProductDetails]:
        checks.products(chunk, prefix=self.options.prefix)
        checks.texts(chunk, "title")
        chunk.reject(chunk.frame["title"] == "", "no title")
        return [self._film(row) for row in chunk.frame.to_dict("records")]

    def _film(self, row: Mapping[Hashable, Any]) -> ProductDetails:
        genres = self.genres(row)
        released = self.released(row)
        attributes: dict[str, object] = {"genres": genres} if genres else {}
        if released:
            attributes["year"] = released.year
        return ProductDetails(
            sku=row["product"],
            title=row["title"],
            path=tuple(genres[:1]),
            attributes=attributes,
            created_at=released,
        )

    @abstractmethod
    def genres(self, row: Mapping[Hashable, Any]) -> list[str]:
        """The film's genres in the data set's order."""

    def released(self, row: Mapping[Hashable, Any]) -> datetime | None:
        """When the film came out, by the year behind its title."""
        year = _YEAR.search(row["title"])
        return datetime(int(year.group(1)), 1, 1, tzinfo=UTC) if year and int(year.group(1)) else None


class MovieLens100K(MovieLens):
    title = "MovieLens-100K"
    ratings_name = "u.data"
    films_name = "u.item"
    ratings_separator = "\t"
    films_separator = "|"
    film_columns = ("product", "title", "released", "video", "address", *GENRES_100K)

    def genres(self, row: Mapping[Hashable, Any]) -> list[str]:
        return [genre for genre in GENRES_100K[1:] if row[genre] == "1"]

    def released(self, row: Mapping[Hashable, Any]) -> datetime | None:
        try:
            return datetime.strptime(tidy(row["released"]), "%d-%b-%Y").replace(tzinfo=UTC)
        except ValueError:
            return super().released(row)


class MovieLens1M(MovieLens):
    title = "MovieLens-1M"
    ratings_name = "ratings.dat"
    films_name = "movies.dat"
    ratings_separator = "::"
    films_separator = "::"
    film_columns = ("product", "title", "genres")

    def genres(self, row: Mapping[Hashable, Any]) -> list[str]:
        names = [tidy(genre) for genre in row["genres"].split("|")]
        return [genre for genre in names if genre and genre != "(no genres listed)"]
