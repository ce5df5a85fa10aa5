"""How a model was chosen, in the admin: on the version's page and on the run's."""

from __future__ import annotations

from typing import Any

import pytest

from recommendations import charts
from recommendations.admin.figures import by_segment, challenger_words, comparison
from recommendations.admin.search_table import search_table
from recommendations.models import ModelVersion, TrainingRun
from tests.factories import NOW
from tests.shop import open_shop
from tests.staff import admin_client, make_version, train

VERSIONS = "/admin/recommendations/modelversion/"
RUNS = "/admin/recommendations/trainingrun/"
TOLD: dict[str, Any] = {
    "at": "2026-06-01T12:00:00+00:00", "signals": 900, "criterion": "ndcg@10 on a part cut", "trials": 31,
    "shoppers": 1200, "seconds": 118.6, "cut_short": False,
    "table": [
        {"algorithm": "ease", "settings": "regularization 200", "value": 0.1205, "fit_seconds": 2.5,
         "trials": 12, "chosen": True},
        {"algorithm": "popularity", "settings": "half-life, days 7", "value": 0.0301, "fit_seconds": 0.01,
         "trials": 5, "chosen": False},
    ],
    "left_out": {"als": "no fit could be finished in time <b>"},
}  # fmt: skip
METRICS: dict[str, Any] = {
    "protocol": {"k": 10, "shoppers": 12},
    "candidate": {"ndcg@10": 0.2, "recall@10": 0.1},
    "baselines": {"popularity": {"ndcg@10": 0.1, "recall@10": None}},
    "intervals": {"candidate": {"ndcg@10": [0.15, 0.25]}, "popularity": {"ndcg@10": [0.05, 0.15]}},
    "segments": {
        "cold": {
            "shoppers": 7,
            "figures": {"candidate": {"ndcg@10": 0.11}, "popularity": {"ndcg@10": 0.09}},
            "intervals": {"candidate": {"ndcg@10": [0.08, 0.14]}},
        },
        "heavy": {"shoppers": 0, "figures": {"candidate": {"ndcg@10": None}}, "intervals": {}},
    },
    "chosen_by": TOLD,
}


class TestFigures:
    def test_every_value_comes_with_its_interval_where_it_has_one(self):
        (ndcg, recall) = comparison(METRICS, title="t").rows
        assert ndcg.bounds == ((0.15, 0.25), (0.05, 0.15))
        assert recall.bounds == (None, None)
        table = charts.table(comparison(METRICS, title="t"))
        assert "0.1500 to 0.2500" in table and table.count(" to ") == 2

    def test_the_intervals_are_drawn_within_the_picture(self):
        drawn = charts.bar_chart(comparison(METRICS, title="t"), ident="x")
        assert drawn.count('class="whisker"') == 2
        ends = [float(part.split("M")[0]) for part in drawn.split("H")[1:] if part[0].isdigit()]
        assert ends and max(ends) <= charts.LABELS + charts.BARS

    def test_segments_say_how_many_were_asked_and_leave_out_the_empty_ones(self):
        compared = by_segment(METRICS, title="t")
        assert [row.label for row in compared.rows] == ["Cold"]
        assert compared.rows[0].values == (0.11, 0.09)
        assert compared.rows[0].bounds == ((0.08, 0.14), None)
        assert compared.rows[0].note.startswith("7 shoppers with fewer than 5")

    @pytest.mark.parametrize("metrics", [{}, None, [], {"segments": 3}, {"segments": {"cold": []}}])
    def test_versions_that_know_nothing_of_segments_have_none(self, metrics):
        assert by_segment(metrics, title="t").rows == ()

    @pytest.mark.parametrize("bounds", [[0.1], "ab", [None, 0.2], None, [0.1, float("nan")]])
    def test_damaged_intervals_are_no_intervals(self, bounds):
        metrics = {**METRICS, "intervals": {"candidate": {"ndcg@10": bounds}}}
        assert comparison(metrics, title="t").rows[0].bounds == (None, None)

    def test_a_challenger_that_lost_is_told_with_its_difference(self):
        gap = {"value": -0.01, "low": -0.02, "high": 0.005}
        words = challenger_words({"challenger": {"algorithm": "als", "difference": gap}})
        assert "als: -0.0100 (-0.0200 to +0.0050)" in words
        assert challenger_words({}) == challenger_words({"challenger": {"difference": None}}) == ""


class TestTheTable:
    def test_it_has_a_row_for_each_algorithm_and_a_reason_for_the_others(self):
        table = search_table(TOLD, ident="s")
        assert table is not None
        assert [(row.algorithm, row.value, row.seconds, row.trials, row.chosen) for row in table.rows] == [
            ("ease", "0.1205", "2.50", 12, True),
            ("popularity", "0.0301", "0.01", 5, False),
        ]
        assert table.left_out == (("als", "no fit could be finished in time <b>"),)
        assert table.summary == "31 trials in 119 s by ndcg@10 on a part cut, of 1,200 shoppers."
        assert table.chart.count("<rect") == 2 and 'class="own"' in table.chart

    def test_one_that_ended_early_says_so_and_later_moves_are_told(self):
        moved = {"settings": "regularization 150", "value": 0.13}
        table = search_table({**TOLD, "cut_short": True, "moved": moved}, ident="s")
        assert table is not None and "ratings waited" in table.summary
        assert table.moved == "regularization 150 (0.1300)"

    @pytest.mark.parametrize("told", [None, {}, [], {"at": "x", "signals": 3}, {"best": {"ease": {}}}])
    def test_without_a_table_there_is_none(self, told):
        assert search_table(told, ident="s") is None


@pytest.mark.django_db
class TestPages:
    def test_the_versions_page_shows_the_table_the_picture_and_the_segments(self):
        version = make_version(algorithm="ease", metrics=METRICS)
        page = admin_client().get(f"{VERSIONS}{version.pk}/change/").content.decode()
        assert "How it was chosen" in page and "regularization 200" in page
        assert "no fit could be finished in time &lt;b&gt;" in page
        assert page.count('class="bar-chart"') == 3
        assert "7 shoppers with fewer than 5" in page
        assert " style=" not in page.split('id="content"')[1]

    def test_a_run_that_kept_the_live_model_still_shows_what_its_search_found(self):
        run = TrainingRun.objects.create(
            status=TrainingRun.Status.REJECTED,
            trigger=TrainingRun.Trigger.SEARCH,
            search=TOLD,
            created_at=NOW,
        )
        page = admin_client().get(f"{RUNS}{run.pk}/change/").content.decode()
        assert "How it was chosen" in page and "31 trials" in page

    def test_pages_without_a_search_have_no_table(self):
        open_shop()
        run = train("popularity")
        assert isinstance(run.version, ModelVersion)
        client = admin_client()
        for address in (f"{VERSIONS}{run.version.pk}/change/", f"{RUNS}{run.pk}/change/"):
            assert "How it was chosen" not in client.get(address).content.decode()

    def test_a_quick_first_model_says_that_nothing_has_chosen_it(self):
        version = make_version(metrics={**METRICS, "chosen_by": None, "provisional": True})
        page = admin_client().get(f"{VERSIONS}{version.pk}/change/").content.decode()
        assert "no search has chosen it yet" in page
