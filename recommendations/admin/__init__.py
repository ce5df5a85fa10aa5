"""The admin of model versions, training runs and merchandising rules."""

from recommendations.admin.rules import MerchandisingRuleAdmin
from recommendations.admin.runs import TrainingRunAdmin
from recommendations.admin.versions import ModelVersionAdmin

__all__ = ["MerchandisingRuleAdmin", "ModelVersionAdmin", "TrainingRunAdmin"]
