"""The API's answers that belong to no app."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from shopreco.api.health import Health

CHECK_STATUSES = ["ok", "down", "missing", "unknown"]
HEALTH_STATUSES = [health.value for health in Health]


class Alive(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["alive"], help_text="Always alive: the process answers.")


class Check(serializers.Serializer[Any]):
    status = serializers.ChoiceField(CHECK_STATUSES)
    detail = serializers.CharField(required=False, help_text="What it means for the shop.")


class ModelCheck(Check):
    version = serializers.IntegerField(required=False, help_text="The model version that serves.")
    age_seconds = serializers.IntegerField(required=False, help_text="Since it was trained.")


class BackgroundCheck(Check):
    seen_seconds_ago = serializers.IntegerField(
        required=False, help_text="Since beat and worker were last heard of."
    )


class Checks(serializers.Serializer[Any]):
    database = Check()
    triggers = Check(help_text="By which changes of products, rules, keys and models are noticed.")
    cache = Check()
    model = ModelCheck()
    background = BackgroundCheck(help_text="The beat, and workers that take what is queued.")


class Readiness(serializers.Serializer[Any]):
    status = serializers.ChoiceField(HEALTH_STATUSES)
    checks = Checks()
