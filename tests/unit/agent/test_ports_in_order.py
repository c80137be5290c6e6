"""The order in which those round a call are told: who may have to wait comes before those that look."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from coder.agent.executor import Executor
from coder.agent.outcome import Outcome
from coder.agent.ports import NoCheckpoints, NoOthers, Ports, Watched
from coder.agent.visits import Visit
from coder.core.requests import Allow, Effect
from tests.support.agents import Engine
from tests.support.engine import FakeTool, FakeToolbox, PlayedModel, Recorder, Reply, StillControl, StillWorkspace, call


def noting(seen: list[str], name: str) -> Callable[..., AbstractAsyncContextManager[str]]:
    @asynccontextmanager
    async def around(*given: object) -> AsyncIterator[str]:
        seen.append(name)
        yield ""
        seen.append(f"{name} ends")

    return around


@pytest.mark.behaviour("B-2113")
async def test_what_a_call_finds_is_looked_at_once_its_turn_has_come(tmp_path: Path) -> None:
    seen: list[str] = []

    class Turn(NoCheckpoints):
        def around(self, call: Watched) -> AbstractAsyncContextManager[None]:
            return noting(seen, "turn")(call)  # type: ignore[return-value]  # what it gives is not looked at

    class Others(NoOthers):
        def around(self, visit: Visit) -> AbstractAsyncContextManager[str]:
            return noting(seen, "others")(visit)

    def watch(effects: tuple[Effect, ...]) -> AbstractAsyncContextManager[None]:
        return noting(seen, "watch")(effects)  # type: ignore[return-value]  # the same

    tool = FakeTool("Bash", lambda raw: seen.append("ran"), command="touch a")
    recorder = Recorder(Allow())
    gate = Engine(PlayedModel([Reply(())]), [tool], recorder=recorder).gate
    ports = Ports(watch=watch, checkpoints=Turn(), others=Others())
    executor = Executor(
        FakeToolbox(tool), gate, StillWorkspace(tmp_path), StillControl(), recorder.emit, tmp_path, ports
    )
    outcomes: dict[str, Outcome] = {}
    await executor.run([call("t1", "Bash", command="touch a")], outcomes)
    assert not outcomes["t1"].result.is_error
    assert seen == ["turn", "watch", "others", "ran", "others ends", "watch ends", "turn ends"]
