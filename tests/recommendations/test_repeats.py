"""A shop where purchases are repeated: served again, measured so, and only if the shop says so."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from feedback.models import Event, Shopper
from recommendations.serving.service import recommend_for
from tests.factories import NOW, make_event, make_rating, make_shopper
from tests.shops import make_shop, publish_model


@pytest.mark.django_db
class TestServing:
    @pytest.fixture(autouse=True)
    def grocer(self, settings):
        self.settings = settings
        self.shop = make_shop()
        publish_model("item_knn")
        self.ann = make_shopper()
        self.bought, self.disliked = self.shop.garden[0], self.shop.garden[1]
        for product in (self.bought, self.disliked, self.shop.garden[2]):
            make_event(self.ann, product, Event.Kind.PURCHASE, now=NOW - timedelta(days=3))
        make_rating(self.ann, self.disliked, 1)

    def ask(self, **changes):
        self.settings.RECOMMENDATIONS = {**self.settings.RECOMMENDATIONS, **changes}
        found = recommend_for(Shopper.objects.get(pk=self.ann.pk), now=NOW, limit=99)
        return {item.product for item in found.items}

    def test_what_was_bought_is_left_out_unless_the_shop_repeats(self):
        assert self.bought not in self.ask()

    def test_a_grocers_list_holds_it_and_never_what_was_rated_low(self):
        found = self.ask(repeat_purchases=True)
        assert self.bought in found and self.disliked not in found

    def test_but_not_within_the_days_the_shop_waits(self):
        waiting = {"repeat_purchases": True, "repeat_after": timedelta(days=7)}
        assert self.bought not in self.ask(**waiting)
        waiting["repeat_after"] = timedelta(days=2)
        Shopper.objects.filter(pk=self.ann.pk).update(feedback_version=99)
        assert self.bought in self.ask(**waiting)


class TestMeasuring:
    @pytest.fixture
    def events(self, tmp_path):
        """Everyone buys their two staples over and over; nothing is ever bought that is new to them."""
        rows = [
            f"{shopper},{product},{time}"
            for shopper in range(30)
            for time in range(1, 21)
            for product in (shopper % 5, 5 + shopper % 5)
        ]
        rows += ["0,11,19", "1,12,20"]
        path = tmp_path / "events.csv"
        path.write_text("user,item,timestamp\n" + "\n".join(rows) + "\n")
        return path

    def table(self, events, *options):
        out = events.with_suffix(".json")
        call_command(
            "evaluate_models", "--events", str(events), "--split", "time:0.2", "--algorithms", "popularity",
            "--k", "3", "--budget", "20", "--json", str(out), *options, stdout=StringIO(),
        )  # fmt: skip
        return json.loads(out.read_text())

    def test_of_files_only_new_products_count_unless_asked_otherwise(self, events):
        protocol = self.table(events)["protocol"]
        assert protocol["test_shoppers"] == 2
        assert "no training feedback on" in protocol["ranked"]

    def test_with_repeats_everyone_is_asked_and_what_they_have_can_be_a_hit(self, events):
        table = self.table(events, "--repeats")
        assert table["protocol"]["test_shoppers"] == 30
        assert "repeats count" in table["protocol"]["ranked"]
        assert table["results"][0]["metrics"]["recall@3"]["value"] > 0.1


@pytest.mark.django_db
def test_the_shops_own_feedback_is_measured_as_the_setting_says(settings, tmp_path):
    shop = make_shop()
    for number, shopper in enumerate(shop.gardeners):
        for day in range(20):
            product = shop.garden[(number + day % 3) % 12]
            make_event(shopper, product, Event.Kind.PURCHASE, now=NOW - timedelta(days=20 - day))
        for product in shop.kitchen[:4]:
            make_event(shopper, product, Event.Kind.PURCHASE, now=NOW)
    asked = {}
    for repeats in (False, True):
        settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "repeat_purchases": repeats}
        out = tmp_path / "table.json"
        call_command(
            "evaluate_models", "--algorithms", "popularity", "--k", "3", "--budget", "20",
            "--json", str(out), stdout=StringIO(),
        )  # fmt: skip
        asked[repeats] = json.loads(out.read_text())["protocol"]
    assert "repeats count" in asked[True]["ranked"] and "repeats" not in asked[False]["ranked"]
    assert asked[True]["test_rows"] > asked[False]["test_rows"]
