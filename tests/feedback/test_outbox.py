"""The outbox: what must follow a commit follows it, whatever dies in between, and twice does no harm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from feedback import erasing, outbox
from feedback.identity import merge_shopper
from feedback.models import BeatRound, OutboxEntry, Rating, Shopper
from feedback.tasks import catch_up
from recommendations.receivers import FEW, LISTS
from shopreco.cache import ForgivingRedisCache
from shopreco.celery import app
from tests.api import take_redis_away
from tests.factories import NOW, make_product, make_rating, make_shopper

pytestmark = pytest.mark.django_db(transaction=True)
A_MINUTE_LATER = NOW + erasing.LAST_ANSWER


@pytest.fixture
def done() -> Iterator[list[Any]]:
    """What the handlers of the kinds "note" and "linger" were given; "bad" fails while it is in `broken`."""
    given: list[Any] = []
    before = dict(outbox._handlers)
    outbox.handles("note")(given.append)
    outbox.handles("linger", until=timedelta(seconds=60))(given.append)
    yield given
    outbox._handlers.clear()
    outbox._handlers.update(before)


def waiting() -> list[str]:
    return list(OutboxEntry.objects.order_by("pk").values_list("kind", flat=True))


def killed_before_it_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies right after the commit."""
    monkeypatch.setattr(transaction, "on_commit", lambda *_args, **_kwargs: None)


