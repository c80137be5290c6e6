"""AskUserQuestion: one to four questions to the person, with options. Must not know how they are put."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import Annotated

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.messages import Json
from coder.core.requests import Allow, Answers, Deny, Question, ServerAnswer
from coder.core.tools import Internal, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.tools.form import Bounds

_NOBODY = """Nobody is there to answer. Choose the most sensible option yourself and go on.
Say in your final answer what you chose, and why."""


@dataclass(frozen=True, slots=True)
class Option:
    label: Annotated[str, "One to five words"]
    description: Annotated[str, "What choosing it means"]
    preview: Annotated[str | None, "Text to compare, such as a code sketch"] = None

    def to_json(self) -> Json:
        made: Json = {"label": self.label, "description": self.description}
        return made if self.preview is None else {**made, "preview": self.preview}


@dataclass(frozen=True, slots=True)
class Item:
    question: Annotated[str, "The whole question"]
    header: Annotated[str, "Its topic in at most 12 characters"]
    options: Annotated[list[Option], "The answers to choose from", Bounds(2, 4)]
    multi_select: Annotated[bool, "Several options may be chosen"] = field(
        default=False, metadata={"name": "multiSelect"}
    )

    def to_json(self) -> Json:
        options = [option.to_json() for option in self.options]
        return {
            "question": self.question,
            "header": self.header,
            "options": options,
            "multiSelect": self.multi_select,
        }


@dataclass(frozen=True, slots=True)
class AskUserQuestionParams:
    questions: Annotated[list[Item], "One to four questions", Bounds(1, 4)]


class AskUserQuestion:
    name = "AskUserQuestion"
    params = AskUserQuestionParams

    def __init__(self, *, has_pages: bool = False) -> None:
        self.has_pages = has_pages  # previews are shown as web pages

    def access(self, params: AskUserQuestionParams, workspace: Workspace) -> Internal:
        return Internal()

    def summary(self, params: AskUserQuestionParams) -> str:
        return " / ".join(item.question for item in params.questions)

    async def run(self, params: AskUserQuestionParams, context: ToolContext) -> ToolOutput:
        _check(params.questions)
        questions = [item.to_json() for item in params.questions]
        reply = await context.ask(Question(tuple(questions), context.tool_use_id))
        if isinstance(reply, Deny):
            data: Json = {"questions": questions, "answers": {}}
            if reply.nobody:
                return ToolOutput(_NOBODY, data, "nobody to ask")
            reason = f": {reply.message}" if reply.message else "."
            return ToolOutput(f"The person did not answer{reason}", data, "not answered", is_error=True)
        answers = _answers(reply)
        lines = [f"{item.question} {answers.get(item.question) or '(no answer)'}" for item in params.questions]
        text = "\n".join(["The person answered:", *lines])
        given = ", ".join(answers[item.question] for item in params.questions if answers.get(item.question))
        return ToolOutput(text, {"questions": questions, "answers": answers}, given or "no answer")


def _answers(reply: Answers | Allow | ServerAnswer) -> dict[str, str]:
    """The answers by question; a front end that answers through the call's input puts them there."""
    match reply:
        case Answers(answers=given):
            return given
        case Allow(input=edited):
            found = (edited or {}).get("answers")
        case _:
            found = None
    return {str(question): str(answer) for question, answer in found.items()} if isinstance(found, dict) else {}


def _check(items: list[Item]) -> None:
    """Raises ToolError for what would be shown empty or answered ambiguously."""
    for number, item in enumerate(items):
        where = f"`questions[{number}]"
        if not item.question.strip() or not item.header.strip():
            raise ToolError(f'{where}` has an empty question or header; expected "Which database?" and "Database".')
        labels = Counter(option.label.strip() for option in item.options)
        label, times = labels.most_common(1)[0]
        if times > 1 or "" in labels:
            raise ToolError(f"{where}.options` has the label {label!r} {times} times; expected different labels.")
    question, times = Counter(item.question for item in items).most_common(1)[0]
    if times > 1:
        raise ToolError(f"`questions` has {question!r} {times} times; answers are told apart by the question.")
