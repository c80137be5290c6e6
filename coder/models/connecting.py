"""Puts the model of a configuration together: transport, metering, retries, fallback. Must not know the loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.core.config import ModelConfig, OnLimit
from coder.core.model import CountingModel
from coder.models.deferred import DeferredModel
from coder.models.fallback import FallbackModel
from coder.models.metered import Attempt, MeteredModel
from coder.models.retry import LONGEST_RETRY_AFTER, RetryingModel

if TYPE_CHECKING:
    from coder.models.budget import Budget

_LONGEST_BEFORE_FALLBACK = 5.0


def connect(
    config: ModelConfig,
    record: Callable[[Attempt], None] = lambda attempt: None,
    *,
    agent: str = "main",
    budget: Budget | None = None,
    on_limit: OnLimit = "stop",
    fallbacks: tuple[str, ...] = (),
) -> FallbackModel:
    """The model of a configuration for one agent. Imports and connects nothing until its first request.

    From the outside in: fallback models, retries, budget and metering of each attempt, the transport. `record` is told
    of every attempt that may be billed.
    """
    server = DeferredModel(lambda: transport(config))
    metered = MeteredModel(server, record, agent=agent, budget=budget, counter=server)
    falls = on_limit == "fallback" and bool(fallbacks)
    patient = RetryingModel(metered, max_retries=config.max_retries, waits_at_limits=on_limit == "wait")
    model = RetryingModel(
        metered,
        max_retries=config.max_retries,
        longest_retry_after=_LONGEST_BEFORE_FALLBACK if falls else LONGEST_RETRY_AFTER,
        waits_at_limits=on_limit == "wait",
    )
    return FallbackModel(model, patient, fallbacks, limited=on_limit == "fallback", counter=server)


def transport(config: ModelConfig) -> CountingModel:
    """The bare transport of a configuration, without retries. Blocks while it imports. Raises ModelError."""
    if config.transport == "sdk" or config.provider != "anthropic":
        from coder.models.sdk import SdkModel

        return SdkModel(config)
    from coder.models.wire import WireModel

    return WireModel(config)