class TestDelivery:
    def test_it_follows_the_commit_at_once_and_is_struck_off(self, done: list[Any]) -> None:
        with transaction.atomic():
            outbox.post("note", {"id": 7}, now=NOW)
            assert waiting() == ["note"] and not done
        assert done == [{"id": 7}] and not waiting()

    def test_what_was_rolled_back_is_followed_by_nothing(self, done: list[Any]) -> None:
        with pytest.raises(RuntimeError), transaction.atomic():
            outbox.post("note", {"id": 7}, now=NOW)
            raise RuntimeError
        assert outbox.catch_up(now=NOW) == 0
        assert not done and not waiting()

    def test_after_a_crash_the_beat_does_it_once(
        self, done: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as crash:
            killed_before_it_follows(crash)
            outbox.post("note", {"id": 7}, now=NOW)
        assert not done and waiting() == ["note"]
        assert (outbox.catch_up(now=NOW), outbox.catch_up(now=NOW)) == (1, 0)
        assert done == [{"id": 7}]

    def test_one_that_fails_stays_and_keeps_no_other_waiting(
        self, done: list[Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        outbox.post("nobody knows this kind", {}, now=NOW)
        outbox.post("note", {"id": 8}, now=NOW)
        assert waiting() == ["nobody knows this kind"] and done == [{"id": 8}]
        assert outbox.catch_up(now=NOW) == 0
        assert "it is tried again" in caplog.text
        outbox.handles("nobody knows this kind")(done.append)
        assert outbox.catch_up(now=NOW) == 1 and not waiting()

    def test_what_lingers_is_done_again_until_its_time_is_over(self, done: list[Any]) -> None:
        outbox.post("linger", {"id": 9}, now=NOW)
        assert (len(done), waiting()) == (1, ["linger"])
        assert outbox.catch_up(now=NOW + timedelta(seconds=59)) == 0
        assert outbox.catch_up(now=NOW + timedelta(seconds=60)) == 1
        assert (len(done), waiting()) == (3, [])

    def test_a_clock_set_back_leaves_nothing_behind_for_good(self, done: list[Any]) -> None:
        outbox.post("linger", {"id": 9}, now=NOW)
        assert outbox.catch_up(now=NOW - timedelta(days=1)) == 0
        assert outbox.catch_up(now=NOW + timedelta(minutes=2)) == 1


class TestTheBeat:
    def test_it_does_what_is_left_and_says_that_it_came_round(
        self, done: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as crash:
            killed_before_it_follows(crash)
            outbox.post("note", {"id": 1}, now=NOW)
        assert catch_up.name in {each["task"] for each in app.conf.beat_schedule.values()}
        for _ in range(2):
            app.tasks[catch_up.name]()
        assert done == [{"id": 1}]
        assert BeatRound.objects.get().name == "feedback"


class TestForgetting:
    """No list of somebody who was forgotten is served, or kept for longer than Redis is away."""

    @staticmethod
    def remember(shopper: Shopper) -> None:
        for kind in LISTS:
            cache.set(f"{kind}:{shopper.pk}:3:1:a", [1, 2])

    @staticmethod
    def remembered(shopper: Shopper) -> int:
        client = cache._cache.get_client()  # type: ignore[attr-defined]
        # A set: a scan may tell of one twice.
        return len({key for kind in LISTS for key in client.scan_iter(match=f"*:{kind}:{shopper.pk}:*")})

    def test_after_a_crash_between_commit_and_cache_the_beat_deletes_the_lists(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ann, bob = make_shopper(), make_shopper()
        self.remember(ann)
        self.remember(bob)
        with monkeypatch.context() as crash:
            killed_before_it_follows(crash)
            erasing.forget(Shopper.objects.filter(pk=ann.pk), now=NOW)
        assert self.remembered(ann) == len(LISTS)
        outbox.catch_up(now=A_MINUTE_LATER)
        assert (self.remembered(ann), self.remembered(bob)) == (0, len(LISTS))
        assert not waiting()

    def test_a_redis_that_is_away_is_told_when_it_is_back(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        ann = make_shopper()
        make_rating(ann, make_product(), 4)
        self.remember(ann)
        there = settings.CACHES
        take_redis_away(settings, monkeypatch)
        erasing.forget(Shopper.objects.all(), now=NOW)
        assert outbox.catch_up(now=A_MINUTE_LATER) == 0 and waiting() == [erasing.FORGOTTEN]
        assert not Rating.objects.exists(), "the forgetting itself waits for nothing"
        settings.CACHES = there
        ForgivingRedisCache._down_until = 0.0
        assert self.remembered(ann) == len(LISTS)
        assert outbox.catch_up(now=A_MINUTE_LATER) == 1
        assert self.remembered(ann) == 0

    def test_a_list_that_was_being_made_meanwhile_goes_too(self) -> None:
        ann = make_shopper()
        erasing.forget(Shopper.objects.filter(pk=ann.pk), now=NOW)
        self.remember(ann)  # by a request that had read ann before
        outbox.catch_up(now=NOW + timedelta(seconds=20))
        assert self.remembered(ann) == 0

    def test_of_very_many_at_once_everybodys_lists_go_in_one_pass(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shoppers = [make_shopper() for _ in range(FEW + 1)]
        for shopper in shoppers:
            self.remember(shopper)
        asked: list[str] = []
        real = ForgivingRedisCache.delete_matching

        def noted(self: ForgivingRedisCache, pattern: str) -> int:
            asked.append(pattern)
            return real(self, pattern)

        monkeypatch.setattr(ForgivingRedisCache, "delete_matching", noted)
        erasing.forget(Shopper.objects.all(), now=NOW)
        assert not any(self.remembered(shopper) for shopper in shoppers)
        assert len(asked) == len(LISTS)

    def test_the_entry_names_nobody(self) -> None:
        ann = make_shopper(external_id="ann-the-secret-agent")
        erasing.forget(Shopper.objects.filter(pk=ann.pk), now=NOW)
        (entry,) = OutboxEntry.objects.all()
        assert entry.payload == {"shopper_ids": [ann.pk]} and "secret" not in str(entry)

    def test_nobody_to_forget_leaves_no_entry(self) -> None:
        erasing.forget(Shopper.objects.none(), now=NOW)
        assert not waiting()

    def test_lists_of_a_visitor_who_signs_in_go_with_the_visitor(self) -> None:
        visitor, account = make_shopper(is_anonymous=True), make_shopper()
        self.remember(visitor)
        merge_shopper(source=visitor, target=account, now=NOW)
        assert self.remembered(visitor) == 0
