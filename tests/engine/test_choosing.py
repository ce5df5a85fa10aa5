"""engine.choosing: the best algorithm within a budget, whatever goes wrong on the way."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.engine import choosing, searching
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.choosing import choose
from recommendations.engine.evaluation.cuts import Feedback, RandomCut, ask, latest
from recommendations.engine.evaluation.report import evaluate
from tests.engine.builders import tastes
from tests.engine.knobs import Knob, Watch, WithStarts, chosen, world


@pytest.fixture
def watch() -> Watch:
    return Watch()


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
