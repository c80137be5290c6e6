"""The Skill tool, through the engine: what it tells the model, when it asks, and how long what it grants holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coder.agent.outcome import Outcome
from coder.core.messages import Text, ToolUse
from coder.core.requests import Allow
from tests.support.command_desk import Desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk(tmp_path, rules=[("allow", "Skill(trusted-one)"), ("deny", "Skill(forbidden *)")]) as desk:
        yield desk


async def call(desk: Desk, *names: str, args: str | None = None) -> list[Outcome]:
    more = {} if args is None else {"args": args}
    calls = [ToolUse(f"s{number}", "Skill", {"skill": name, **more}) for number, name in enumerate(names)]
    outcomes: dict[str, Outcome] = {}
    await desk.executor.run(calls, outcomes)
    return [outcomes[each.id] for each in calls]


def text(outcome: Outcome) -> str:
    return "".join(block.text for block in outcome.result.content if isinstance(block, Text))


@pytest.mark.behaviour("B-1166")
async def test_its_text_comes_behind_the_result(desk: Desk) -> None:
    (desk.root / "guide.md").write_text("be kind\n")
    desk.add("notes", "Write $ARGUMENTS as @guide.md says, not @typed.md.", kind="skill", folder=desk.root / "s")
    (desk.root / "typed.md").write_text("no")
    (outcome,) = await call(desk, "notes", args="a @typed.md")
    assert text(outcome) == "The skill notes follows below. Do what it says." and not desk.asked
    (message,) = desk.told
    assert message.meta.kind == "reminder" and message.role == "user"
    body, *attached = [block.text for block in message.content if isinstance(block, Text)]
    assert body.endswith("\n\nWrite a @typed.md as @guide.md says, not @typed.md.")
    assert [block.split("\n")[0] for block in attached] == [
        f'<attached-file path="{desk.root}/guide.md">',
        f'<attached-file path="{desk.root}/typed.md">',
    ]


@pytest.mark.behaviour("B-1166")
async def test_what_a_call_names_is_not_attached(desk: Desk) -> None:
    (desk.root / "typed.md").write_text("no")
    desk.add("notes", "Write $ARGUMENTS.", kind="skill")
    await call(desk, "notes", args="a @typed.md")
    assert len(desk.told[0].content) == 1


@pytest.mark.behaviour("B-1166")
async def test_only_what_is_offered_can_be_used_and_by_its_whole_name(desk: Desk) -> None:
    desk.add("git:notes", "Body.", kind="skill")
    desk.add("mine", "Body.", kind="skill", model_may=False)
    desk.add("deploy", "Body.", origin="built-in")
    desk.definitions["notes"] = desk.definitions["git:notes"]  # as a catalogue finds it by its end
    answers = await call(desk, "notes", "mine", "deploy", "git:note", "/git:notes")
    assert all(answer.result.is_error for answer in answers) and not desk.told
    assert "send its whole name, 'git:notes'" in text(answers[0])
    assert "is for the person" in text(answers[1]) and "is for the person" in text(answers[2])
    assert "Did you mean 'git:notes'?" in text(answers[3])


@pytest.mark.behaviour("B-1167")
async def test_a_skill_that_gains_something_is_asked_about(desk: Desk) -> None:
    desk.add("maker", "!`touch first`", kind="skill", grants=("Bash(touch *)",))
    (denied,) = await call(desk, "maker")
    assert denied.is_denied and not desk.told and not (desk.root / "first").exists()
    (request,) = desk.asked
    assert "could do without a question: Bash(touch *)" in request.reasons[0].text
    assert request.suggestions == ("Skill(maker)",)
    desk.answer = Allow(remember=request.suggestions)
    await call(desk, "maker")
    assert (desk.root / "first").exists() and desk.saved == ["Skill(maker)"]
    assert desk.verdict("touch x") == "allow"
    desk.commands.run_ended()
    assert desk.verdict("touch x") == "ask"
    await call(desk, "maker")
    assert len(desk.asked) == 2


@pytest.mark.behaviour("B-1167")
async def test_rules_name_skills(desk: Desk) -> None:
    desk.add("trusted-one", "Body.", kind="skill", grants=("Bash(touch *)",))
    desk.add("forbidden", "Body.", kind="skill")
    allowed, denied = await call(desk, "trusted-one", "forbidden")
    assert not allowed.result.is_error and not desk.asked and denied.is_denied


@pytest.mark.behaviour("B-1167")
async def test_what_nobody_trusts_grants_nothing_and_needs_no_question(desk: Desk) -> None:
    desk.add("stranger", "Body.", kind="skill", grants=("Bash(touch *)",), trusted=False)
    (outcome,) = await call(desk, "stranger")
    assert not outcome.result.is_error and not desk.asked and desk.verdict("touch x") == "ask"


@pytest.mark.behaviour("B-1160")
async def test_a_text_that_cannot_be_made_answers_the_call_and_grants_nothing(desk: Desk) -> None:
    desk.add("trusted-one", "!`touch first` !`cat missing`", kind="skill", grants=("Bash(touch *)",))
    (outcome,) = await call(desk, "trusted-one")
    assert outcome.result.is_error and "Shell command failed for pattern" in text(outcome)
    assert desk.verdict("touch x") == "ask" and not desk.told


async def test_many_at_once_with_commands_of_their_own_do_not_wait_for_each_other(desk: Desk) -> None:
    for number in range(12):
        desk.add(f"s{number}", f"!`echo {number}`", kind="skill")
    outcomes = await call(desk, *(f"s{number}" for number in range(12)))
    assert not any(outcome.result.is_error for outcome in outcomes) and len(desk.told) == 12
