from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coder.agent.history import History
from coder.app.budgets import PrimaryAgain, budget_of
from coder.core.config import Config, ModelConfig
from coder.core.errors import ConfigError
from coder.models.fallback import FallbackModel
from tests.unit.models.test_models_fallback import ONE, TWO, Server, failing, model_of, request
from tests.unit.models.test_models_fallback import run as ask

CONFIG = Config(Path("/p"), Path("/h"), ModelConfig(ONE, "http://127.0.0.1:1"))


@pytest.mark.behaviour("B-542")
async def test_a_run_asks_the_first_model_again_at_its_first_turn_only() -> None:
    server = Server(failing("overloaded", ONE))
    model: FallbackModel = model_of(server, TWO)
    policy = PrimaryAgain(model)
    for turn in (1, 2, 1):
        assert policy.before_turn(turn, History()) is None
        await ask(model, request())
    assert server.asked == [ONE, TWO, TWO, ONE, TWO]


@pytest.mark.behaviour("B-537")
def test_a_budget_needs_the_price_of_every_model_that_may_be_asked() -> None:
    assert budget_of(CONFIG, (ONE, "local")) is None
    assert budget_of(replace(CONFIG, max_tokens_total=5), (ONE, "local")) is not None
    assert budget_of(replace(CONFIG, max_budget_usd=5.0), (ONE, TWO)) is not None
    with pytest.raises(ConfigError, match="local: its price is not known"):
        budget_of(replace(CONFIG, max_budget_usd=5.0), (ONE, "local"))
