"""The pages that recommend. Not namespaced: home is home for the whole site."""

from django.urls import path

from recommendations import views

urlpatterns = [
    path("", views.home, name="home"),
    path("recommendations/", views.recommendations, name="recommendations"),
    path("shoppers/suggest/", views.suggest, name="suggest_shoppers"),
]
