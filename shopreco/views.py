"""Accounts: signing up and in, and passwords, in the site's own look; and the page for what went wrong."""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth import login, views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django.views.defaults import server_error
from django.views.generic.base import TemplateView

from catalog.limits import CannotCountError, Limit, address_of, limited, too_many
from shopreco.api.problems import problem_outside
from shopreco.databases import RETRY_SECONDS, drop_dead_connections, is_not_now
from shopreco.forms import NewPasswordForm, PasswordForm, ResetForm, SignInForm, SignUpForm


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Make an account and sign in with it; what the browser's visitor did goes along."""
    if request.user.is_authenticated:
        return redirect("home")
    form = SignUpForm(request.POST or None)
    if request.method == "POST":
        # Counted whatever comes of it: the answer to a taken name must not become a list of names.
        wait = Limit.named("sign-up").take(address_of(request), now=timezone.now())
        if wait:
            return too_many(request, wait)
        if form.is_valid():
            login(request, form.save())
            return redirect("home")
    return render(request, "accounts/sign_up.html", {"form": form})


class SignIn(views.LoginView):
    """Django's, with 429 and how long to wait after too many tries."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        if form.wait:
            response.status_code = 429
            response["Retry-After"] = str(form.wait)
        return response


@method_decorator(limited("password"), name="dispatch")
class PasswordChange(views.PasswordChangeView):
    """The old password once, the new one twice."""

    template_name = "accounts/password_change.html"
    form_class = PasswordForm
    success_url = reverse_lazy("feedback:account")
    extra_context = {"section": "password"}

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, "Your password is changed.")
        return super().form_valid(form)


@method_decorator(limited("password"), name="dispatch")
class PasswordReset(views.PasswordResetView):
    """Send a link, if anybody has the address; say the same if nobody has."""

    template_name = "accounts/password_reset.html"
    email_template_name = "accounts/password_reset_mail.txt"
    subject_template_name = "accounts/password_reset_subject.txt"
    form_class = ResetForm
    success_url = reverse_lazy("password_reset_sent")


class PasswordResetSent(TemplateView):
    template_name = "accounts/password_reset_sent.html"


class PasswordResetConfirm(views.PasswordResetConfirmView):
    """Where the mail's link leads."""

    template_name = "accounts/password_reset_confirm.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, "Your new password is set. Sign in with it.")
        return super().form_valid(form)


class Robots(TemplateView):
    """Every shopper's list is for shoppers, not for search engines."""

    template_name = "robots.txt"
    content_type = "text/plain"


def trouble(request: HttpRequest) -> HttpResponse:
    """What an exception ends in: 503 for what will be over soon, such as a database away, else 500.

    A problem document below /api/, else a page that asks neither database nor cache for anything.
    """
    error = sys.exc_info()[1]
    if request.path.startswith("/api/") and isinstance(error, Exception):
        drop_dead_connections(error)
        return problem_outside(error, request)
    if error is None or not (is_not_now(error) or isinstance(error, CannotCountError)):
        return server_error(request)
    drop_dead_connections(error)
    page = render_to_string("503.html")
    return HttpResponse(
        page, status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(RETRY_SECONDS)}
    )
