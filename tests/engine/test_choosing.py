"""The search: what it picks, and how it keeps to its time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from recommendations.engine import choosing, searching
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.choosing import Outcome, choose
from recommendations.engine.evaluation.cuts import Feedback, RandomCut, ask, latest
from recommendations.engine.evaluation.report import evaluate
from recommendations.engine.searching import rungs
from recommendations.engine.starting import configurations, neighbours
from recommendations.engine.trials import compact
from recommendations.engine.types import Arrays, Floats, Interactions, Progress, Vocabulary
from tests.engine.builders import tastes


class Watch:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass(frozen=True)
class KnobConfig:
    """The model is the better the nearer the knob is to 5."""

    knob: int = 0
    other: str = "a"

    def __post_init__(self) -> None:
        if self.knob == 7:
            raise ValueError("7 is never valid.")


class KnobModel:
    def __init__(self, products: Vocabulary, truth: Floats, noise: float) -> None:
        self.products = products
        self._truth = truth
        self._noise = noise

    def score(self, histories) -> Floats:
        random = np.random.default_rng(0)
        noise = random.normal(size=len(self._truth))
        return np.tile(np.float32(self._truth + self._noise * noise), (len(histories), 1))

    def arrays(self) -> Arrays:
        return {}


class Knob:
    """Popularity, spoilt by noise; a fit takes `cost` seconds a thousand rows, reported in ten steps."""

    config_class = KnobConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {"knob": (0, 1, 2, 3, 4, 5, 6, 7), "other": ("a", "b")}

    def __init__(self, name: str, watch: Watch, *, cost: float = 1.0, spoilt: float = 0.0) -> None:
        self.name = name
        self._watch = watch
        self._cost = cost
        self._spoilt = spoilt
        self.fits: list[tuple[KnobConfig, int]] = []

    def affordable(self, shoppers: int, products: int, interactions: int) -> bool:
        return products < 10_000

    def fit(
        self, interactions: Interactions, config: KnobConfig, *, seed: int, progress: Progress
    ) -> KnobModel:
        self.fits.append((config, len(interactions)))
        for step in range(10):
            self._watch.seconds += self._cost * len(interactions) / 10_000
            progress((step + 1) / 10)
        counts = np.bincount(interactions.product, minlength=len(interactions.products))
        noise = self._spoilt + 0.5 * abs(config.knob - 5)
        return KnobModel(interactions.products, (counts / counts.max()).astype(np.float32), noise)

    def restore(self, config: Any, products: Vocabulary, arrays: Arrays) -> KnobModel:
        raise NotImplementedError


def world(shoppers: int = 400, products: int = 60, seed: int = 0):
    """(training part, validation part) of shoppers whose taste is popularity."""
    random = np.random.default_rng(seed)
    chance = 0.6 * 0.93 ** np.arange(products)
    shopper, product = np.nonzero(random.random((shoppers, products)) < chance)
    ones = np.ones(len(shopper), np.float32)
    rows = Feedback(shopper, product, ones, ones * np.nan, np.arange(len(shopper)))
    kept = RandomCut(fraction=0.3, seed=seed).learned(rows)
    train = latest(rows.rows(kept))
    return train, ask(train, rows.rows(~kept), newcomers=False)


@pytest.fixture
def watch() -> Watch:
    return Watch()


def chosen(
    monkeypatch: pytest.MonkeyPatch, watch: Watch, *algorithms: Knob, budget: float = 10_000.0, **options: Any
) -> Outcome:
    known = {algorithm.name: algorithm for algorithm in algorithms}
    monkeypatch.setattr(choosing, "ALGORITHMS", known)
    train, validation = world()
    return choose(
        train, validation, names=tuple(known), k=10, seed=0, now=watch, budget=budget,
        tell=lambda *_: None, **options,
    )  # fmt: skip


def test_the_best_setting_is_found_by_steps(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> None:
    outcome = chosen(monkeypatch, watch, Knob("knob", watch))
    assert outcome.best is not None
    assert outcome.best.config.knob == 5
    assert outcome.best.share == 1.0


def test_the_better_algorithm_is_chosen_whatever_its_place(
    monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    good, bad = Knob("good", watch), Knob("bad", watch, spoilt=3.0)
    for order in ((good, bad), (bad, good)):
        outcome = chosen(monkeypatch, watch, *order)
        assert outcome.best is not None
        assert outcome.best.algorithm == "good"
        assert outcome.best.value == max(trial.value for trial in outcome.trials if trial.share == 1.0)


def test_no_configuration_is_fitted_twice_on_the_same_data(
    monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    knob = Knob("knob", watch)
    chosen(monkeypatch, watch, knob)
    assert len(knob.fits) == len(set(knob.fits)) > 5


@pytest.mark.parametrize("budget", [5.0, 20.0, 60.0, 200.0])
def test_the_budget_holds_with_the_last_fit_kept_free(
    monkeypatch: pytest.MonkeyPatch, watch: Watch, budget: float
) -> None:
    cheap, dear = Knob("cheap", watch, cost=0.1, spoilt=0.5), Knob("dear", watch, cost=5.0)
    outcome = chosen(monkeypatch, watch, cheap, dear, budget=budget)
    assert outcome.best is not None
    assert watch.seconds + outcome.best.fit_seconds <= budget


def test_what_takes_too_long_is_given_up_for_what_does_not(
    monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    quick, endless = Knob("quick", watch, cost=0.1), Knob("endless", watch, cost=1_000.0)
    outcome = chosen(monkeypatch, watch, quick, endless, budget=300.0)
    assert outcome.best is not None
    assert outcome.best.algorithm == "quick"
    assert outcome.left_out == {"endless": "no fit could be finished in time"}
    assert watch.seconds <= 300


def test_the_best_of_a_sample_is_taken_where_all_shoppers_would_take_too_long(
    monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    monkeypatch.setattr(searching, "RUNG_ROWS", 500)
    monkeypatch.setattr(searching, "PROBE_ROWS", 300)
    poor, dear = Knob("poor", watch, cost=0.1, spoilt=20.0), Knob("dear", watch, cost=20.0)
    outcome = chosen(monkeypatch, watch, poor, dear, budget=100.0)
    assert outcome.best is not None
    assert (outcome.best.algorithm, outcome.best.share) == ("dear", 0.25)
    assert "dear" not in outcome.by_algorithm
    assert watch.seconds + 20.0 * len(world()[0]) / 1_000 <= 100


def test_what_learns_from_data_is_not_given_up_for_popularity_on_small_samples(
    monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    monkeypatch.setattr(searching, "RUNG_ROWS", 500)
    monkeypatch.setattr(searching, "PROBE_ROWS", 300)
    rows = len(world()[0])

    class Learner(Knob):
        def fit(self, interactions, config, **options):
            model = super().fit(interactions, config, **options)
            model._noise += 20.0 * (len(interactions) < rows)
            return model

    popular, learner = Knob("popularity", watch, cost=0.01, spoilt=0.3), Learner("learner", watch, cost=5.0)
    outcome = chosen(monkeypatch, watch, popular, learner, budget=400.0)
    assert outcome.best is not None
    assert outcome.best.algorithm == "learner"
    small = {trial.share: trial.value for trial in outcome.trials if trial.algorithm == "learner"}
    assert small[0.25] < 0.7 * outcome.by_algorithm["popularity"].value


def test_further_cuts_are_averaged_over(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> None:
    knob = Knob("knob", watch)
    further = [world(seed=1), world(seed=2)]
    outcome = chosen(monkeypatch, watch, knob, further=further, budget=1_000.0)
    assert outcome.best is not None
    values = []
    for train, asked in [world(), *further]:
        model = knob.fit(train, outcome.best.config, seed=0, progress=lambda _: None)
        values.append(evaluate(model, asked, ks=(10,)).values["ndcg@10"])
    assert outcome.best.value == pytest.approx(np.mean(values))
    assert outcome.best.fit_seconds == pytest.approx(
        sum(len(train) for train, _ in [world(), *further]) / 1_000
    )


def test_a_larger_budget_tries_more(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> None:
    few = chosen(monkeypatch, watch, Knob("knob", watch, cost=1.0), budget=15.0)
    many = chosen(monkeypatch, watch, Knob("knob", watch, cost=1.0), budget=4_000.0)
    assert len(few.trials) < len(many.trials)


def test_an_algorithm_that_cannot_afford_the_size_is_not_even_started(
    monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    knob = Knob("knob", watch)
    outcome = chosen(monkeypatch, watch, knob, size=(43_000, 36_000, 1_000_000))
    assert not knob.fits
    assert outcome.best is None
    assert outcome.left_out == {"knob": "too large for it"}


@pytest.mark.parametrize("size", [(43_000, 36_000, 1_000_000), (30_000, 41_000, 810_000)])
def test_large_shops_keep_an_algorithm_that_knows_the_shopper_and_drop_the_dense_one(
    size: tuple[int, int, int],
) -> None:
    affordable = {name for name, algorithm in ALGORITHMS.items() if algorithm.affordable(*size)}
    assert "ease" not in affordable
    assert affordable >= {"popularity", "item_knn"}


def test_every_algorithm_can_afford_a_small_shop() -> None:
    assert all(algorithm.affordable(1_500, 1_500, 50_000) for algorithm in ALGORITHMS.values())


def test_a_fit_that_fails_is_not_the_best_and_does_not_end_the_search(
    monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    class Breaking(Knob):
        def fit(self, interactions, config, **options):
            if config.knob % 2:
                raise ValueError("did not converge")
            return super().fit(interactions, config, **options)

    outcome = chosen(monkeypatch, watch, Breaking("breaking", watch))
    assert outcome.best is not None
    assert outcome.best.config.knob % 2 == 0


def test_an_interrupt_ends_the_search_at_once(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    known = {"knob": Knob("knob", watch)}
    monkeypatch.setattr(choosing, "ALGORITHMS", known)
    train, validation = world()
    with pytest.raises(KeyboardInterrupt):
        choose(
            train, validation, names=("knob",), k=10, seed=0, now=watch, budget=100, tell=interrupt
        )  # fmt: skip


def test_nobody_to_ask_chooses_nothing() -> None:
    train, validation = world()
    nobody = ask(train, Feedback(*(np.empty(0, np.int64) for _ in range(5))), newcomers=False)  # type: ignore[arg-type]
    outcome = choose(
        train, nobody, names=("popularity",), k=10, seed=0, now=Watch(), budget=100, tell=lambda *_: None
    )
    assert outcome.best is None
    assert len(validation) > 0


def test_the_real_algorithms_are_searched_and_a_personal_one_wins_on_tastes() -> None:
    data = tastes(shoppers=200, products=60, seed=1)
    liked = data.rows(data.weights > 0)
    rows = Feedback(
        liked.shoppers.ids[liked.shopper], liked.products.ids[liked.product], liked.weights, liked.ratings,
        liked.times,
    )  # fmt: skip
    kept = RandomCut(fraction=0.2).learned(rows)
    train = latest(rows.rows(kept))
    validation = ask(train, rows.rows(~kept), newcomers=False)
    outcome = choose(
        train, validation, names=("popularity", "item_knn", "ease"), k=10, seed=0, now=Watch(), budget=100,
        tell=lambda *_: None,
    )  # fmt: skip
    assert set(outcome.by_algorithm) == {"popularity", "item_knn", "ease"}
    assert outcome.best is not None
    assert outcome.best.algorithm in {"item_knn", "ease"}
    assert outcome.best.value > 1.1 * outcome.by_algorithm["popularity"].value


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


def near(monkeypatch: pytest.MonkeyPatch, watch: Watch, around: tuple[str, Any], *names: str) -> Outcome:
    return chosen(monkeypatch, watch, *(Knob(name, watch) for name in names), around=around)


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


class WithStarts(Knob):
    starts: ClassVar[tuple[Mapping[str, Any], ...]] = ({"knob": 2}, {"knob": 5, "other": "b"}, {"knob": 3})


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


@pytest.mark.parametrize("budget", [2.0, 8.0, 30.0])
def test_a_budget_that_hardly_allows_anything_still_chooses_something(
    monkeypatch: pytest.MonkeyPatch, watch: Watch, budget: float
) -> None:
    monkeypatch.setattr(searching, "RUNG_ROWS", 100)
    monkeypatch.setattr(searching, "PROBE_ROWS", 50)
    knobs = (WithStarts("popularity", watch, cost=0.0), WithStarts("dear", watch, cost=10.0))
    outcome = chosen(monkeypatch, watch, *knobs, budget=budget)
    assert outcome.best is not None
    assert watch.seconds + outcome.best.fit_seconds <= budget
