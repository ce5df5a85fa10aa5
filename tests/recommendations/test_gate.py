"""recommendations.gate: a candidate earns its place."""

import json
from dataclasses import asdict
from datetime import timedelta

import pytest

from recommendations import dataset
from recommendations.conf import conf
from recommendations.engine.algorithms.blend import BlendConfig
from recommendations.engine.algorithms.item_knn import ItemKnnConfig
from recommendations.engine.algorithms.popularity import PopularityConfig
from recommendations.gate import Plan, decide, judge, same_settings
from recommendations.models import ModelVersion
from tests.factories import NOW, make_event, make_product, make_shopper
from tests.shops import make_shop, publish_model

Figure = float | None


def live_version(figure: Figure = None, **metrics: object) -> ModelVersion:
    measured = {"candidate": {"ndcg@10": figure}} if figure is not None else {}
    return ModelVersion(pk=3, algorithm="ease", metrics={**measured, **metrics})


def verdict(
    candidate: Figure, *, live: ModelVersion | None, rival: Figure = None, same_kind: bool = False,
    spread: float = 0.0, refreshes: bool = False, outgrown: bool = False,
):  # fmt: skip
    value = candidate - rival if candidate is not None and rival is not None else None
    metrics = {
        "candidate": {"ndcg@10": candidate},
        "live": None if same_kind or live is None else {"ndcg@10": rival},
        "difference": None
        if value is None
        else {"value": value, "low": value - spread, "high": value + spread},
    }
    found = decide(
        metrics, live=live, same_kind=same_kind, tolerated_loss=0.2, refreshes=refreshes, outgrown=outgrown
    )
    assert found.metrics is metrics
    return found


class TestDeciding:
    def test_the_first_model_is_published_whatever_it_measures(self):
        assert verdict(0.0, live=None).publish
        assert verdict(0.1234, live=None).words == "First model. NDCG@10 0.1234."

    def test_the_first_model_is_published_even_unmeasured(self):
        found = verdict(None, live=None)
        assert found.publish and "not measurable yet" in found.words

    @pytest.mark.parametrize(
        ("candidate", "rival", "publish"),
        [
            pytest.param(0.31, 0.30, True, id="better"),
            pytest.param(0.30, 0.30, False, id="a tie keeps the live one"),
            pytest.param(0.29, 0.30, False, id="worse"),
            pytest.param(None, 0.30, False, id="unmeasured against measured"),
            pytest.param(0.01, None, True, id="measured against unmeasured"),
            pytest.param(None, None, True, id="neither is measurable"),
        ],
    )
    def test_another_kind_must_be_better_than_the_live_one(self, candidate, rival, publish):
        found = verdict(candidate, live=live_version(), rival=rival)
        assert found.publish is publish
        assert "ease" in found.words
        assert ("kept the live one" in found.words) is not publish
        assert not found.alarm

    @pytest.mark.parametrize(("spread", "publish"), [(0.009, True), (0.011, False)])
    def test_a_difference_whose_interval_holds_zero_is_a_tie(self, spread, publish):
        assert verdict(0.31, live=live_version(), rival=0.30, spread=spread).publish is publish

    @pytest.mark.parametrize(
        ("candidate", "before", "publish"),
        [
            pytest.param(0.40, 0.30, True, id="better"),
            pytest.param(0.30, 0.30, True, id="a tie is a refresh"),
            pytest.param(0.2401, 0.30, True, id="a little worse: the shop has moved on"),
            pytest.param(0.2399, 0.30, False, id="much worse: something is wrong with the data"),
            pytest.param(None, 0.30, True, id="unmeasured now"),
            pytest.param(0.01, None, True, id="unmeasured when it was published"),
        ],
    )
    def test_a_refresh_of_the_same_kind_is_published_unless_it_is_much_worse(
        self, candidate, before, publish
    ):
        found = verdict(candidate, live=live_version(before), same_kind=True)
        assert found.publish is publish
        assert found.words.startswith("Refreshed.") is publish
        assert found.alarm is not publish

    def test_a_chosen_candidate_that_is_not_better_leaves_the_settings_but_they_learn(self):
        found = verdict(0.30, live=live_version(0.29), rival=0.30, refreshes=True)
        assert (found.publish, found.keeps_settings, found.alarm) == (True, True, False)
        assert "kept its settings" in found.words
        assert not verdict(0.31, live=live_version(0.29), rival=0.30, refreshes=True).keeps_settings

    def test_unless_they_have_become_much_worse_themselves(self):
        found = verdict(0.20, live=live_version(0.30), rival=0.20, refreshes=True)
        assert (found.publish, found.keeps_settings, found.alarm) == (False, False, True)

    @pytest.mark.parametrize(
        ("candidate", "spread", "replaces"), [(0.30, 0.1, True), (0.31, 0.1, True), (0.29, 0.1, False)]
    )
    def test_a_quick_first_model_only_stays_if_it_is_the_better_one(self, candidate, spread, replaces):
        live = live_version(0.30, provisional=True)
        found = verdict(candidate, live=live, rival=0.30, spread=spread, refreshes=True)
        assert found.publish and found.keeps_settings is not replaces

    def test_figures_of_a_shop_that_was_much_smaller_are_no_yardstick(self):
        assert verdict(0.1, live=live_version(0.3), same_kind=True).alarm
        found = verdict(0.1, live=live_version(0.3), same_kind=True, outgrown=True)
        assert found.publish and not found.alarm

    def test_a_live_version_published_without_figures_is_refreshed(self):
        assert verdict(0.1, live=live_version(candidate=None), same_kind=True).publish


