"""`python -m benchmarks.fresh_lists KEY SHOPPER...`: their lists, as a process makes them that just began.

Without Redis, so that nothing in them comes from a cache. Prints JSON; fails if the live model is not whole.
"""

from __future__ import annotations

import json
import sys

from django.test import Client

import benchmarks.with_django  # noqa: F401 - sets Django up
from benchmarks.stack import HOST
from recommendations.registry import live_version, load


def main(key: str, shoppers: list[str]) -> None:
    live = live_version()
    assert live is not None, "no model is live"
    load(live)
    headers = {"Host": HOST, "X-Forwarded-Proto": "https", "Authorization": f"Api-Key {key}"}
    client, lists = Client(headers=headers), {}
    for shopper in shoppers:
        answer = client.get(f"/api/v1/shoppers/{shopper}/recommendations?limit=20")
        assert answer.status_code == 200, answer.content
        lists[shopper] = [item["sku"] for item in answer.json()["items"]]
    json.dump({"version": live.pk, "lists": lists}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
