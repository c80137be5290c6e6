"""What each name stands for at a step: arguments, results of steps that can have run, the item. Pure."""

from __future__ import annotations

from functools import cached_property

from coder.core.dataclass import dataclass
from coder.workflows.checking.said import meant
from coder.workflows.flow import Flow, result_of
from coder.workflows.types import ANY, TEXT, Field, Many, Shape, Type, inside, words
from coder.workflows.workflow import Step, Workflow


@dataclass(frozen=True)
class Types:
    workflow: Workflow
    flow: Flow

    @cached_property
    def before(self) -> dict[str, frozenset[str]]:
        return self.flow.before()

    def of_item(self, step: Step) -> Type:
        if step.each is None:
            return ANY
        if step.each.items:
            return _of_items(step.each.items)
        of = self.at(step.each.of, step)
        return of.of if isinstance(of, Many) else ANY

    def at(self, path: str, step: Step | None, *, item: bool = False, after: bool = False) -> Type | str:
        """The type, or what is wrong with the path. `step` None: after all steps. `item`: the item can be named;
        `after`: the step has run itself."""
        first, *rest = path.split(".")
        arguments = [argument.name for argument in self.workflow.arguments]
        if first == "args" and rest:
            if rest[0] not in arguments:
                return f"there is no argument {rest[0][:60]}{meant(rest[0], arguments, 'arguments')}"
            return _inner(TEXT, rest[1:], path)
        if step is not None and step.each is not None and first == step.each.name:
            if not item:
                return f"{first} is an item, and here all of them are done"
            return _inner(self.of_item(step), rest, path)
        if first in arguments:
            return _inner(TEXT, rest, path)
        named = self.workflow.step(first)
        if named is None:
            known = [*arguments, *self.flow.names, *([step.each.name] if item and step and step.each else [])]
            return f"nothing is called {first[:60]}{meant(first, known, 'names')}"
        if step is not None and first not in self.before[step.name] and not (after and first == step.name):
            return (
                f"{first} never ran before {step.name} begins" if first != step.name else f"{first} has no result yet"
            )
        return _inner(result_of(named), rest, path)


def _inner(of: Type, names: list[str], path: str) -> Type | str:
    walked = path.split(".")[: len(path.split(".")) - len(names)]
    for name in names:
        found = inside(of, name)
        if found is None:
            return _nothing(of, name, ".".join(walked))
        of = found
        walked.append(name)
    return of


def _nothing(of: Type, name: str, walked: str) -> str:
    shape = of
    while isinstance(shape, Many):
        shape = shape.of
    if isinstance(shape, Shape):
        fields = [field.name for field in shape.fields]
        return f"{walked} has no {name[:60]}{meant(name, fields, 'fields')}"
    if of == TEXT:
        return f"{walked} is a text, which has no {name[:60]}: a step with out has fields"
    return f"{walked} is {words(of)}, which has no {name[:60]}"


def _of_items(items: tuple[object, ...]) -> Type:
    if all(isinstance(item, dict) for item in items):
        names = dict.fromkeys(str(name) for item in items if isinstance(item, dict) for name in item)
        return Shape(tuple(Field(name, ANY, required=False) for name in names))
    return ANY if any(isinstance(item, list | dict) for item in items) else TEXT
