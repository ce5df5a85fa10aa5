"""recommendations.conf: the settings as one frozen value."""

from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from feedback.models import TAKES_BACK, Event
from recommendations.conf import EVENT_WEIGHTS, HALF_LIFE_DAYS, RATING_WEIGHTS, conf
from recommendations.serving.history import STRENGTH
from recommendations.signals import RATING


def test_settings_are_read_at_every_call(settings):
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "retrain_min_interval": timedelta(hours=3)}
    assert conf().retrain_min_interval == timedelta(hours=3)


def test_a_setting_that_does_not_exist_is_named(settings):
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "retrain_after_rating": 3}
    with pytest.raises(TypeError, match="retrain_after_rating"):
        conf()


def test_nobody_changes_the_settings_by_the_way():
    with pytest.raises(FrozenInstanceError):
        conf().seed = 3  # type: ignore[misc]


def test_every_kind_of_event_and_every_star_has_its_weight_and_its_strength():
    assert set(EVENT_WEIGHTS) == set(Event.Kind.values) - set(TAKES_BACK)
    assert set(RATING_WEIGHTS) == {1, 2, 3, 4, 5}
    assert set(STRENGTH) == {*Event.Kind.values, RATING} - set(TAKES_BACK)


def test_more_stars_never_weigh_less_and_only_dislikes_are_negative():
    weights = [RATING_WEIGHTS[stars] for stars in range(1, 6)]
    assert weights == sorted(weights)
    assert {kind for kind, weight in EVENT_WEIGHTS.items() if weight < 0} == {"dismiss"}
    assert all(-1 <= weight <= 1 for weight in [*weights, *EVENT_WEIGHTS.values()])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"half_life_days": {"view": 0}}, "half_life_days must be above 0"),
        ({"half_life_days": {"glance": 30}}, "names glance; there are: basket, click"),
        ({"repeat_after": timedelta(days=-1)}, "repeat_after must not be negative"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_in_words(settings, wrong, words):
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, **wrong}
    with pytest.raises(ImproperlyConfigured, match=words):
        conf()


def test_whatever_is_good_news_ages_by_default_and_a_dismissal_does_not():
    assert set(HALF_LIFE_DAYS) == {*EVENT_WEIGHTS, RATING} - {"dismiss"}
    assert conf().half_life_days == HALF_LIFE_DAYS
