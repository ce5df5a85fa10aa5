"""Every address of the site."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from shopreco import views
from shopreco.watching.views import Metrics

handler500 = "shopreco.views.trouble"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("shopreco.api.urls")),
    path("accounts/sign-in/", views.SignIn.as_view(), name="login"),
    path("accounts/sign-out/", LogoutView.as_view(), name="logout"),
    path("accounts/sign-up/", views.sign_up, name="sign_up"),
    path("accounts/password/", views.PasswordChange.as_view(), name="password_change"),
    path("accounts/password/forgotten/", views.PasswordReset.as_view(), name="password_reset"),
    path("accounts/password/sent/", views.PasswordResetSent.as_view(), name="password_reset_sent"),
    path(
        "accounts/password/new/<uidb64>/<token>/",
        views.PasswordResetConfirm.as_view(),
        name="password_reset_confirm",
    ),
    path("metrics", Metrics.as_view(), name="metrics"),
    path("robots.txt", views.Robots.as_view(), name="robots"),
    path("", include("recommendations.urls")),
    path("", include("feedback.urls")),
    path("", include("catalog.urls")),
]
