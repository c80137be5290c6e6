"""What a configuration sets as limits, as the parts that hold them. Must not know transports or front ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder.agent.history import History
from coder.agent.policies import Verdict
from coder.core.config import Config
from coder.core.errors import ConfigError
from coder.core.lazy import LazyModule
from coder.core.visible import visible_line
from coder.models import catalog
from coder.models.fallback import FallbackModel

if TYPE_CHECKING:
    from coder.models import budget
    from coder.models.budget import Budget
else:  # few runs are limited
    budget = LazyModule("coder.models.budget")


def budget_of(config: Config, models: tuple[str, ...]) -> Budget | None:
    """None when nothing is limited. Raises ConfigError when money is and the price of a model is not known."""
    if config.max_budget_usd is None and config.max_tokens_total is None:
        return None
    for model in models:
        if config.max_budget_usd is not None and catalog.dearest(model, 0) is None:
            raise ConfigError(
                f"--max-budget-usd cannot hold for {visible_line(model)}: its price is not known. "
                "Use --max-tokens N to limit the tokens, or another model."
            )
    made: Budget = budget.Budget(config.max_budget_usd, config.max_tokens_total, catalog.price, catalog.dearest)
    return made


def allowance(dollars: float, above: Budget | None) -> Budget:
    """A part of what `above` leaves."""
    made: Budget = budget.Budget(dollars, None, catalog.price, catalog.dearest, above)
    return made


class PrimaryAgain:
    """Turn policy: a new message of the person asks the session's own model again, whoever answered the last one."""

    def __init__(self, model: FallbackModel) -> None:
        self._model = model

    def before_turn(self, turn: int, history: History) -> Verdict:
        if turn == 1:
            self._model.start_over()
        return None
