"""Every address of the site."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from shopreco import views
from shopreco.forms import SignInForm
from shopreco.watching.views import Metrics

sign_in = LoginView.as_view(
    template_name="accounts/sign_in.html", authentication_form=SignInForm, redirect_authenticated_user=True
)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("shopreco.api.urls")),
    path("accounts/sign-in/", sign_in, name="login"),
    path("accounts/sign-out/", LogoutView.as_view(), name="logout"),
    path("accounts/sign-up/", views.sign_up, name="sign_up"),
    path("metrics", Metrics.as_view(), name="metrics"),
    path("robots.txt", views.Robots.as_view(), name="robots"),
    path("", include("recommendations.urls")),
    path("", include("feedback.urls")),
    path("", include("catalog.urls")),
]
