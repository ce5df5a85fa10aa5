"""Every answer and every log line of a request carries the request's id."""

import logging

import pytest
from django.test import Client

from shopreco.watching import request_id
from shopreco.watching.request_id import RequestIdFilter

ALIVE = "/api/v1/health/live"


def test_every_answer_carries_an_id_of_its_own(client: Client):
    first, second = (client.get(ALIVE)[request_id.HEADER] for _ in range(2))
    assert request_id.ACCEPTED.fullmatch(first)
    assert first != second


def test_the_id_of_a_proxy_is_kept(client: Client):
    assert (
        client.get(ALIVE, headers={"X-Request-ID": "edge-0123.4567"})[request_id.HEADER] == "edge-0123.4567"
    )


@pytest.mark.parametrize(
    "forged", ["", "short", "a" * 65, "two words here", "line\nbreak-here", '"}{"x":"y-123']
)
def test_an_id_that_could_forge_log_lines_is_replaced(client: Client, forged: str):
    answer = client.get(ALIVE, headers={"X-Request-ID": forged})[request_id.HEADER]
    assert answer != forged
    assert request_id.ACCEPTED.fullmatch(answer)


def test_records_carry_the_id_of_their_request():
    known_as = request_id.begin("edge-0123456789")
    record = logging.LogRecord("shop", logging.INFO, __file__, 1, "words", None, None)
    assert RequestIdFilter().filter(record)
    assert record.request_id == known_as  # type: ignore[attr-defined]


def test_what_django_logs_about_a_request_carries_its_id(client: Client, caplog: pytest.LogCaptureFixture):
    caplog.handler.addFilter(RequestIdFilter())
    answer = client.get("/api/v1/nothing-here")
    complaints = [record for record in caplog.records if record.name == "django.request"]
    assert [record.request_id for record in complaints] == [answer[request_id.HEADER]]  # type: ignore[attr-defined]
