"""One line per request, as words or as JSON, without what people searched for."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from threading import Thread, current_thread
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from pythonjsonlogger.json import JsonFormatter

from benchmarks import starter
from shopreco.settings.base import LOGGING
from shopreco.watching.lines import JsonLines, record_of

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def log(settings: Settings, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    settings.SHOPRECO_LOG_REQUESTS = True
    caplog.set_level(logging.INFO, logger="shopreco.requests")
    return caplog


def test_a_request_leaves_a_line_with_its_answer_and_its_time(client: Client, log: pytest.LogCaptureFixture):
    client.get("/api/v1/health/live")
    (line,) = [record for record in log.records if record.name == "shopreco.requests"]
    assert line.getMessage() == "GET /api/v1/health/live 200"
    assert line.status == 200  # type: ignore[attr-defined]
    assert line.milliseconds >= 0  # type: ignore[attr-defined]


def test_what_was_searched_for_is_not_in_the_log(client: Client, log: pytest.LogCaptureFixture):
    client.get("/products/?q=something-private")
    assert log.records
    assert "something-private" not in "".join(
        f"{record.getMessage()}{record.__dict__}" for record in log.records
    )


def test_no_line_is_written_where_it_is_switched_off(
    client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
):
    settings.SHOPRECO_LOG_REQUESTS = False
    caplog.set_level(logging.INFO, logger="shopreco.requests")
    client.get("/api/v1/health/live")
    assert not [record for record in caplog.records if record.name == "shopreco.requests"]


def _logged(tmp_path: Path, **environment: str) -> list[str]:
    """What a process with these settings writes about a request to an address that does not exist."""
    code = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "Client(HTTP_HOST='localhost').get('/api/v1/nothing?q=secret-words')"
    )
    ran = starter.python(["-c", code], {
        "PATH": "", "DJANGO_SETTINGS_MODULE": "shopreco.settings.dev", "LOG_REQUESTS": "1",
        "SHOPRECO_VAR_DIR": str(tmp_path), **environment,
    })  # fmt: skip
    ran.check_returncode()
    return ran.stderr.splitlines()


def test_as_json_every_line_is_an_object_with_the_id(tmp_path: Path):
    written = _logged(tmp_path, LOG_FORMAT="json")
    objects = [json.loads(line) for line in written]
    assert {each["logger"] for each in objects} == {"shopreco.requests", "django.request"}
    assert len({each["request_id"] for each in objects}) == 1
    assert all(each["level"] and each["time"] for each in objects)
    assert "secret-words" not in "".join(written)


def test_as_words_every_line_has_the_id_too(tmp_path: Path):
    request, complaint = _logged(tmp_path)
    assert "GET /api/v1/nothing 404" in request
    assert request.split()[4] == complaint.split()[4]


def test_an_unknown_format_is_refused_at_the_start(tmp_path: Path):
    with pytest.raises(subprocess.CalledProcessError) as failure:
        _logged(tmp_path, LOG_FORMAT="xml")
    assert "LOG_FORMAT" in failure.value.stderr


@pytest.mark.parametrize("path", ["/products/", '/a"b\\c/', "/é/\u2028/\x00/"])
def test_a_line_of_a_request_is_what_the_library_would_write(path: str) -> None:
    formatters: Any = LOGGING["formatters"]
    told = dict(formatters["json"])
    del told["()"]
    options = {"fmt" if name == "format" else name: value for name, value in told.items()}
    record: Any = record_of("GET", path, 200, 0.1)
    record.request_id = "abcdefgh"
    own, theirs = JsonLines(**options).format(record), JsonFormatter(**options).format(record)
    assert json.loads(own) == json.loads(theirs)
    assert list(json.loads(own)) == list(json.loads(theirs))


def test_a_record_of_a_request_has_all_that_logging_itself_tells() -> None:
    told = {"method": "GET", "path": "/", "status": 200, "milliseconds": 0.1}
    own = record_of("GET", "/", 200, 0.1)
    theirs = logging.getLogger(own.name).makeRecord(
        own.name, logging.INFO, own.pathname, 0, "%s %s %d", ("GET", "/", 200), None, extra=told
    )
    passing = {"created", "msecs", "relativeCreated"}
    assert own.__dict__.keys() == theirs.__dict__.keys()
    assert {name: own.__dict__[name] for name in own.__dict__.keys() - passing} == {
        name: theirs.__dict__[name] for name in theirs.__dict__.keys() - passing
    }
    assert abs(own.relativeCreated - theirs.relativeCreated - 1000 * (own.created - theirs.created)) < 1
    assert own.msecs == int(own.created % 1 * 1000)


def test_a_thread_is_named_in_its_own_records() -> None:
    names: list[str | None] = []
    thread = Thread(target=lambda: names.append(record_of("GET", "/", 200, 0.1).threadName), name="another")
    thread.start()
    thread.join()
    assert [*names, record_of("GET", "/", 200, 0.1).threadName] == ["another", current_thread().name]


def test_who_makes_records_of_their_own_makes_those_of_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    class Traced(logging.LogRecord):
        trace = "1234"

    monkeypatch.setattr(logging, "_logRecordFactory", Traced)
    record: Any = record_of("GET", "/", 200, 0.1)
    assert (record.trace, record.path, record.getMessage()) == ("1234", "/", "GET / 200")


def test_whatever_else_is_logged_is_written_by_the_library() -> None:
    try:
        raise ValueError("why")
    except ValueError:
        record = logging.getLogger("shopreco.requests").makeRecord(
            "shopreco.requests", logging.ERROR, "f", 0, "failed", (), sys.exc_info()
        )
    told = json.loads(JsonLines("{levelname}{message}", style="{").format(record))
    assert told["message"] == "failed" and "ValueError: why" in told["exc_info"]
