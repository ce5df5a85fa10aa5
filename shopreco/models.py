"""Who may sign in, and which machines may call the API."""

from __future__ import annotations

import hashlib
import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone

KEY_PREFIX_LENGTH = 8


class User(AbstractUser):
    """A person who signs in: a shopper with an account, a merchandiser or an operator."""


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def matching(self, secret: str) -> ApiKey | None:
        """The live key of this secret, or None."""
        return self.filter(digest=ApiKey.digest_of(secret), revoked_at__isnull=True).first()


class ApiKey(models.Model):
    """A shop system's key to the REST API. Only its digest is kept: the secret is shown once, when made.

    A plain SHA-256 is enough for a 256-bit random secret: there is nothing to guess it from.
    """

    name = models.CharField(max_length=100, help_text="Which system uses this key.")
    prefix = models.CharField(max_length=KEY_PREFIX_LENGTH, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()

    @classmethod
    def issue(cls, name: str) -> tuple[ApiKey, str]:
        """A new saved key and its secret, which cannot be had again."""
        secret = secrets.token_urlsafe(32)
        key = cls.objects.create(name=name, prefix=secret[:KEY_PREFIX_LENGTH], digest=cls.digest_of(secret))
        return key, secret
