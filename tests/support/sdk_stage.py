"""One conversation that a public SDK holds with this coder: the options it starts with, and what it was told."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import claude_agent_sdk as sdk

from tests.support.cli import DEADLINE, Place
from tests.support.fakeapi import RunningApi

SCENES = Path(__file__).parents[1] / "online" / "sdk" / "ts"
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Stage:
    """The Python SDK's."""

    place: Place
    program: Path

    def options(self, api: RunningApi, **more: Any) -> sdk.ClaudeAgentOptions:
        env = self.place.env(api.url, {"CLAUDE_CONFIG_DIR": str(self.place.home / ".coder")}) | more.pop("env", {})
        return sdk.ClaudeAgentOptions(**{"cli_path": self.program, "cwd": self.place.project, "env": env, **more})

    def client(self, api: RunningApi, **more: Any) -> sdk.ClaudeSDKClient:
        return sdk.ClaudeSDKClient(self.options(api, **more))

    async def told(self, api: RunningApi, prompt: str | AsyncIterator[dict[str, Any]], **more: Any) -> list[Any]:
        """The messages of a `query()`."""
        async with asyncio.timeout(DEADLINE):
            return [m async for m in sdk.query(prompt=prompt, options=self.options(api, **more))]


async def answer(client: sdk.ClaudeSDKClient, prompt: Any = None) -> list[Any]:
    """The messages of a client that streams, up to the next result; the prompt is sent first."""
    async with asyncio.timeout(DEADLINE):
        if prompt is not None:
            await client.query(prompt)
        return [m async for m in client.receive_response()]


async def prompts(*texts: str, **more: Any) -> AsyncIterator[dict[str, Any]]:
    for text in texts:
        yield {"type": "user", "message": {"role": "user", "content": text}, "parent_tool_use_id": None, **more}


def each(messages: list[Any], kind: type[Kind]) -> list[Kind]:
    return [m for m in messages if isinstance(m, kind)]


def result(messages: list[Any]) -> sdk.ResultMessage:
    (found,) = each(messages, sdk.ResultMessage)
    return found


def system(messages: list[Any], subtype: str) -> list[dict[str, Any]]:
    return [m.data for m in each(messages, sdk.SystemMessage) if m.subtype == subtype]


def calls(messages: list[Any]) -> list[sdk.ToolUseBlock]:
    return each([b for m in each(messages, sdk.AssistantMessage) for b in m.content], sdk.ToolUseBlock)


def results_of_calls(messages: list[Any]) -> list[str]:
    """What the model is told of its calls, as the SDK shows it."""
    blocks = [b for m in each(messages, sdk.UserMessage) if isinstance(m.content, list) for b in m.content]
    return [_words(b.content) for b in each(blocks, sdk.ToolResultBlock)]


@dataclass(frozen=True, slots=True)
class NodeStage:
    """The TypeScript SDK's: each scene is a function of a module, and what it returns comes back as JSON."""

    package: Path
    place: Place
    program: Path

    def play(self, scene: str, api: RunningApi, **given: Any) -> Any:
        module, _, name = scene.partition(".")
        told = {
            "package": str(self.package),
            "module": module,
            "scene": name,
            "program": str(self.program),
            "cwd": str(self.place.project),
            "given": given,
        }
        done = subprocess.run(
            ["node", str(SCENES / "play.mjs")],
            cwd=self.place.project,
            env=self.place.env(api.url, {"CLAUDE_CONFIG_DIR": str(self.place.home / ".coder")}),
            input=json.dumps(told),
            capture_output=True,
            encoding="utf-8",
            timeout=2 * DEADLINE,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout)


def wire(messages: list[dict[str, Any]], type: str, subtype: str | None = None) -> list[dict[str, Any]]:
    """Messages of a kind, as the TypeScript SDK gives them: the wire's own."""
    return [m for m in messages if m["type"] == type and subtype in (None, m.get("subtype"))]


def wire_results(messages: list[dict[str, Any]]) -> list[str]:
    """What the model is told of its calls."""
    contents = [m["message"]["content"] for m in wire(messages, "user")]
    blocks = [b for content in contents if isinstance(content, list) for b in content]
    return [_words(b["content"]) for b in blocks if b["type"] == "tool_result"]


def _words(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(block.get("text", block.get("type"))) for block in content or ())