@pytest.mark.django_db
class TestJudging:
    def judge(self, algorithm="item_knn", live=None, refreshes=False):
        watched: list[float] = []
        data = dataset.load(conf(), now=NOW)
        found = judge(
            data, algorithm, live=live, settings=conf(), refreshes=refreshes, progress=watched.append
        )
        return found, watched

    def test_the_figures_lie_beside_those_of_the_baselines(self):
        make_shop()
        found, watched = self.judge("svd")
        assert found.publish
        assert set(found.metrics) == {
            "protocol",
            "algorithm",
            "candidate",
            "baselines",
            "live",
            "difference",
            "seconds",
            "intervals",
            "segments",
        }
        assert found.metrics["algorithm"] == "svd"
        assert set(found.metrics["baselines"]) == {"popularity", "item_knn"}
        assert found.metrics["live"] is None
        assert found.metrics["protocol"]["split"] == "time"
        assert found.metrics["protocol"]["shoppers"] > 10
        assert {"rmse", "mae"} <= set(found.metrics["candidate"])
        assert {"ndcg@10", "recall@10", "coverage@10"} <= set(found.metrics["baselines"]["popularity"])
        assert set(found.metrics["seconds"]) == {"fit", "evaluate"}
        assert watched == sorted(watched) and watched[0] >= 0 and watched[-1] <= 1

    def test_every_figure_lies_within_its_interval_and_the_segments_add_up(self):
        make_shop()
        metrics = self.judge("svd", live=publish_model("popularity"))[0].metrics
        whole = {"candidate": metrics["candidate"], "live": metrics["live"], **metrics["baselines"]}
        assert set(metrics["intervals"]) == set(whole) == {"candidate", "live", "popularity", "item_knn"}
        for name, figures in whole.items():
            low, high = metrics["intervals"][name]["ndcg@10"]
            assert 0 <= low <= figures["ndcg@10"] <= high <= 1
            assert "coverage@10" not in metrics["intervals"][name]
        assert set(metrics["segments"]) == {"cold", "warm", "heavy"}
        sizes = [segment["shoppers"] for segment in metrics["segments"].values()]
        assert sum(sizes) == metrics["protocol"]["shoppers"]
        for segment in metrics["segments"].values():
            assert set(segment["figures"]) == set(whole)
            for name, figures in segment["figures"].items():
                assert (figures["ndcg@10"] is None) is (segment["shoppers"] == 0)
                if segment["shoppers"]:
                    low, high = segment["intervals"][name]["ndcg@10"]
                    assert low <= figures["ndcg@10"] <= high

    def test_what_keeps_the_live_settings_is_measured_as_them(self):
        make_shop()
        live = publish_model("svd")
        found, _ = self.judge("popularity", live=live, refreshes=True)
        assert found.publish and found.keeps_settings
        assert found.metrics["algorithm"] == "svd"
        assert found.metrics["candidate"]["ndcg@10"] > found.metrics["challenger"]["figures"]["ndcg@10"]
        assert found.metrics["challenger"]["algorithm"] == "popularity"
        assert found.metrics["challenger"]["difference"]["high"] < 0
        assert "rmse" in found.metrics["candidate"]
        assert (found.metrics["live"], found.metrics["difference"]) == (None, None)
        assert "live" not in found.metrics["intervals"]

    def test_settings_that_json_turned_into_lists_are_the_same_settings(self):
        make_shop()
        parts = [("item_knn", ItemKnnConfig(shrinkage=1.0)), ("popularity", PopularityConfig())]
        config = BlendConfig.of(parts, [0.5, 0.5])
        live = ModelVersion(pk=3, algorithm="blend", config=json.loads(json.dumps(asdict(config))))
        assert same_settings(live, Plan("blend", config))
        assert not same_settings(live, Plan("blend", BlendConfig.of(parts, [0.4, 0.6])))

    def test_a_model_that_learns_the_pattern_beats_popularity(self):
        make_shop()
        found, _ = self.judge("item_knn")
        assert (
            found.metrics["candidate"]["ndcg@10"] > found.metrics["baselines"]["popularity"]["ndcg@10"] + 0.1
        )

    def test_an_algorithm_is_not_its_own_baseline(self):
        make_shop()
        assert set(self.judge("popularity")[0].metrics["baselines"]) == {"item_knn"}

    def test_popularity_does_not_replace_a_live_model_that_knows_better(self):
        make_shop()
        live = publish_model("svd")
        found, _ = self.judge("popularity", live=live)
        assert not found.publish
        assert found.metrics["live"]["ndcg@10"] > found.metrics["candidate"]["ndcg@10"]
        assert "kept the live one" in found.words
        difference = found.metrics["difference"]
        assert difference["low"] <= difference["value"] <= difference["high"] < 0

    def test_a_better_model_replaces_live_popularity(self):
        make_shop()
        live = publish_model("popularity")
        found, _ = self.judge("svd", live=live)
        assert found.publish and "against the live popularity" in found.words

    def test_the_live_configuration_is_fitted_anew_before_the_cut(self):
        """The live artefact itself has seen what it would be asked; its figures would be too good."""
        make_shop()
        live = publish_model("popularity")
        found, _ = self.judge("item_knn", live=live)
        assert found.metrics["live"] == found.metrics["baselines"]["popularity"]

    def test_the_same_kind_in_another_configuration_is_a_rival(self):
        make_shop()
        live = publish_model("item_knn")
        assert live.config["shrinkage"] == 1.0
        assert self.judge("item_knn", live=live)[0].metrics["live"] is not None

    def test_a_live_version_of_code_that_is_gone_is_nothing_to_compare_with(self):
        make_shop()
        for gone in ({"algorithm": "forgotten"}, {"algorithm": "ease", "config": {"no_such_setting": 1}}):
            found, _ = self.judge("item_knn", live=ModelVersion(pk=3, **gone))
            assert found.publish and found.metrics["live"] is None

    def test_a_shop_with_few_ratings_measures_no_rating_errors(self):
        people, products = [make_shopper() for _ in range(4)], [make_product() for _ in range(4)]
        for hours, shopper in enumerate(people):
            for product in products:
                make_event(shopper, product, now=NOW - timedelta(hours=hours))
        found, _ = self.judge()
        assert found.publish and "rmse" not in found.metrics["candidate"]

    def test_feedback_of_one_second_cannot_be_measured_and_is_published(self):
        for _ in range(3):
            make_event(make_shopper(), make_product(), now=NOW)
        for algorithm in ("svd", "item_knn", "ease", "popularity"):
            found, _ = self.judge(algorithm)
            assert found.publish and "not measurable yet" in found.words
            assert found.metrics["candidate"]["ndcg@10"] is None
