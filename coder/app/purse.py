"""What a session spends: its model behind meter and budget, the accounts of each request, the totals.

Must not know front ends, or what is asked of the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from coder.app.accounts import Accounts
from coder.app.budgets import allowance, budget_of
from coder.app.spent import Spent
from coder.core.config import Config
from coder.core.events import AnyEvent
from coder.models import catalog
from coder.models.connecting import connect
from coder.models.fallback import FallbackModel
from coder.telemetry.ledger import Ledger
from coder.telemetry.ledger_file import LedgerFile

if TYPE_CHECKING:
    from coder.models.budget import Budget


class Purse:
    """`model` is the one to ask; `edited` as `Accounts` takes it. `before` is that of the same session until now: its
    totals and its limits go on. Raises ConfigError when the configuration sets a limit that cannot be held."""

    def __init__(
        self, config: Config, session_id: str, model: str, edited: str = "", before: Purse | None = None
    ) -> None:
        fallbacks = tuple(catalog.resolve(name, config.env) for name in config.fallback_models)
        budget = budget_of(config, (model, *fallbacks)) if before is None else before.budget
        is_kept = config.persist and not config.model.is_replay
        secrets = (config.model.api_key, config.model.auth_token)
        file = LedgerFile(config.home) if is_kept else None
        self._config = config
        self._fallbacks = fallbacks
        self.budget: Budget | None = budget
        self._side: FallbackModel | None = None
        self.ledger: Ledger = Ledger(catalog.price, _limits) if before is None else before.ledger
        self._accounts = Accounts(session_id, config.cwd, file, secrets, edited)
        self.model = connect(
            config.model, self._accounts.record, budget=budget, on_limit=config.on_limit, fallbacks=fallbacks
        )

    def agent(self, id: str, within: Budget | None = None) -> FallbackModel:
        """The model of a subagent, with a connection of its own. `within` bounds it besides what the session may
        spend."""
        config, budget = self._config, within or self.budget
        return connect(
            config.model,
            self._accounts.record,
            agent=id,
            budget=budget,
            on_limit=config.on_limit,
            fallbacks=self._fallbacks,
        )

    def allowance(self, dollars: float) -> Budget:
        """So many dollars of what the session may spend."""
        return allowance(dollars, self.budget)

    def tell_through(self, emit: Callable[[AnyEvent], None]) -> None:
        self._accounts.tell_through(emit)

    def on(self, event: AnyEvent) -> None:
        self.ledger.on(event)
        self._accounts.on(event)

    def side_model(self) -> FallbackModel:
        """For small questions beside the conversation: accounted for like it, asked once, apart from its connection."""
        if self._side is None:
            once = replace(self._config.model, max_retries=0)
            self._side = connect(once, self._accounts.record, budget=self.budget)
        return self._side

    @property
    def spent(self) -> Spent:
        ledger = self.ledger
        return Spent(ledger.total_cost, ledger.model_usage(), ledger.api_seconds, ledger.usage)

    async def aclose(self) -> None:
        if self._side is not None:
            await self._side.aclose()
        await self.model.aclose()
        self._accounts.close()


def _limits(model: str) -> tuple[int, int]:
    """Those that coder itself goes by, also for a model that it does not know."""
    facts = catalog.describe(model)
    return facts.context_window, facts.max_output
