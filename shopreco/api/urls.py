"""Every address of the REST API: each app brings its own, health and documentation are added here."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from shopreco.api import views

app_name = "api"
version_1: list[URLPattern | URLResolver] = [
    path("", include("recommendations.api.urls")),
    path("", include("feedback.api.urls")),
    path("", include("catalog.api.urls")),
    path("health/live", views.HealthLive.as_view(), name="health-live"),
    path("health/ready", views.HealthReady.as_view(), name="health-ready"),
    path("schema", views.Schema.as_view(), name="schema"),
    path("docs", views.Docs.as_view(), name="docs"),
]
urlpatterns = [
    path("v1/", include(version_1)),
    re_path(r"", views.UnknownRoute.as_view(), name="unknown"),
]
