"""What an answer does beyond one call: rules it teaches, a mode it sets, edits it makes, and questions that wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from coder.agent.gate import Allowed, Denied, Gate
from coder.app.rulebook import RuleBook
from coder.core.config import Behaviour, RuleText
from coder.core.errors import ConfigError
from coder.core.events import Notice, PermissionAnswered, PermissionAsked, PermissionDenied
from coder.core.messages import Text, ToolResult, ToolUse
from coder.core.requests import Allow, Deny, Question, Reason, Reply
from coder.core.tools import Access, Mode, Runs, Writes
from coder.core.workspace import Workspace
from coder.permissions.decide import Decision
from coder.permissions.rules import Rules
from tests.support.agents import CWD, Engine, prompt
from tests.support.engine import AnyParams, FakeTool, PlayedModel, Recorder, StillControl, call
from tests.support.engine import Reply as Turn

FILE = CWD / ".coder" / "settings.local.json"
ONCE = call("t", "Bash", command="npm test")
TWICE = call("t", "Bash", command="git add a && git commit -m x")


class Shell(FakeTool):
    """A tool that is judged by the command it is given."""

    def __init__(self) -> None:
        super().__init__("Bash")

    def access(self, params: AnyParams, workspace: Workspace) -> Access:
        return Runs(params.raw["command"])

    def summary(self, params: AnyParams) -> str:
        return str(params.raw["command"])


class Pen(FakeTool):
    def __init__(self) -> None:
        super().__init__("Edit")

    def access(self, params: AnyParams, workspace: Workspace) -> Access:
        return Writes((Path(params.raw["file_path"]),))


class Settings:
    """A settings file in memory, as `save` of a rule book sees it."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.saved: list[tuple[Path, Behaviour, str]] = []
        self._problem = problem

    def save(self, path: Path, behaviour: Behaviour, rule: str) -> None:
        if self._problem:
            raise self._problem
        self.saved.append((path, behaviour, rule))

    @property
    def rules(self) -> list[str]:
        return [rule for _, _, rule in self.saved]


def engine(
    *calls: Any,
    replies: Sequence[Reply],
    settings: Settings | None = None,
    rules: Sequence[RuleText] = (),
    mode: Mode = "default",
) -> tuple[Engine, Shell]:
    shell = Shell()
    model = PlayedModel([*(Turn((each,)) for each in calls), Turn((Text("Done."),))])
    recorder = Recorder(*replies)
    save = (settings or Settings()).save
    return Engine(model, [shell, Pen()], recorder=recorder, rules=rules, mode=mode, save=save), shell


def denies(text: str) -> RuleText:
    return RuleText(text, "deny", "user", "settings.json", CWD)


def notices(made: Engine) -> list[str]:
    return [notice.text for notice in made.recorder.of(Notice)]


def last_result(made: Engine) -> str:
    results = [b for m in made.history.messages for b in m.content if isinstance(b, ToolResult)]
    return "".join(b.text for b in results[-1].content if isinstance(b, Text))


@pytest.mark.behaviour("B-668")
async def test_always_saves_the_rule_and_holds_at_once() -> None:
    settings = Settings()
    again = call("u", "Bash", command="npm test -- --watch=false")
    made, shell = engine(ONCE, again, replies=[Allow(remember=("Bash(npm test *)",))], settings=settings)
    await made.agent.run(prompt())
    assert settings.saved == [(FILE, "allow", "Bash(npm test *)")]
    assert len(made.recorder.asked) == 1
    assert [raw["command"] for raw in shell.ran] == ["npm test", "npm test -- --watch=false"]
    assert not notices(made)


@pytest.mark.behaviour("B-665")
async def test_a_question_offers_one_rule_for_each_part() -> None:
    settings = Settings()
    rules = ("Bash(git add *)", "Bash(git commit *)")
    made, _ = engine(TWICE, replies=[Allow(remember=rules)], settings=settings)
    await made.agent.run(prompt())
    assert made.recorder.asked[0].suggestions == rules
    assert settings.rules == list(rules)


