"""Models: the Messages API by two transports behind one protocol, with retries. Must not know the loop."""

from __future__ import annotations

from coder.core.config import ModelConfig
from coder.core.model import Model
from coder.models.deferred import DeferredModel
from coder.models.retry import RetryingModel


def connect(config: ModelConfig) -> Model:
    """The model of a configuration, with retries. Imports and connects nothing until its first request."""
    return RetryingModel(DeferredModel(lambda: transport(config)), max_retries=config.max_retries)


def transport(config: ModelConfig) -> Model:
    """The bare transport of a configuration, without retries. Blocks while it imports. Raises ModelError."""
    if config.transport == "sdk" or config.provider != "anthropic":
        from coder.models.sdk import SdkModel

        return SdkModel(config)
    from coder.models.wire import WireModel

    return WireModel(config)
