"""Accounts: signing up. Signing in and out are Django's own views."""

from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django.views.generic.base import TemplateView

from shopreco.forms import SignUpForm


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Make an account and sign in with it; what the browser's visitor rated goes along."""
    if request.user.is_authenticated:
        return redirect("home")
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.save())
        return redirect("home")
    return render(request, "accounts/sign_up.html", {"form": form})


class Robots(TemplateView):
    """Every shopper's list is for shoppers, not for search engines."""

    template_name = "robots.txt"
    content_type = "text/plain"
