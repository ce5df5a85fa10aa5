"""Which row of a history is the main cause of a score."""

from __future__ import annotations

import numpy as np

from recommendations.engine.compiled_shares import causes_of
from recommendations.engine.protocols import Explains, TellsCauses, can
from recommendations.engine.types import Causes, History, Positions


def main_causes(model: Explains, history: History, positions: Positions) -> Causes:
    """Of each of (k,) products' scores, as `explain` tells; without telling all of it where the model can."""
    if can(model, TellsCauses):
        return model.causes(history, positions)
    pushes = np.ascontiguousarray(model.explain(history, positions).contributions, np.float32)
    return Causes(*causes_of(pushes))
