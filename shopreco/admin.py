"""Who may sign in, and the keys of machines: a key's secret is shown once, on the page that made it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from catalog.admin.common import ReadOnlyAdmin
from shopreco.models import ApiKey, User

admin.site.site_header = "ShopReco"
admin.site.site_title = "ShopReco admin"
admin.site.index_title = "Shop and recommendations"

admin.site.register(User, UserAdmin)


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ApiKey
        fields = ("name",)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("name", "prefix", "in_use", "created_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "prefix")
    actions = ("revoke",)
    fields = ("name", "prefix", "in_use", "created_at", "revoked_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shopreco.add_apikey")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shopreco.change_apikey")

    @admin.display(boolean=True, description="In use")
    def in_use(self, key: ApiKey) -> bool:
        return key.revoked_at is None

    @sensitive_variables("secret")
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for a name, make the key, and show its secret in the answer to that very request.

        No redirect: the secret would have to be kept somewhere on the way.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ApiKeyForm(request.POST or None)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Add API key",
            "form": form,
        }
        if request.method == "POST" and form.is_valid():
            key, secret = ApiKey.issue(form.cleaned_data["name"])
            self.log_addition(request, key, [{"added": {}}])
            context |= {"title": "API key made", "key": key, "secret": secret}
        return TemplateResponse(request, "admin/shopreco/apikey/add.html", context)

    @admin.action(description="Revoke the selected keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        """After a confirmation: a revoked key cannot be brought back."""
        keys = queryset.filter(revoked_at=None)
        if not keys:
            self.message_user(request, "These keys are revoked already.", messages.WARNING)
            return None
        if "confirmed" in request.POST:
            for key in keys:
                self.log_change(request, key, "Revoked.")
            count = keys.update(revoked_at=timezone.now())
            self.message_user(request, f"{count} key{'' if count == 1 else 's'} revoked.", messages.SUCCESS)
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Revoke API keys?",
            "explanation": "Systems that use them are refused at once. A revoked key cannot be brought back.",
            "confirm_label": "Revoke",
            "dangerous": True,
            "hidden": [("action", "revoke"), *(("_selected_action", key.pk) for key in keys)],
            "items": keys,
        }
        return TemplateResponse(request, "admin/confirm.html", context)