@pytest.mark.behaviour("B-669")
@pytest.mark.parametrize(
    ("asked", "rules", "why"),
    [
        (ONCE, ("Bash(npm tset *)",), "would not allow this call: Bash(npm tset *)."),
        (ONCE, ("Bash(npm test",), "would not allow this call: Bash(npm test."),
        (ONCE, ("Bash(npm test *)", "Bash(curl *)"), "this call does not need it: Bash(npm test *)."),
        (TWICE, ("Bash(git add *)",), "would not allow this call: Bash(git add *)."),
        (ONCE, tuple(f"Bash(npm test {n})" for n in range(6)), "More than 5 rules at once are not saved"),
    ],
    ids=["another command", "malformed", "one too many", "a part only", "many"],
)
async def test_a_rule_that_is_not_about_this_call_is_not_saved(asked: Any, rules: tuple[str, ...], why: str) -> None:
    settings = Settings()
    made, shell = engine(asked, asked, replies=[Allow(remember=rules), Deny("")], settings=settings)
    await made.agent.run(prompt())
    assert settings.saved == []
    assert len(notices(made)) == 1
    assert "Bash(curl *)" in notices(made)[0] if "Bash(curl *)" in rules else why in notices(made)[0]
    assert len(shell.ran) == 1, "the yes holds for this call"
    assert len(made.recorder.asked) == 2, "and for no other"


@pytest.mark.behaviour("B-669")
async def test_no_rule_is_saved_for_what_cannot_be_undone() -> None:
    settings = Settings()
    push = call("t", "Bash", command="git push --force")
    made, _ = engine(push, replies=[Allow(remember=("Bash(git push *)",))], settings=settings)
    await made.agent.run(prompt())
    assert settings.saved == []
    assert made.recorder.asked[0].suggestions == ()


@pytest.mark.behaviour("B-670")
@pytest.mark.parametrize(
    ("problem", "why"),
    [
        (OSError(30, "Read-only file system"), f"{FILE}: Read-only file system."),
        (ConfigError("it is broken."), "it is broken."),
    ],
)
async def test_a_rule_that_cannot_be_saved_holds_for_the_session(problem: Exception, why: str) -> None:
    made, shell = engine(ONCE, ONCE, replies=[Allow(remember=("Bash(npm test *)",))], settings=Settings(problem))
    await made.agent.run(prompt())
    assert notices(made) == [
        f"Bash(npm test *) holds until you leave, but could not be saved: {why} "
        "Make the file writable, or add it under permissions.allow of your own settings."
    ]
    assert len(shell.ran) == 2 and len(made.recorder.asked) == 1


@pytest.mark.behaviour("B-675")
async def test_accepting_all_edits_sets_the_mode_and_saves_nothing() -> None:
    settings = Settings()
    edits = [call(f"t{n}", "Edit", file_path=str(CWD / name)) for n, name in enumerate(("a.py", "b.py"))]
    made, _ = engine(*edits, replies=[Allow(mode="acceptEdits")], settings=settings)
    await made.agent.run(prompt())
    assert [request.accept_edits for request in made.recorder.asked] == [True]
    assert settings.saved == []


@pytest.mark.behaviour("B-675")
async def test_accepting_all_edits_is_not_offered_where_it_would_not_help() -> None:
    protected = call("t", "Edit", file_path=str(CWD / ".git" / "config"))
    made, _ = engine(protected, replies=[Deny("")])
    await made.agent.run(prompt())
    assert [request.accept_edits for request in made.recorder.asked] == [False]


async def test_no_answer_switches_all_questions_off() -> None:
    made, _ = engine(ONCE, ONCE, replies=[Allow(mode="bypassPermissions")])
    await made.agent.run(prompt())
    assert len(made.recorder.asked) == 2
    assert notices(made)[0] == "An answer cannot switch to bypassPermissions; the mode stays."


@pytest.mark.behaviour("B-672")
async def test_a_deny_rule_beats_an_edited_call() -> None:
    made, shell = engine(ONCE, replies=[Allow(input={"command": "rm -rf build"})], rules=[denies("Bash(rm *)")])
    await made.agent.run(prompt())
    assert shell.ran == []
    assert "a rule denies `rm -rf build`: Bash(rm *) in settings.json" in last_result(made)


@pytest.mark.behaviour("B-672")
async def test_the_yes_covers_an_edited_call_that_would_have_been_asked_about() -> None:
    made, shell = engine(ONCE, replies=[Allow(input={"command": "npm run all"})])
    await made.agent.run(prompt())
    assert [raw["command"] for raw in shell.ran] == ["npm run all"]
    assert len(made.recorder.asked) == 1


