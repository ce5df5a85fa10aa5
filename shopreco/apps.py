"""The composition root as a Django app: accounts and API keys live here."""

from django.apps import AppConfig


class ShopRecoConfig(AppConfig):
    name = "shopreco"
    verbose_name = "Access"
