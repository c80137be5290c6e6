"""What a session has its hooks do beside its calls: in the background, while it waits, as questions to a model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from coder.agent.control import Control
from coder.agent.history import History
from coder.agent.policies import Inject
from coder.app.hooking.calling import Waits
from coder.app.hooking.runs import Scene
from coder.app.hooking.session import Around, SessionHooks
from coder.core.config import Config, HookSettings, HookSource, ModelConfig
from coder.core.events import AnyEvent, Notice, PermissionAnswered, PermissionAsked, RunEnded, RunStarted
from coder.core.messages import Json, Message, Text, ToolUse
from coder.core.model import Model
from coder.core.requests import Allow, PermissionRequest
from coder.core.tools import ToolOutput
from coder.permissions.world import LocalWorld
from coder.workspace.local import LocalWorkspace
from tests.support.engine import PlayedModel, Recorder, Reply
from tests.support.hooked import group, handler, keeps, kept, says, specific
from tests.support.processes import until

PROMPT = Message("user", (Text("go"),))
ASKED = PermissionRequest(ToolUse("t1", "Bash", {"command": "make"}), "Bash make", ())


_OPEN: list[LocalWorkspace] = []  # of the test that runs


@pytest.fixture(autouse=True)
async def closing() -> AsyncIterator[None]:
    yield
    while _OPEN:
        await _OPEN.pop().aclose()


def hooks_in(
    root: Path,
    hooks: dict[str, list[Json]],
    front: Recorder,
    *,
    waits: Waits | None = None,
    model: Callable[[], Model] | None = None,
) -> SessionHooks:
    source = HookSource("settings.json", "user", hooks)
    config = Config(root, root / "home", ModelConfig("sonnet", ""), hooks=HookSettings((source,)))
    workspace = LocalWorkspace(root)
    _OPEN.append(workspace)
    scene = Scene("s", None, workspace, Control("default", "sonnet", front.emit), {}, root / "side" / "env")
    world = LocalWorld(cwd=root, roots=(root,), home=root, config_home=root / "home")

    def nobody() -> Model:
        raise AssertionError("no model is to be asked")

    around = Around(scene, "startup", root / "side", lambda: world, model or nobody, waits=waits or Waits())
    return SessionHooks(config, around, front.emit)


def injected(hooks: SessionHooks) -> str:
    verdict = hooks.before_turn(2, History())
    return verdict.message.text if isinstance(verdict, Inject) else ""


@pytest.mark.behaviour("B-1203")
async def test_what_a_hook_in_the_background_says_is_told_before_the_next_turn_and_once(tmp_path: Path) -> None:
    go = tmp_path / "go"
    say = says(specific("PostToolUse", additionalContext="lint is red"))
    slow = handler(f"until test -e '{go}'; do sleep 0.02; done; {say}", **{"async": True})
    front = Recorder()
    hooks = hooks_in(tmp_path, {"PostToolUse": [group(slow, matcher="Bash")]}, front)
    call = ToolUse("t1", "Bash", {"command": "make"})
    assert (await hooks.after_call(call, ToolOutput("made"), 0.1)).notes == ()
    assert injected(hooks) == ""
    go.touch()
    said: list[str] = []

    def heard() -> bool:
        said.append(injected(hooks))
        return bool(said[-1])

    await until(heard)
    assert "lint is red" in said[-1] and '<hook name="PostToolUse">' in said[-1]
    assert injected(hooks) == ""
    await hooks.aclose()


@pytest.mark.behaviour("B-1205")
async def test_hooks_are_told_that_an_answer_is_waited_for_and_that_a_prompt_is(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    hooks = hooks_in(tmp_path, {"Notification": [group(keeps(seen))]}, Recorder(), waits=Waits(0.0, 0.0))
    hooks.on(PermissionAsked(request=ASKED))
    await until(lambda: seen.exists() and len(kept(seen)) == 1)
    hooks.on(PermissionAnswered(request=ASKED, reply=Allow()))
    hooks.on(RunEnded(reason="done", turns=1))
    await until(lambda: len(kept(seen)) == 2)
    await hooks.aclose()
    assert [told["notification_type"] for told in kept(seen)] == ["permission_prompt", "idle_prompt"]
    assert "Bash" in kept(seen)[0]["message"]


@pytest.mark.behaviour("B-1205")
@pytest.mark.parametrize(
    "events",
    [
        (PermissionAsked(request=ASKED), PermissionAnswered(request=ASKED, reply=Allow())),
        (RunEnded(reason="done", turns=1), RunStarted(prompt=PROMPT)),
        (RunEnded(reason="done", turns=1, agent="helper"),),
    ],
)
async def test_who_did_not_wait_is_not_called(tmp_path: Path, events: tuple[AnyEvent, ...]) -> None:
    seen = tmp_path / "seen"
    hooks = hooks_in(tmp_path, {"Notification": [group(keeps(seen))]}, Recorder(), waits=Waits(0.0, 0.0))
    for event in events:
        hooks.on(event)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await hooks.aclose()
    assert not seen.exists()


@pytest.mark.behaviour("B-1205")
async def test_the_end_of_a_session_calls_nobody_any_more(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    hooks = hooks_in(tmp_path, {"Notification": [group(keeps(seen))]}, Recorder())
    hooks.on(RunEnded(reason="done", turns=1))
    await hooks.aclose()
    await hooks.aclose()
    assert not seen.exists()


@pytest.mark.behaviour("B-1206")
async def test_a_hook_of_type_prompt_asks_a_model(tmp_path: Path) -> None:
    model = PlayedModel([Reply((Text('{"ok": false, "reason": "the tests were not run"}'),))])
    front = Recorder()
    judge: Json = {"hooks": [{"type": "prompt", "prompt": "Are the tests green? $ARGUMENTS"}]}
    hooks = hooks_in(tmp_path, {"Stop": [judge]}, front, model=lambda: model)
    verdict = await hooks.before_end("All done.", History())
    assert isinstance(verdict, Inject) and "the tests were not run" in verdict.message.text
    (asked,) = model.requests
    assert "All done." in asked.messages[0].text and "haiku" in asked.model
    await hooks.aclose()


async def test_the_person_is_told_why_a_run_goes_on(tmp_path: Path) -> None:
    front = Recorder()
    hooks = hooks_in(tmp_path, {"Stop": [group("echo 'run \\033[31mall' >&2; exit 2")]}, front)
    await hooks.before_end("Done.", History())
    (notice,) = [event for event in front.of(Notice) if "goes on" in event.text]
    assert notice.text.startswith("Stop hook: the run goes on, run ") and "\x1b" not in notice.text
    await hooks.aclose()


async def test_a_start_that_is_begun_early_is_waited_for_and_runs_once(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    hooks = hooks_in(tmp_path, {"SessionStart": [group(keeps(seen, "echo hello"))]}, Recorder())
    hooks.begin()
    said = await hooks.began()
    hooks.begin()
    assert len(said.notes) == 1 and "hello" in said.notes[0] and len(kept(seen)) == 1
    await hooks.aclose()


async def test_a_start_that_nobody_wants_to_wait_for_is_ended(tmp_path: Path) -> None:
    began = tmp_path / "began"
    hooks = hooks_in(tmp_path, {"SessionStart": [group(f"touch '{began}'; sleep 1000")]}, Recorder())
    waiting = asyncio.create_task(hooks.began())
    await until(began.exists)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled() and (await hooks.began()).notes == ()
    await hooks.aclose()


@pytest.mark.behaviour("B-1309")
@pytest.mark.parametrize("running", [True, False])
async def test_a_hook_in_the_background_that_ends_with_2_is_heard_before_the_run_ends(
    tmp_path: Path, running: bool
) -> None:
    go = tmp_path / "go"
    line = f"until test -e '{go}'; do sleep 0.02; done; echo the build broke >&2; exit 2"
    slow = handler(line, asyncRewake=True, rewakeMessage="From the build:")
    front = Recorder()
    hooks = hooks_in(tmp_path, {"PostToolUse": [group(slow, matcher="Bash")]}, front)
    hooks.on(RunStarted(prompt=PROMPT))
    await hooks.after_call(ToolUse("t1", "Bash", {"command": "make"}), ToolOutput("made"), 0.1)
    assert await hooks.before_end("Done.", History()) is None
    if not running:
        hooks.on(RunEnded(reason="done", turns=1))
    go.touch()
    await until(lambda: bool(front.of(Notice)))
    (notice,) = front.of(Notice)
    assert notice.text.startswith("PostToolUse hook: the build broke")
    assert notice.text.endswith("The model reads it with your next message") is not running
    verdict = await hooks.before_end("Done.", History()) if running else hooks.before_turn(1, History())
    assert isinstance(verdict, Inject) and "From the build:\nthe build broke" in verdict.message.text
    assert await hooks.before_end("Done.", History()) is None and injected(hooks) == ""
    await hooks.aclose()


@pytest.mark.behaviour("B-1309")
async def test_what_wakes_again_and_again_does_not_keep_a_run_going_for_ever(tmp_path: Path) -> None:
    wake = handler("echo look >&2; exit 2", asyncRewake=True)
    front = Recorder()
    hooks = hooks_in(tmp_path, {"Stop": [group(wake)]}, front)
    hooks.on(RunStarted(prompt=PROMPT))

    async def goes_on(count: int) -> bool:
        """Whether the run goes on, once what the hook said at this end was heard of."""
        verdict = await hooks.before_end("Done.", History())
        await until(lambda: len(front.of(Notice)) > count)
        return isinstance(verdict, Inject)

    heard = [await goes_on(count) for count in range(12)]
    assert heard == [False, *[True] * 8, *[False] * 3]
    await hooks.aclose()
