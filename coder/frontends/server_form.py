"""The question of a server as a state: its fields one after the other, then whether they are sent. Pure.

Must not know a terminal, nor how it is shown.
"""

from __future__ import annotations

from dataclasses import field

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.core.requests import FieldAsked, ServerAnswer, ServerQuestion
from coder.frontends.field_values import Unfit, Value, chosen_of, value_of
from coder.frontends.styled import Row, foreign, row

_LEAVES = ("esc", "ctrl+c")
_NO = "ctrl+d"
_NOTHING = "leave this out"
_BRIEF = 60


@dataclass(slots=True)
class Step:
    """One field and where the person stands in it. `choices` are values with what is shown; none: it is typed."""

    asked: FieldAsked
    choices: tuple[tuple[Value, str], ...]
    at: int = 0
    ticked: set[int] = field(default_factory=set)
    words: str = ""
    value: Value = None

    @property
    def takes_many(self) -> bool:
        return self.asked.kind == "many"

    @property
    def label(self) -> str:
        return foreign(self.asked.title or self.asked.name)

    @property
    def shown(self) -> str:
        """What was answered, on one line."""
        if self.value is None:
            return "(nothing)"
        if isinstance(self.value, list):
            labels = dict(self.asked.choices)
            return ", ".join(foreign(labels[each]) for each in self.value)
        found = [label for value, label in self.choices if value == self.value and type(value) is type(self.value)]
        return foreign(found[0] if found else str(self.value))


class ServerForm:
    """`problem` is why the last answer was not taken, "" when it was."""

    def __init__(self, question: ServerQuestion) -> None:
        self.question = question
        self.steps = [_step(each) for each in question.fields]
        self.number = 0  # of the step; behind the last field comes the decision
        self.at = 0  # which of the decisions is stood on
        self.top = 0  # the first choice in view; kept for who shows it
        self.problem = ""
        self._action: ServerAnswer | None = None

    @property
    def is_over(self) -> bool:
        return self._action is not None

    @property
    def now(self) -> Step | None:
        """The field that is asked for; None at the decision."""
        return self.steps[self.number] if self.number < len(self.steps) else None

    @property
    def decisions(self) -> tuple[str, str]:
        if self.question.url:
            return "Yes, open this page in my browser", "No"
        return ("Send this to the server" if self.steps else "Yes"), "No, send nothing"

    def reply(self) -> ServerAnswer:
        return self._action or ServerAnswer("cancel")

    def press(self, key: str) -> bool:
        """Takes a key by its name. True when it is over."""
        if self.is_over:
            return True
        step, self.problem = self.now, ""
        if key in _LEAVES:
            self._action = ServerAnswer("cancel")
        elif key == _NO:
            self._action = ServerAnswer("decline")
        elif step is None:
            self._press_decision(key)
        elif step.choices:
            self._press_choices(step, key)
        else:
            self._press_words(step, key)
        return self.is_over

    def type(self, text: str) -> None:
        """Adds to what is typed, as a paste does."""
        step = self.now
        if step is not None and not step.choices:
            step.words += "".join(char for char in text.replace("\n", " ") if char.isprintable())

    def take(self, line: str) -> bool:
        """Takes a typed line: an answer or numbers, `back`, `decline`, or `esc`. False when it is no answer: `problem`
        says why."""
        line, step, self.problem = line.strip(), self.now, ""
        if line in ("esc", "back", "decline"):
            return self._leave(line)
        if step is None:
            return self._take_decision(line)
        try:
            if not step.choices:
                step.value = value_of(step.asked, line or step.words)
            elif not line and not step.asked.required and step.asked.default is None:
                step.value = None
            else:
                step.value = _picked(step, line)
        except Unfit as unfit:
            self.problem = str(unfit)
            return False
        self._go_on()
        return True

    def echo_row(self) -> Row:
        """What is left behind. It may be wider than a terminal."""
        server, action = foreign(self.question.server), self.reply().action
        if action == "cancel":
            return row(("✗ ", "bad"), f"You left the question of the MCP server {server}")
        if action == "decline":
            return row(("✗ ", "bad"), f"You told the MCP server {server} no")
        if self.question.url:
            return row(("✓ ", "ok"), f"You let the MCP server {server} open {foreign(self.question.url)}")
        told = " · ".join(f"{step.label} → {step.shown}"[:_BRIEF] for step in self.steps if step.value is not None)
        return row(("✓ ", "ok"), f"You told the MCP server {server}: {told or 'yes'}")

    def _leave(self, word: str) -> bool:
        if word == "back":
            self._back()
        else:
            self._action = ServerAnswer("cancel" if word == "esc" else "decline")
        return True

    def _press_decision(self, key: str) -> None:
        if key in ("up", "down", "k", "j"):
            self.at = 1 - self.at
        elif key in ("left", "backspace"):
            self._back()
        elif key in ("1", "2"):
            self.at = int(key) - 1
            self._decide()
        elif key == "enter":
            self._decide()

    def _take_decision(self, line: str) -> bool:
        if line not in ("1", "2"):
            return False
        self.at = int(line) - 1
        self._decide()
        return True

    def _decide(self) -> None:
        values: Json = {step.asked.name: step.value for step in self.steps if step.value is not None}
        self._action = ServerAnswer("accept", values) if self.at == 0 else ServerAnswer("decline")

    def _press_choices(self, step: Step, key: str) -> None:
        last = len(step.choices) - 1
        moves = {"up": -1, "k": -1, "down": 1, "j": 1, "home": -last, "end": last}
        if key in moves:
            step.at = min(max(step.at + moves[key], 0), last)
        elif key in ("left", "backspace"):
            self._back()
        elif key == "space" and step.takes_many:
            step.ticked ^= {step.at}
        elif key == "enter":
            self._choose(step)
        elif len(key) == 1 and key in "123456789"[: last + 1]:
            step.at = int(key) - 1
            if step.takes_many:
                step.ticked ^= {step.at}
            else:
                self._choose(step)

    def _choose(self, step: Step) -> None:
        if not step.takes_many:
            step.value = step.choices[step.at][0]
            self._go_on()
            return
        try:
            step.value = chosen_of(step.asked, [str(step.choices[at][0]) for at in sorted(step.ticked)])
        except Unfit as unfit:
            self.problem = str(unfit)
            return
        self._go_on()

    def _press_words(self, step: Step, key: str) -> None:
        if key == "enter":
            try:
                step.value = value_of(step.asked, step.words)
            except Unfit as unfit:
                self.problem = str(unfit)
                return
            self._go_on()
        elif key == "up":
            self._back()
        elif key == "backspace":
            step.words = step.words[:-1]
        elif key == "ctrl+u":
            step.words = ""
        else:
            self.type(" " if key == "space" else key if len(key) == 1 else "")

    def _go_on(self) -> None:
        self.number += 1
        self.top = self.at = 0

    def _back(self) -> None:
        self.number = max(self.number - 1, 0)
        self.top = 0


