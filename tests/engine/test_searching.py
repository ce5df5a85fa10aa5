"""engine.searching and starting: what is tried, in which order, on how many shoppers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

from recommendations.engine import searching
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.searching import rungs
from recommendations.engine.starting import configurations, neighbours
from recommendations.engine.trials import compact
from tests.engine.builders import tastes
from tests.engine.knobs import Knob, KnobConfig, Watch, WithStarts, chosen, near, world


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_every_value_worth_trying_makes_a_configuration(name: str) -> None:
    algorithm = ALGORITHMS[name]
    default = algorithm.config_class()
    for setting, values in algorithm.search.items():
        assert hasattr(default, setting)
        assert len(values) == len(set(values)) > 1
        for value in values:
            if value != getattr(default, setting):
                assert any(getattr(config, setting) == value for config in _all_steps(algorithm, setting))


def _all_steps(algorithm: Any, setting: str) -> list[Any]:
    """What is reached from the default by steps in one setting."""
    found = [algorithm.config_class()]
    for config in found:
        near = neighbours(config, setting, algorithm.search[setting])
        found += [each for each in near if each not in found]
    return found


def test_configurations_begin_with_the_default_and_do_not_repeat(watch: Watch) -> None:
    found = list(configurations(Knob("knob", watch), frozenset(), np.random.default_rng(0)))
    assert found[0] == KnobConfig()
    # 8 x 2 combinations without the invalid 7s.
    assert len(found) == len(set(found)) == 14


def test_neighbours_are_one_step_away(watch: Watch) -> None:
    def near(knob: int, step: int = 1) -> list[int]:
        found = neighbours(KnobConfig(knob=knob), "knob", Knob("knob", watch).search["knob"], step=step)
        return [config.knob for config in found]

    assert near(3) == [4, 2]
    assert near(6) == [5]
    assert near(3, step=2) == [5, 1]
    assert near(1, step=2) == [3, 0]
    # A value that is not in the list may go anywhere in it that is valid.
    assert len(near(99)) == 7


def test_samples_grow_fourfold_and_small_data_needs_none() -> None:
    assert rungs(50_000) == []
    assert rungs(200_000) == [0.02, 0.25]
    assert rungs(4_000_000) == [0.001, 0.015625, 0.0625, 0.25]


def test_a_compact_sample_holds_the_same_rows_and_nothing_else() -> None:
    whole = tastes()
    part = whole.rows(whole.shopper < 5)
    small = compact(part)
    assert len(small.shoppers) == 5
    assert set(small.product.tolist()) == set(range(len(small.products)))
    np.testing.assert_array_equal(small.products.ids[small.product], part.products.ids[part.product])
    np.testing.assert_array_equal(small.shoppers.ids[small.shopper], part.shoppers.ids[part.shopper])


def test_around_an_earlier_winner_only_its_own_settings_and_the_baselines_are_tried(
    monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    winner = ("winner", KnobConfig(knob=4, other="b"))
    outcome = near(monkeypatch, watch, winner, "popularity", "item_knn", "other", "winner")
    assert outcome.best is not None
    assert outcome.best.config.knob == 5
    assert {trial.algorithm for trial in outcome.trials} == {"popularity", "item_knn", "winner"}
    assert outcome.left_out == {"other": "the earlier winner was of another kind"}
    own = [trial.config for trial in outcome.trials if trial.algorithm == "winner"]
    assert own[0] == winner[1]
    # Not its default, nor anything else that is far away.
    assert all(abs(config.knob - 4) <= 3 for config in own)
    baselines = [trial for trial in outcome.trials if trial.algorithm == "item_knn"]
    assert [trial.config for trial in baselines] == [KnobConfig()]


def test_a_search_around_a_winner_is_short(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> None:
    whole = chosen(monkeypatch, watch, Knob("a", watch), Knob("winner", watch))
    short = near(monkeypatch, watch, ("winner", KnobConfig(knob=5)), "a", "winner")
    assert len(short.trials) < len(whole.trials) / 2


@pytest.mark.parametrize("budget", [3.0, 10.0, 40.0])
def test_a_search_around_a_winner_keeps_to_its_time(
    monkeypatch: pytest.MonkeyPatch, watch: Watch, budget: float
) -> None:
    knobs = (Knob("popularity", watch, cost=0.1, spoilt=5.0), Knob("winner", watch))
    outcome = chosen(monkeypatch, watch, *knobs, budget=budget, around=("winner", KnobConfig(knob=3)))
    assert outcome.best is not None
    assert watch.seconds + outcome.best.fit_seconds <= budget


def test_starts_are_tried_before_all_other_settings(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> None:
    outcome = chosen(monkeypatch, watch, WithStarts("knob", watch))
    first = [trial.config for trial in outcome.trials[:4]]
    assert first == [KnobConfig(), KnobConfig(2), KnobConfig(5, "b"), KnobConfig(3)]
    assert outcome.best is not None
    assert outcome.best.config.knob == 5


def test_the_starts_of_what_is_dear_are_tried_on_a_sample_and_the_best_of_them_on_all(
    monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    monkeypatch.setattr(searching, "RUNG_ROWS", 500)
    monkeypatch.setattr(searching, "PROBE_ROWS", 300)
    rows = len(world()[0])
    quick, dear = Knob("quick", watch, cost=0.01, spoilt=1.0), WithStarts("dear", watch, cost=20.0)
    outcome = chosen(monkeypatch, watch, quick, dear, budget=300.0)
    own = [trial for trial in outcome.trials if trial.algorithm == "dear"]
    sampled = {trial.config.knob for trial in own if trial.share == 0.25}
    assert sampled == {0, 2, 3, 5}
    on_all = [config.knob for config, size in dear.fits if size == rows]
    assert on_all[0] == 5
    assert 0 not in on_all
    assert outcome.best is not None
    assert outcome.best.algorithm == "dear"


def test_what_is_dear_and_behind_with_nothing_else_to_try_stays_on_its_sample(
    monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    monkeypatch.setattr(searching, "RUNG_ROWS", 500)
    monkeypatch.setattr(searching, "PROBE_ROWS", 300)

    class Alone(Knob):
        starts: ClassVar[tuple[Mapping[str, Any], ...]] = ()

    rows = len(world()[0])
    good, behind = WithStarts("good", watch, cost=1.0), Alone("behind", watch, cost=20.0, spoilt=20.0)
    outcome = chosen(monkeypatch, watch, good, behind, budget=700.0)
    assert rows not in [size for _, size in behind.fits]
    assert outcome.left_out == {
        "behind": "on a sample of the shoppers it fell behind or was too slow for all of them"
    }


def test_the_same_trials_lead_to_the_same_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = []
    for _ in range(2):
        watch = Watch()
        outcomes.append(
            chosen(monkeypatch, watch, Knob("a", watch), WithStarts("b", watch, spoilt=0.5), budget=300.0)
        )
    assert outcomes[0] == outcomes[1]
