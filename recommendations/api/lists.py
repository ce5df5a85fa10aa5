"""Shoppers' lists as answers: asked for by a query string, kept by the versions they are made of."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from django.http import QueryDict

from catalog.columns import Catalogue
from recommendations.api.bodies import body_of
from recommendations.api.queries import RecommendationQuery, filters_of
from recommendations.conf import conf
from recommendations.serving import kept
from recommendations.serving.kept import Fetched
from recommendations.serving.listed import listed_for
from recommendations.serving.results import Sort
from recommendations.serving.service import Asked
from recommendations.serving.snapshot import Snapshot
from recommendations.serving.state import Whose

DAY = 86_400
QUERIES = 1000


@dataclass(frozen=True, slots=True)
class Question:
    """A checked query string."""

    asked: Asked
    explain: bool


Questions = OrderedDict[str, Question]
# Those checked with one catalogue, the latest: a category may have another name in the next.
_checked: tuple[Catalogue | None, Questions] = None, OrderedDict()


def question_of(query_string: str, catalogue: Catalogue) -> Question:
    """What the query string asks for. Raises a ValidationError (400) that names what is wrong with which."""
    global _checked
    checked_with, questions = _checked
    if checked_with is not catalogue:
        questions = OrderedDict()
        _checked = catalogue, questions
    known = questions.get(query_string)
    if known is not None:
        return known
    checked = RecommendationQuery(data=QueryDict(query_string).dict())
    checked.is_valid(raise_exception=True)
    values: dict[str, Any] = checked.validated_data
    asked = Asked(filters_of(values), Sort(values["sort"]), values["limit"], values["offset"])
    found = questions[query_string] = Question(asked, values["explain"])
    while len(questions) > QUERIES:
        questions.popitem(last=False)
    return found


def name_of(
    shopper: Whose | None,
    question: Question,
    query_string: str,
    root: str,
    snapshot: Snapshot,
    now: datetime,
) -> str | None:
    """What the answer is kept under: another name whenever anything that it is made of is another.

    None for what is not kept: lists of what is trending, which are kept as such, and what everybody's ratings
    have a part in, since these move no version on.
    """
    model, asked = snapshot.model, question.asked
    if model is None or asked.sort == Sort.TOP_RATED:
        return None
    if asked.filters.min_predicted is not None and model.bundle.ratings is None:
        return None
    rules = snapshot.rules
    in_force = "".join(["1" if rule.holds_at(now) else "0" for rule in rules]) if rules else ""
    whose = f"{shopper.pk}:{shopper.feedback_version}:{shopper.consent:d}" if shopper else "0:0:0"
    # What is explored is another every day.
    stamp, day = snapshot.stamp, int(now.timestamp()) // DAY
    made_of = _digest(
        stamp.epoch, stamp.version, model.version, in_force, day, conf().fingerprint, f"{root}?{query_string}"
    )
    return f"lists:{whose}:{made_of}"


@lru_cache(maxsize=QUERIES)
def _digest(*parts: str | int) -> str:
    """Names what the lists of all who ask the same are made of."""
    return blake2b(":".join(map(str, parts)).encode(), digest_size=12).hexdigest()


def taken_or_made(
    found: Fetched,
    shopper: Whose | None,
    question: Question,
    name: str,
    *,
    root: str,
    now: datetime,
    snapshot: Snapshot,
    told: str | None = None,
) -> bytes:
    """The answer that was fetched, that somebody else is making, or made now.

    told: the text of the shopper's history, where it was read already.
    """
    body = found.body or (None if found.is_mine else kept.wait_for(name))
    if body is not None:
        return body
    to_keep = name if found.is_there else None
    return _made(shopper, question, to_keep, root=root, now=now, snapshot=snapshot, told=told)


def _made(
    shopper: Whose | None,
    question: Question,
    name: str | None,
    *,
    root: str,
    now: datetime,
    snapshot: Snapshot,
    told: str | None = None,
) -> bytes:
    """The answer, computed now and kept under the name, if it has one."""
    found = listed_for(shopper, question.asked, now=now, snapshot=snapshot, told=told)
    body = body_of(found, root=root, explain=question.explain)
    if name is not None:
        kept.keep(name, body, seconds=conf().list_cache_seconds)
    return body


def answered(
    shopper: Whose | None, query_string: str, *, root: str, now: datetime, snapshot: Snapshot
) -> bytes:
    """The answer, kept or computed. Raises a ValidationError (400) for a bad query string."""
    question = question_of(query_string, snapshot.catalogue)
    name = name_of(shopper, question, query_string, root, snapshot, now)
    if name is not None:
        return taken_or_made(kept.fetch(name), shopper, question, name, root=root, now=now, snapshot=snapshot)
    return _made(shopper, question, name, root=root, now=now, snapshot=snapshot)
