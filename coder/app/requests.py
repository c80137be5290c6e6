"""What every request of a session is made from by now: its model, how that thinks, its tools. Must not know who sends
them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from coder.app.budgets import budget_of
from coder.app.outset import Outset
from coder.app.requesting import another, template_of
from coder.app.toolbox import SessionTools
from coder.core.choices import Effort
from coder.core.model import ModelRequest
from coder.models import catalog

if TYPE_CHECKING:
    from coder.agent.loop import Agent

Tuned: TypeAlias = Literal["thinking", "effort"]


class Requests:
    """`agent` is the engine that sends them, made after this."""

    def __init__(
        self, outset: Outset, tools: SessionTools, system: tuple[str, ...], agent: Callable[[], Agent]
    ) -> None:
        self._outset = outset
        self._config = outset.config
        self._tools = tools
        self._system = system
        self._agent = agent
        self.template = template_of(self._config, outset.model, tools.specs(), system)

    def another(self, model: str, effort: Effort | None) -> ModelRequest:
        """That of a run with another model or effort."""
        return another(self._config, self.template)(model, effort)

    def retool(self) -> None:
        """Other tools are there than before: they are in the requests from the next one on."""
        self.template = template_of(self._config, self._outset.control.model, self._tools.specs(), self._system)
        if self._agent().history.messages:  # what was sent said of others: the next request tells so
            self._agent().go_on_with(self.template, catalog.describe(self.template.model).context_window)
        else:
            self._agent().begins_with(self.template)

    def switch(self, model: str) -> None:
        """Another model from the next request on; "" is the one that the session began with. Raises ConfigError where
        money is limited and its price is not known."""
        name = catalog.resolve(model, self._config.env) if model else self._outset.model
        budget_of(self._config, (name,))
        self._go_on_with(name)
        self._outset.control.set_model(name)

    def tune(self, what: Tuned, value: object) -> None:
        """How the model thinks, from the next request on; None is as the session began."""
        wanted: Any = getattr(self._outset.config.model, what) if value is None else value
        changes: dict[str, Any] = {what: wanted}
        self._config = replace(self._config, model=replace(self._config.model, **changes))
        self._go_on_with("")

    def _go_on_with(self, model: str) -> None:
        self.template = self.another(model, None)
        self._agent().go_on_with(self.template, catalog.describe(self.template.model).context_window)
