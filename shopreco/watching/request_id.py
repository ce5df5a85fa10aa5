"""The id that every log line of a request carries, so that its lines can be found among the others."""

from __future__ import annotations

import logging
import os
import re
from contextvars import ContextVar
from random import Random

HEADER, SENT_AS = "X-Request-ID", "HTTP_X_REQUEST_ID"
NONE = "-"
# A proxy's own id is kept, so that its log and ours can be laid side by side; anything else could write
# lines of its own into the log.
ACCEPTED = re.compile(r"[A-Za-z0-9_.-]{8,64}")

_current: ContextVar[str] = ContextVar("request_id", default=NONE)
# No secrets: they only have to differ. The system is asked once in each process, not for every request.
_numbers = Random()  # noqa: S311
os.register_at_fork(after_in_child=_numbers.seed)


def begin(offered: str | None) -> str:
    """Make the offered id, or a new one, that of whatever this thread logs from now on.

    Until its next request: Django itself logs what went wrong only after the last middleware is through.
    """
    request_id = offered if offered and ACCEPTED.fullmatch(offered) else f"{_numbers.getrandbits(64):016x}"
    _current.set(request_id)
    return request_id


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to a record; "-" outside of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _current.get()
        return True
