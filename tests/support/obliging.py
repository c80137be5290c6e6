"""A model that does what a prompt asks, as far as the public SDKs' own programs ask: those are written for a live one.

`python -m tests.support.obliging` serves it: the address is the first line of what is printed, each request that was
refused one more. Must not know coder beyond the fake API.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coder.replay.conditions import View, blocks_of
from coder.replay.faults import Status
from coder.replay.player import Call, Played
from coder.replay.script import Turn, perform
from coder.replay.server import Exchange, FakeApi
from coder.replay.signing import is_signed

REMINDER = re.compile(r"\s*<system-reminder>")
SLOW = "  ".join(f"{number}," for number in range(1, 101))


@dataclass(frozen=True, slots=True)
class Asked:
    """A kind of prompt: what is called for it, one call a step, and what is said at last."""

    prompt: str
    steps: tuple[tuple[str, Callable[[re.Match[str]], dict[str, Any]]], ...] = ()
    answer: str = "Done."
    slow: float = 0.0


def _agent(match: re.Match[str]) -> dict[str, Any]:
    return {"description": "as asked", "subagent_type": match["who"], "prompt": "say hi", "run_in_background": False}


def _given(*names: str) -> Callable[[re.Match[str]], dict[str, Any]]:
    """Numbers of the prompt, in order, under these names."""
    return lambda match: dict(zip(names, (float(n) for n in re.findall(r"\d+", match.string)), strict=False))


KINDS = (
    Asked(
        r"Call mcp__multi__echo with text='(?P<text>\w+)' and mcp__multi__greet with name='(?P<name>\w+)'",
        (
            ("mcp__multi__echo", lambda m: {"text": m["text"]}),
            ("mcp__multi__greet", lambda m: {"name": m["name"]}),
        ),
    ),
    Asked(
        r"First use the greet tool",
        (("mcp__test__greet", lambda _: {"name": "Alice"}), ("mcp__test__echo", lambda _: {"text": "test"})),
    ),
    Asked(r"Call the (?P<tool>mcp__(test|noperm)__echo) tool", (("{tool}", lambda _: {"text": "any"}),)),
    Asked(r"Use the Agent tool exactly once with subagent_type '(?P<who>[\w-]+)'", (("Agent", _agent),), "DONE"),
    Asked(r"Use the (?P<who>[\w-]+) agent to", (("Agent", _agent),)),
    Asked(
        r"Use the Write tool to create the file (?P<path>\S+) containing exactly the text (?P<text>\w+)",
        (("Write", lambda m: {"file_path": m["path"], "content": m["text"]}),),
    ),
    Asked(
        r"Write the text '(?P<text>[^']+)' to a file called (?P<path>\S+)",
        (("Write", lambda m: {"file_path": m["path"], "content": m["text"]}),),
    ),
    Asked(
        r"Create a simple (?P<path>hello\.txt) file", (("Write", lambda m: {"file_path": m["path"], "content": "hi"}),)
    ),
    Asked(r"Run (?:the|this)(?: bash)? command: (?P<line>.+)", (("Bash", lambda m: {"command": m["line"]}),)),
    Asked(r"Run: (?P<line>.+)", (("Bash", lambda m: {"command": m["line"]}),)),
    Asked(r"Run a bash echo command", (("Bash", lambda _: {"command": "echo 'Hello from bash!'"}),)),
    Asked(
        r"Create a simple Python hello world script",
        (
            ("Bash", lambda _: {"command": "ls"}),
            ("Write", lambda _: {"file_path": "hello.py", "content": "print('hello')\n"}),
            ("Bash", lambda _: {"command": "python3 hello.py"}),
        ),
    ),
    Asked(r"Read the README", (("Read", lambda _: {"file_path": "README.md"}),)),
    Asked(r"Calculate 15 \+ 27", (("mcp__calc__add", _given("a", "b")),), "42"),
    Asked(r"100 divided by 7", (("mcp__calc__divide", _given("a", "b")),), "14.3"),
    Asked(r"square root of 144$", (("mcp__calc__sqrt", _given("n")),), "12"),
    Asked(r"2 raised to the power of 8", (("mcp__calc__power", _given("base", "exponent")),), "256"),
    Asked(r"Count from 1 to \d+ slowly", answer=SLOW, slow=0.1),
    Asked(r"Reply with exactly: (?P<words>\w+)", answer="{words}"),
    Asked(r"greeter|say hi", answer="Hello there, nice to see you."),
    Asked(r"jokes|2 \+ 2 equals", answer="Here it is: 4."),
    Asked(
        r"Count how many",
        (("Bash", lambda _: {"command": "ls"}),),
    ),
    Asked(r"Search for test files", (("Grep", lambda _: {"pattern": "import pytest", "path": "tests"}),)),
)
FORMS: dict[str, dict[str, Any]] = {
    "Count how many Python files": {"file_count": 9, "has_tests": False},
    "Count how many files": {"file_count": 3, "has_readme": False},
    "Analyze this text": {"analysis": {"word_count": 2, "character_count": 11}, "words": ["Hello", "world"]},
    "Search for test files": {"has_tests": True, "test_framework": "pytest", "test_count": 40},
}


class Obliging:
    """A `Player`. It knows no model whose name says that there is none."""

    def play(self, call: Call) -> Played:
        if "nonexistent" in str(call.request.get("model")):
            fault = Status(status=404, error="not_found_error", message="model: not found")
            return perform(Turn(), fault, call)
        return perform(turn_for(View(call.request)), None, call)

    def is_known_thinking(self, thinking: str, signature: str) -> bool:
        return is_signed(thinking, signature)

    def unfinished(self) -> str:
        return ""


def turn_for(view: View) -> Turn:
    prompt, step = prompted(view)
    tools = {str(tool.get("name")) for tool in view.request.get("tools") or () if isinstance(tool, dict)}
    thought = _thinking(view)
    for kind in KINDS:
        if match := re.search(kind.prompt, prompt):
            if step < len(kind.steps):
                name, make = kind.steps[step]
                named = name.format(**match.groupdict())
                if named in tools:
                    return Turn((*thought, {"type": "tool_use", "name": named, "input": make(match)}))
                return Turn(({"type": "text", "text": f"There is no {named}."},))
            if not _form(prompt, tools) or _handed_in(view):
                answer = kind.answer.format(**match.groupdict())
                return Turn((*thought, {"type": "text", "text": answer}), delay=kind.slow)
            break
    form = _form(prompt, tools)
    if form is not None and not _handed_in(view):
        return Turn(({"type": "tool_use", "name": "Submit", "input": form},))
    return Turn((*thought, {"type": "text", "text": "That is easy: 4."}))


def prompted(view: View) -> tuple[str, int]:
    """The words that were said last, and how often was answered since."""
    step = 0
    for message in reversed(view.messages):
        blocks = blocks_of(message)
        if message.get("role") == "assistant":
            step += 1
        elif not any(block.get("type") == "tool_result" for block in blocks):
            said = [str(b.get("text")) for b in blocks if b.get("type") == "text"]
            words = [text for text in said if not REMINDER.match(text)]
            if words:
                return words[-1], step
    return "", step


def _thinking(view: View) -> tuple[dict[str, Any], ...]:
    asked = view.request.get("thinking")
    if not isinstance(asked, dict) or asked.get("type") not in ("enabled", "adaptive"):
        return ()
    return ({"type": "thinking", "thinking": "2 and 2, so I count: that is 4."},)


def _form(prompt: str, tools: set[str]) -> dict[str, Any] | None:
    if "Submit" not in tools:
        return None
    return next((form for words, form in FORMS.items() if words in prompt), None)


def _handed_in(view: View) -> bool:
    return view.last_tool == "Submit"


async def serve() -> None:
    def ended(exchange: Exchange) -> None:
        for violation in exchange.violations:
            print(violation, flush=True)

    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    # A fork that drops a turn does not extend what was said before it, and hosts fork.
    async with FakeApi(Obliging(), on_exchange=ended, port=port, continuity=False) as api:
        print(api.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
