"""recommendations.search: what is trained, by name, by the live settings or by a search."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import pytest

from recommendations import dataset, search
from recommendations.conf import AUTO, Conf, conf
from recommendations.engine.algorithms.catalogue import ALGORITHMS, algorithm_named
from recommendations.models import ModelVersion
from recommendations.search import QUICK, by_search, nearby, without_search
from tests.factories import NOW, make_event, make_product, make_shopper
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def searching(settings) -> Conf:
    """A shop whose own feedback chooses, quickly."""
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "algorithm": AUTO, "search_seconds": 3.0}
    return conf()


def find(settings: Conf, *, live: ModelVersion | None = None, hurry=lambda: False):
    told: list[float] = []
    data = dataset.load(settings, now=NOW)
    found = by_search(data, live=live, settings=settings, now=NOW, tell=told.append, hurry=hurry)
    return found, told


class TestWithoutSearch:
    def test_an_algorithm_asked_for_by_name_is_taken(self):
        found = without_search("ease", live=None, settings=conf())
        assert (found.algorithm, found.chosen_by, found.automatic) == ("ease", None, False)
        assert found.config == algorithm_named("ease").config_class()

    def test_without_a_name_the_setting_says_which(self):
        assert without_search("", live=None, settings=conf()).algorithm == conf().algorithm == "svd"

    def test_the_first_model_of_an_automatic_shop_is_a_quick_one(self, searching):
        found = without_search("", live=None, settings=searching)
        assert (found.algorithm, found.provisional, found.automatic) == (QUICK, True, True)

    def test_then_the_live_settings_stay_with_what_is_known_of_how_they_were_found(self, searching):
        make_shop()
        live = publish_model("item_knn")
        live.metrics = {"chosen_by": {"trials": 7}}
        found = without_search("", live=live, settings=searching)
        assert (found.algorithm, found.chosen_by, found.provisional) == ("item_knn", {"trials": 7}, False)
        assert found.config.shrinkage == live.config["shrinkage"] == 1.0

    @pytest.mark.parametrize(
        "gone", [{"algorithm": "forgotten"}, {"algorithm": "ease", "config": {"no_such_setting": 1}}]
    )
    def test_settings_of_code_that_is_gone_are_replaced_by_the_quick_ones(self, searching, gone):
        found = without_search("", live=ModelVersion(pk=3, **gone), settings=searching)
        assert (found.algorithm, found.provisional) == (QUICK, True)


class TestSearching:
    def test_it_tells_what_it_tried_with_the_best_first_and_only_one_chosen(self, searching):
        make_shop()
        found, told = find(searching)
        assert isinstance(found.config, algorithm_named(found.algorithm).config_class)
        assert told and told == sorted(told) and told[-1] <= 1
        assert (found.searched, found.automatic, found.provisional) == (True, True, False)
        by = found.chosen_by
        assert by is not None
        values = [row["value"] for row in by["table"]]
        assert values == sorted(values, reverse=True)
        assert [row["algorithm"] for row in by["table"] if row["chosen"]] == [found.algorithm]
        assert {row["algorithm"] for row in by["table"]} | set(by["left_out"]) == set(ALGORITHMS)
        assert sum(row["trials"] for row in by["table"]) <= by["trials"]
        popularity = next(row for row in by["table"] if row["algorithm"] == "popularity")
        assert values[0] > popularity["value"] and "half-life" in popularity["settings"]
        assert by["at"] == NOW.isoformat() and not by["cut_short"]

    def test_it_keeps_to_its_time(self, searching):
        make_shop()
        started = time.monotonic()
        found, _ = find(searching)
        assert time.monotonic() - started < 3 * searching.search_seconds
        assert found.chosen_by is not None and 0 < found.chosen_by["seconds"] < 3 * searching.search_seconds

    def test_in_a_hurry_it_ends_at_once_with_what_it_has(self, settings):
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "algorithm": AUTO, "search_seconds": 600.0}
        make_shop()
        asked = itertools.count()
        started = time.monotonic()
        found, _ = find(conf(), hurry=lambda: next(asked) > 200)
        assert time.monotonic() - started < 60
        assert found.chosen_by is not None and found.chosen_by["cut_short"]
        assert found.algorithm in ALGORITHMS and found.searched

    def test_in_a_hurry_from_the_start_the_live_settings_stay(self, searching):
        make_shop()
        live = publish_model("item_knn")
        found, _ = find(searching, live=live, hurry=lambda: True)
        assert (found.algorithm, found.config.shrinkage, found.searched) == ("item_knn", 1.0, True)

    @pytest.mark.parametrize("events", [0, 3])
    def test_with_too_little_feedback_to_compare_on_the_quick_one_is_taken(self, searching, events):
        for _ in range(events):
            make_event(make_shopper(), make_product(), now=NOW)
        found, _ = find(searching)
        assert (found.algorithm, found.chosen_by) == (QUICK, None)
        assert found.searched and found.provisional

    def test_the_gates_part_has_no_say_in_it(self, searching, monkeypatch):
        """The search sees nothing of what comes after the gate's cut."""
        make_shop()
        data = dataset.load(searching, now=NOW)
        before = data.cut(searching.holdout_fraction)
        assert before is not None
        end = before[0].signals.times.max()
        seen: list[int] = []

        def look(train, validation, **_kwargs):
            seen.append(int(train.times.max()))
            assert all(int(history.times.max()) <= end for history in validation.histories)
            raise InterruptedError

        monkeypatch.setattr(search, "choose", look)
        with pytest.raises(InterruptedError):
            find(searching)
        assert seen and seen[0] < end


class TestNearby:
    def known(self, settings, algorithm="item_knn", **fields):
        live = publish_model(algorithm)
        live.metrics = {"chosen_by": {"trials": 7}}
        return replace(without_search("", live=live, settings=settings), **fields)

    def move(self, settings, known):
        told: list[float] = []
        data = dataset.load(settings, now=NOW)
        return nearby(data, known, settings=settings, now=NOW, tell=told.append), told

    def test_it_stays_with_the_winners_algorithm_and_says_when_it_moved(self, searching):
        make_shop()
        known = self.known(searching)
        found, told = self.move(searching, known)
        assert told and found.algorithm == "item_knn" and not found.searched
        assert found.chosen_by is not None and found.chosen_by["trials"] == 7
        assert (found.config != known.config) == ("moved" in found.chosen_by)

    def test_it_takes_a_tenth_of_a_searchs_time(self, settings):
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "algorithm": AUTO, "search_seconds": 20.0}
        make_shop()
        known = self.known(conf(), "svd")
        started = time.monotonic()
        self.move(conf(), known)
        assert time.monotonic() - started < 10

    @pytest.mark.parametrize("fields", [{"chosen_by": None}, {"provisional": True}])
    def test_settings_that_no_search_chose_are_left_alone(self, searching, fields):
        make_shop()
        known = self.known(searching, **fields)
        assert self.move(searching, known) == (known, [])

    def test_without_later_feedback_to_compare_on_nothing_moves(self, searching):
        make_event(make_shopper(), make_product(), now=NOW)
        known = self.known(searching)
        assert self.move(searching, known) == (known, [])