@pytest.mark.behaviour("B-672")
@pytest.mark.parametrize(("first", "refused"), [("make", True), ("rm -rf ~", False)])
async def test_an_edit_cannot_bring_in_what_cannot_be_undone(first: str, refused: bool) -> None:
    def judge(asked: ToolUse, access: Access, given: Allow) -> Decision:
        confirm = "rm" if "rm" in asked.input["command"] else ""
        return Decision("ask", (Reason("safety", "rm deletes your home folder", ""),), False, confirm=confirm)

    person = Recorder(Allow())
    gate = Gate(
        judge,
        person.ask,
        person.emit,
        RuleBook(Rules(), CWD, CWD, Settings().save).allow,
        StillControl().set_mode,
        Path.cwd,
    )
    access = Runs("")
    before = gate.judge(call("t", "Bash", command=first), access)
    answer = gate.check_edited(call("t", "Bash", command="rm -rf ~"), access, "Bash rm -rf ~", before)
    assert isinstance(answer, Denied) == refused
    assert [event.message for event in person.of(PermissionDenied)] == [
        "as edited it cannot be undone: rm deletes your home folder"
    ] * refused


@pytest.mark.behaviour("B-667")
async def test_the_words_of_a_no_reach_the_model() -> None:
    made, _ = engine(ONCE, replies=[Deny("use make test")])
    await made.agent.run(prompt())
    assert last_result(made) == "Not run: the person said no, and this: use make test"


class SlowPerson(Recorder):
    """Takes its time for each answer, and counts how many questions are put at the same time."""

    now = most = 0

    async def ask(self, request: Any) -> Any:
        self.now += 1
        self.most = max(self.most, self.now)
        for _ in range(5):
            await asyncio.sleep(0)
        self.now -= 1
        return await super().ask(request)


async def waiting(person: SlowPerson, *commands: str) -> list[Allowed | Denied]:
    """The verdicts on calls that all reach the gate of one session at the same time."""
    gate = Engine(PlayedModel([]), [], recorder=person).gate
    calls = [(call(f"t{n}", "Bash", command=text), Runs(text)) for n, text in enumerate(commands)]
    return await asyncio.gather(*(gate.check(c, a, c.id, gate.judge(c, a)) for c, a in calls))


@pytest.mark.behaviour("B-671")
async def test_an_always_answers_the_waiting_questions_it_covers() -> None:
    person = SlowPerson(Allow(remember=("Bash(npm test *)",)), Deny(""))
    verdicts = await waiting(person, "npm test a", "npm test b", "make", "npm test c")
    assert [request.call.input["command"] for request in person.asked] == ["npm test a", "make"]
    assert [isinstance(verdict, Allowed) for verdict in verdicts] == [True, True, False, True]


@pytest.mark.behaviour("B-671")
async def test_there_is_never_more_than_one_question() -> None:
    person = SlowPerson(Deny(""))
    await waiting(person, "a", "b", "c", "d")
    assert (len(person.asked), person.most) == (4, 1)


@pytest.mark.behaviour("B-671")
async def test_a_question_of_the_model_waits_its_turn_too() -> None:
    person = SlowPerson(Deny(""))
    gate, access = Engine(PlayedModel([]), [], recorder=person).gate, Runs("make")
    await asyncio.gather(gate.check(ONCE, access, "make", gate.judge(ONCE, access)), gate.ask(Question(())))
    assert (len(person.asked), person.most) == (2, 1)


async def test_asked_and_answered_are_announced_in_pairs() -> None:
    made, _ = engine(ONCE, replies=[Allow()])
    await made.agent.run(prompt())
    assert len(made.recorder.of(PermissionAsked)) == len(made.recorder.of(PermissionAnswered)) == 1


@pytest.mark.behaviour("B-2582")
@pytest.mark.parametrize(
    ("edit", "opened"),
    [
        ({"file_path": "safe/a.py"}, {"file_path": str(CWD / "safe/a.py")}),
        ({"file_path": "./a.py", "new": "b"}, {"file_path": str(CWD / "a.py"), "new": "b"}),
        ({"file_path": "/elsewhere/a.py"}, {"file_path": "/elsewhere/a.py"}),
        ({"file_path": "a.py", "new": "b"}, {"file_path": "a.py", "new": "b"}),  # as the model wrote it: that is told
    ],
    ids=["below", "here", "whole", "unchanged"],
)
async def test_an_edit_may_name_a_file_from_the_current_folder(edit: dict[str, str], opened: dict[str, str]) -> None:
    pen = Pen()
    model = PlayedModel([Turn((call("t", "Edit", file_path="a.py"),)), Turn((Text("Done."),))])
    made = Engine(model, [pen], recorder=Recorder(Allow(input=edit)), save=Settings().save)
    await made.agent.run(prompt())
    assert pen.ran == [opened]
