"""Where the catalogue asks for a personal order, without knowing who could give one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.dispatch import Signal
from django.http import HttpRequest

# Sent with request (HttpRequest) and now (datetime). A listener answers with a PersonalOrder when it knows
# this visitor's taste, else with None.
personal_order_wanted = Signal()

# Product ids -> those of them it has an opinion on, best first.
PersonalOrder = Callable[[Sequence[int]], list[int]]


def personal_order(request: HttpRequest, *, now: datetime) -> PersonalOrder | None:
    """How to order products for this visitor; None for somebody nothing is known about."""
    # robust: whoever fails is logged, and the listing is sorted as it is for everybody.
    answers = personal_order_wanted.send_robust(sender=None, request=request, now=now)
    return next((answer for _, answer in answers if callable(answer)), None)
