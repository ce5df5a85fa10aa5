"""What Online Retail's invoice lines leave open: which product a description is, and where a basket ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from feedback.importers.batches import ProductDetails
from feedback.importers.reader import CHUNK_ROWS, Chunk
from feedback.importers.values import digest, display_title, sku_of

# Lines that are on an invoice but on no shelf, by stock code and, where there is none, by description.
SERVICE_CODES = {
    "ADJUST", "ADJUST2", "AMAZONFEE", "B", "BANK CHARGES", "C2", "CRUK", "D", "DOT", "M", "POST", "S",
    "TEST001", "TEST002",
}  # fmt: skip
SERVICE_TITLES = {
    "ADJUST BAD DEBT", "ADJUSTMENT", "AMAZON FEE", "BANK CHARGES", "CARRIAGE", "CRUK COMMISSION", "DISCOUNT",
    "DOTCOM POSTAGE", "MANUAL", "NEXT DAY CARRIAGE", "POSTAGE", "SAMPLES", "TEST",
}  # fmt: skip


def normalised(title: str) -> str:
    """One spelling of a description: capitals, single spaces, no full stop at the end."""
    return " ".join(title.upper().split()).rstrip(".") or title


def drop_services(chunk: Chunk) -> None:
    """Refuse postage, discounts, charges and the like."""
    frame = chunk.frame
    service = frame["code"].isin(SERVICE_CODES) | frame["title"].isin(SERVICE_TITLES)
    chunk.reject(service, "a service, not a product (postage, discount, charges)")


@dataclass
class _Ware:
    original: str
    first: pd.Timestamp
    last: pd.Timestamp
    price: float
    lines: int = 0


class Wares:
    """Descriptions to products: a product is its stock code, or its description where it never has one."""

    def __init__(self, *, prefix: str) -> None:
        self.skus: dict[str, str] = {}
        self._prefix = prefix
        self._codes: dict[str, Counter[str]] = {}
        self._wares: dict[str, _Ware] = {}
        self._details: dict[str, ProductDetails] = {}

    def learn(self, frame: pd.DataFrame) -> None:
        """Take note of a chunk's descriptions, codes, prices and times."""
        coded = frame[frame["code"] != ""].groupby(["title", "code"], sort=False).size()
        for (title, code), lines in zip(coded.index.tolist(), coded.tolist(), strict=True):
            self._codes.setdefault(title, Counter())[code] += lines
        by_title = frame.sort_values("time", kind="stable").groupby("title", sort=False)
        seen = by_title.agg(
            original=("original", "first"), first=("time", "first"), last=("time", "last"),
            price=("price", "last"), lines=("time", "size"),
        )  # fmt: skip
        for title, original, first, last, price, lines in seen.itertuples():
            ware = self._wares.setdefault(title, _Ware(original, first, last, price))
            ware.lines += lines
            ware.first = min(ware.first, first)
            if last >= ware.last:
                ware.last, ware.price = last, price

    def settle(self) -> None:
        """Decide every description's SKU, and what the shop shows for it."""
        together: dict[str, list[str]] = {}
        for title in sorted(self._wares):
            sku = self._sku(title)
            self.skus[title] = sku
            together.setdefault(sku, []).append(title)
        for sku, titles in together.items():
            self._details[sku] = self._describe(sku, titles)

    def details(self, skus: Iterable[str]) -> list[ProductDetails]:
        return [self._details[sku] for sku in skus]

    def _code(self, title: str) -> str:
        codes = self._codes.get(title)
        return min(codes, key=lambda code: (-codes[code], code)) if codes else ""

    def _sku(self, title: str) -> str:
        code = self._code(title)
        return sku_of(self._prefix + code) if code else sku_of(f"{self._prefix}{title.lower()}")

    def _describe(self, sku: str, titles: list[str]) -> ProductDetails:
        # A product that was renamed shows its most used name, and the price of its newest line.
        name = max(titles, key=lambda title: (self._wares[title].lines, title))
        newest = max((self._wares[title] for title in titles), key=lambda ware: ware.last)
        code = self._code(name)
        attributes: dict[str, object] = {"original_title": self._wares[name].original}
        if code:
            attributes["stock_code"] = code
        return ProductDetails(
            sku=sku,
            title=display_title(self._wares[name].original),
            price=Decimal(str(newest.price)).quantize(Decimal("0.01")),
            attributes=attributes,
            created_at=min(self._wares[title].first for title in titles).to_pydatetime(),
        )


class Baskets:
    """Gives every line its order. The last basket waits for the next chunk, so that none is cut."""

    def __init__(self, *, prefix: str) -> None:
        self._prefix = prefix
        self._held: pd.DataFrame | None = None

    def complete(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The lines whose baskets have ended, with `order`."""
        if self._held is not None and len(self._held):
            frame = pd.concat([self._held, frame], ignore_index=True)
        if frame.empty:
            return frame
        last = frame.iloc[-1]
        open_basket = (frame["shopper"] == last["shopper"]) & (frame["time"] == last["time"])
        if open_basket.sum() > CHUNK_ROWS:  # no basket, and memory has its bounds
            open_basket[:] = False
        self._held = frame[open_basket]
        return self._with_orders(frame[~open_basket])

    def rest(self) -> pd.DataFrame:
        """The lines of the last basket."""
        return self._with_orders(self._held) if self._held is not None else pd.DataFrame()

    def _with_orders(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The invoice number; where missing, that of the same customer and moment, else a made one."""
        if frame.empty:
            return frame.assign(order="")
        moment = frame.groupby(["shopper", "time"], sort=False)["invoice"].transform("max")
        made = [
            digest(shopper, str(when))[:20]
            for shopper, when in zip(frame["shopper"], frame["time"].astype("int64"), strict=True)
        ]
        order = self._prefix + frame["invoice"].where(frame["invoice"] != "", moment)
        return frame.assign(order=order.where(order != self._prefix, pd.Series(made, index=frame.index)))
