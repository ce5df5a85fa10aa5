"""The formats by name; the only file that knows all of them."""

from feedback.importers.amazon import AmazonReviews
from feedback.importers.base import Importer
from feedback.importers.columns import Columns
from feedback.importers.movielens import MovieLens1M, MovieLens100K
from feedback.importers.online_retail import OnlineRetail
from feedback.importers.retailrocket import RetailRocket

FORMATS: dict[str, type[Importer]] = {
    "movielens-100k": MovieLens100K,
    "movielens-1m": MovieLens1M,
    "online-retail": OnlineRetail,
    "amazon-reviews": AmazonReviews,
    "retailrocket": RetailRocket,
    "csv": Columns,
}
