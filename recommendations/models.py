"""Model versions, the runs that make them, and the rules merchandisers lay over their lists."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from catalog.models import Category, Product


class ModelVersion(models.Model):
    """A fitted model in the registry. At most one is live."""

    algorithm = models.CharField(max_length=40)
    config = models.JSONField(default=dict)
    seed = models.PositiveIntegerField(default=0)
    is_live = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True, help_text="When it was last made live.")
    data_watermark = models.DateTimeField(help_text="Feedback up to here was learned from.")
    change_watermark = models.PositiveBigIntegerField(
        default=0, help_text="Rating changes up to this number were learned from."
    )
    metrics = models.JSONField(default=dict, help_text="On the time split, beside the baselines.")
    shopper_count = models.PositiveIntegerField(default=0)
    product_count = models.PositiveIntegerField(default=0)
    interaction_count = models.PositiveIntegerField(default=0)
    folder = models.CharField(max_length=100, unique=True, help_text="Inside the registry's root.")
    size_bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64)
    signature = models.CharField(
        max_length=64, blank=True, default="", help_text="Of its manifest, by the shop's key."
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["is_live"], condition=Q(is_live=True), name="one_live_model")
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} v{self.pk}"


class TrainingRun(models.Model):
    """One attempt at a new model version, from the trigger to the outcome."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        PUBLISHED = "published"
        REJECTED = "rejected", "kept the live model"
        FAILED = "failed"

    class Trigger(models.TextChoices):
        RATINGS = "ratings", "enough new ratings"
        AGE = "age", "the model had grown old"
        FIRST = "first", "there was no model"
        ADMIN = "admin", "asked for in the admin"
        COMMAND = "command", "asked for on the command line"
        RETRY = "retry", "a run had been abandoned"
        SEARCH = "search", "a search for the best was due"

    ACTIVE = (Status.QUEUED, Status.RUNNING)

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    trigger = models.CharField(max_length=10, choices=Trigger)
    algorithm = models.CharField(max_length=40, blank=True, help_text="Empty for the shop's setting.")
    stage = models.CharField(max_length=40, default="queued")
    percent = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)])
    outcome = models.TextField(blank=True, help_text="What came of it, in words.")
    alarm = models.BooleanField(default=False, help_text="Someone should look at what came of it.")
    search = models.JSONField(null=True, blank=True, help_text="What a search compared, if there was one.")
    change_watermark = models.PositiveBigIntegerField(
        default=0, help_text="Rating changes up to this number were looked at."
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    version = models.ForeignKey(
        ModelVersion, on_delete=models.SET_NULL, null=True, blank=True, related_name="runs"
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            # Never two trainings at once, whichever process notices that one is due.
            models.UniqueConstraint(
                models.Value(1), condition=Q(status__in=["queued", "running"]), name="one_active_training"
            ),
            models.CheckConstraint(condition=Q(percent__lte=100), name="training_percent_to_100"),
        ]

    def __str__(self) -> str:
        return f"training {self.pk} ({self.status})"

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE


class MerchandisingRuleQuerySet(models.QuerySet["MerchandisingRule"]):
    def in_force(self, now: datetime) -> MerchandisingRuleQuerySet:
        return self.filter(
            Q(starts_at__isnull=True) | Q(starts_at__lte=now),
            Q(ends_at__isnull=True) | Q(ends_at__gt=now),
            is_active=True,
        )


class MerchandisingRule(models.Model):
    """What a merchandiser wants of every list: a product, a brand or a category moved or kept out."""

    class Action(models.TextChoices):
        PIN = "pin", "put first"
        BOOST = "boost", "move up"
        BURY = "bury", "move to the end"
        DROP = "drop", "never recommend"

    name = models.CharField(max_length=100)
    action = models.CharField(max_length=10, choices=Action)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    brand = models.CharField(max_length=120, blank=True)
    strength = models.FloatField(
        default=0.2, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="For 'move up': 0 does nothing, 1 lifts above everything else.",
    )  # fmt: skip
    is_active = models.BooleanField(default=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)

    objects = MerchandisingRuleQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=False, category__isnull=True, brand="")
                | Q(product__isnull=True, category__isnull=False, brand="")
                | (Q(product__isnull=True, category__isnull=True) & ~Q(brand="")),
                name="rule_has_one_target",
                violation_error_message="Choose one of product, category or brand.",
            ),
            models.CheckConstraint(
                condition=Q(strength__gte=0, strength__lte=1), name="rule_strength_0_to_1"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def holds_at(self, now: datetime) -> bool:
        """Whether it is in force; the same as `in_force` asks the database."""
        return (
            self.is_active
            and (self.starts_at is None or self.starts_at <= now)
            and (self.ends_at is None or self.ends_at > now)
        )

    def clean(self) -> None:
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "The end must be after the start."})