def _step(asked: FieldAsked) -> Step:
    choices: tuple[tuple[Value, str], ...] = asked.choices
    if asked.kind == "yes or no":
        choices = ((True, "Yes"), (False, "No"))
    if choices and asked.kind != "many" and not asked.required:
        choices = (*choices, (None, _NOTHING))
    default = asked.default
    if not choices:
        return Step(asked, (), words="" if default is None else _typed(default))
    if asked.kind == "many":
        held = default if isinstance(default, tuple) else ()
        return Step(asked, choices, ticked={at for at, (value, _) in enumerate(choices) if value in held})
    at = next((at for at, (value, _) in enumerate(choices) if value == default and default is not None), 0)
    return Step(asked, choices, at=at)


def _typed(default: object) -> str:
    return f"{default:g}" if isinstance(default, float) and default.is_integer() else str(default)


def _picked(step: Step, line: str) -> Value:
    """Numbers, or labels, of the choices; nothing stands for what is chosen already. Raises Unfit."""
    numbers = line.replace(",", " ").split()
    if not line:
        picked = sorted(step.ticked) if step.takes_many else [step.at]
    elif all(each.isascii() and each.isdecimal() and len(each) < 4 for each in numbers):
        picked = [int(each) - 1 for each in numbers]
    else:
        picked = [at for at, (_, label) in enumerate(step.choices) if label.lower() == line.lower()]
    if any(not 0 <= at < len(step.choices) for at in picked) or (len(picked) != 1 and not step.takes_many):
        raise Unfit(f"Type {'numbers' if step.takes_many else 'a number'} from 1 to {len(step.choices)}.")
    if step.takes_many:
        return chosen_of(step.asked, [str(step.choices[at][0]) for at in dict.fromkeys(picked)])
    return step.choices[picked[0]][0]
