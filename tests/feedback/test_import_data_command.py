"""`manage.py import_data`: all or nothing, whatever goes wrong."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, transaction
from openpyxl import Workbook

from feedback.importers.formats import FORMATS
from feedback.importers.reader import Reading
from feedback.importers.writer import Writer
from feedback.models import Rating
from tests.feedback.importing import is_empty, read_rejects, run_import, write

pytestmark = pytest.mark.django_db

RATING = "196\t242\t3\t881250949\n"
GOOD = RATING + "186\t302\t3\t891717742\n"


def refused(*arguments: object) -> str:
    """The one line an import is refused with."""
    with pytest.raises(CommandError) as error:
        run_import(*arguments)
    message = str(error.value)
    assert "\n" not in message
    assert message.endswith("Nothing was written.")
    assert error.value.returncode == 1
    assert is_empty()
    return message


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"csv"}))
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    assert "nowhere does not exist" in refused(name, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("movielens-100k", "u.data"),
        ("movielens-1m", "ratings.dat"),
        ("online-retail", "online_retail.csv"),
        ("amazon-reviews", "reviewerID"),
        ("retailrocket", "events.csv"),
    ],
)
def test_wrong_files_get_one_line_that_says_what_was_expected(
    tmp_path: Path, name: str, expected: str
) -> None:
    (tmp_path / "empty folder").mkdir()
    wrong = [
        tmp_path / "empty folder",
        write(tmp_path / "empty.csv", ""),
        write(tmp_path / "blank.csv", "\n\n"),
        write(tmp_path / "other.csv", "name,colour\nmug,blue\n"),
        write(tmp_path / "prose.txt", "It was a dark and stormy night.\n"),
        write(tmp_path / "utf16.csv", "user,item\n", "utf-16"),
    ]
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)))
    (tmp_path / "empty.gz").write_bytes(gzip.compress(b""))
    for path in [*wrong, tmp_path / "picture.png", tmp_path / "empty.gz"]:
        assert expected in refused(name, path), path


@pytest.mark.parametrize("name", ["movielens-100k", "movielens-1m", "amazon-reviews", "retailrocket"])
def test_a_zip_archive_is_to_be_unpacked_first(tmp_path: Path, name: str) -> None:
    book = Workbook()
    book.save(tmp_path / "data.xlsx")
    assert "unpack it first" in refused(name, tmp_path / "data.xlsx")


def test_a_broken_workbook_is_a_wrong_file(tmp_path: Path) -> None:
    (tmp_path / "Online Retail.xlsx").write_bytes(b"PK\x03\x04 and then nothing of the kind")
    assert "cannot be read as an Excel workbook" in refused("online-retail", tmp_path)


def test_an_empty_workbook_is_a_wrong_file(tmp_path: Path) -> None:
    Workbook().save(tmp_path / "Online Retail.xlsx")
    assert "empty workbook" in refused("online-retail", tmp_path)


def test_a_gzip_file_cut_short_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Several chunks are written before the end is found missing.
    monkeypatch.setattr("feedback.importers.reader.CHUNK_ROWS", 2000)
    monkeypatch.setattr("feedback.importers.files.SAMPLE", 16_384)
    lines = "".join(
        f"{user}\t{user * 7 % 1999}\t{user % 5 + 1}\t{881250949 + user * 37}\n" for user in range(1, 20_001)
    )
    packed = gzip.compress(lines.encode())
    (tmp_path / "u.data.gz").write_bytes(packed[: len(packed) - 2000])
    assert "cut short" in refused("movielens-100k", tmp_path, "--rejects", tmp_path / "r.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["u.data.gz"]


def test_a_tiny_gzip_file_cut_short_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "u.data.gz").write_bytes(gzip.compress(GOOD.encode())[:-9])
    assert "cut short" in refused("movielens-100k", tmp_path)


def test_a_damaged_gzip_file_is_a_wrong_file(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(GOOD.encode() * 500))
    packed[20:40] = bytes(20)
    (tmp_path / "u.data.gz").write_bytes(packed)
    assert "damaged" in refused("movielens-100k", tmp_path)


def test_a_file_with_a_header_and_no_rows_has_nothing_to_import(tmp_path: Path) -> None:
    file = write(tmp_path / "events.csv", "timestamp,visitorid,event,itemid,transactionid\n")
    assert "nothing to import" in refused("retailrocket", file)


def test_a_file_of_which_no_row_is_any_good_is_the_wrong_file(tmp_path: Path) -> None:
    file = write(tmp_path / "u.data", "1\t2\t9\t881250949\n" * 3)
    message = refused("movielens-100k", file)
    assert "None of the 3 rows could be used (3 x rating is not a whole number from 1 to 5)" in message


def test_a_folder_with_products_but_no_feedback_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "u.item", "1|Toy Story (1995)|01-Jan-1995||" + "|0" * 19 + "\n")
    assert "has no u.data" in refused("movielens-100k", tmp_path)


def test_an_interrupted_import_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(writer: Writer) -> None:
        assert Rating.objects.count() == 2
        raise KeyboardInterrupt

    monkeypatch.setattr(Writer, "finish", interrupt)
    file = write(tmp_path / "u.data", GOOD)
    with pytest.raises(CommandError, match=r"Interrupted\. Nothing was written") as error:
        run_import("movielens-100k", file, "--rejects", tmp_path / "r.csv")
    assert error.value.returncode == 130
    assert is_empty()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["u.data"]


def test_a_database_that_refuses_gets_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(writer: Writer) -> None:
        raise DatabaseError("database is locked")

    monkeypatch.setattr(Writer, "finish", refuse)
    with pytest.raises(CommandError, match=r"database is locked.*Nothing was written"):
        run_import("movielens-100k", write(tmp_path / "u.data", GOOD))
    assert is_empty()


def test_rows_of_bytes_that_are_no_text_are_refused_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # They are far enough into the file that its beginning looks well.
    monkeypatch.setattr("feedback.importers.reader.CHUNK_ROWS", 1000)
    monkeypatch.setattr("feedback.importers.files.SAMPLE", 16_384)
    lines = b"".join(b"u%07d,1,5,1714557600\n" % number for number in range(6_000))
    file = tmp_path / "r.csv"
    file.write_bytes(b"u,i,r,t\n" + lines + b"\xff\xfe,1,5,1714557600\nno\0l,1,5,1714557600\n")
    columns = "shopper=u,product=i,rating=r,time=t"
    report = run_import("csv", file, "--columns", columns, "--rejects", tmp_path / "x.csv")
    assert report["ratings new"] == 6_000
    assert [row[1:3] for row in read_rejects(tmp_path / "x.csv")] == [
        (6_002, "not utf-8 text"),
        (6_003, "binary data"),
    ]


def test_a_line_without_end_is_no_text_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedback.importers.files.MAX_LINE", 1000)
    file = write(tmp_path / "u.data", GOOD + "7" * 5000)
    assert "line 3 is longer" in refused("movielens-100k", file)


def test_rejects_are_written_in_a_dry_run_too(tmp_path: Path) -> None:
    file = write(tmp_path / "u.data", GOOD + "1\t2\n")
    run_import("movielens-100k", file, "--dry-run", "--rejects", tmp_path / "r.csv")
    assert read_rejects(tmp_path / "r.csv") == [("u.data", 3, "wrong number of fields", "1\t2")]
    assert is_empty()


def test_rejects_never_overwrite_what_is_being_read(tmp_path: Path) -> None:
    file = write(tmp_path / "u.data", GOOD)
    assert "is one of the files to be read" in refused("movielens-100k", file, "--rejects", file)
    assert file.read_text() == GOOD


@pytest.mark.parametrize("target", ["nowhere/r.csv", "."])
def test_rejects_that_cannot_be_written_are_told_before_the_import(tmp_path: Path, target: str) -> None:
    file = write(tmp_path / "u.data", GOOD)
    assert "--rejects" in refused("movielens-100k", file, "--rejects", tmp_path / target)


def test_limit_reads_so_many_rows_of_each_file(tmp_path: Path) -> None:
    report = run_import("movielens-100k", write(tmp_path / "u.data", GOOD), "--limit", 1)
    assert (report["rows read"], report["ratings new"]) == (1, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--limit", "0"],
        ["--default-price", "-1"],
        ["--default-price", "cheap"],
        ["--default-stock", "1.5"],
        ["--prefix", "a b"],
        ["--encoding", "klingon"],
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(CommandError, match=wrong[0]):
        run_import("movielens-100k", write(tmp_path / "u.data", GOOD), *wrong)


def test_an_unknown_format_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="movielens-100k"):
        run_import("netflix", tmp_path)


def test_progress_is_shown_on_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "u.data", GOOD)
    call_command("import_data", "movielens-100k", str(file), stdout=io.StringIO())
    shown = capsys.readouterr()
    assert "movielens-100k: 100%" in shown.err
    assert not shown.out


def test_every_format_counts_its_progress_to_the_end(tmp_path: Path) -> None:
    file = write(tmp_path / "u.data.gz", GOOD * 10_000)
    seen: list[int] = []
    reading = Reading(advance=seen.append)
    for _ in reading.separated(file, ("a", "b", "c", "d"), separator="\t", encoding="utf-8"):
        assert sum(seen) <= file.stat().st_size
    assert sum(seen) == file.stat().st_size


def test_an_import_inside_a_transaction_is_undone_with_it(tmp_path: Path) -> None:
    file = write(tmp_path / "u.data", GOOD)
    with transaction.atomic():
        run_import("movielens-100k", file)
        transaction.set_rollback(True)
    assert is_empty()
