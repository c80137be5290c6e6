"""Runs the hooks of a point once, outside any session, and says in words what coder would do with what they say. Must
not know how that is shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from coder.app.hooking import notes as hook_notes
from coder.app.hooking.env import named_by_settings
from coder.app.hooking.exported import exported
from coder.app.hooking.fits import Fitting
from coder.app.policy import world_of
from coder.config.paths import user_home
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.core.scratch import Scratch
from coder.hooks.config import HookSet
from coder.hooks.engine import Engine
from coder.hooks.examples import examples
from coder.hooks.inputs import Common, subject_of
from coder.hooks.outcome import Outcome, Part
from coder.hooks.points import POINTS, Point
from coder.hooks.surroundings import Links, Surroundings

_BLOCKS = {
    "call": "the call is not run, and the model is told why",
    "prompt": "the prompt is not sent, and the person is told why",
    "end": "the run goes on, with this as what is left to do",
    "result": "the model is told this with the result of the call",
    "batch": "the run ends here",
    "deed": "it is not done",
}


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """`input` is what the hooks were given, whole; `does` are for each part the lines about what coder would do."""

    input: Json
    parts: tuple[Part, ...]
    does: tuple[tuple[str, ...], ...]

    @property
    def failed(self) -> bool:
        return any(problem_of(part) for part in self.parts)


def problem_of(part: Part) -> str:
    return part.ended.problem or part.outcome.problem


def whole_input(point: Point, given: Json | None, config: Config) -> Json:
    """What was given, or an example, with the fields that every hook is told."""
    example = examples(str(config.cwd))[point.name]
    if given is None:
        return example
    common = Common(example["session_id"], example["transcript_path"], str(config.cwd), permission_mode=config.mode)
    return {**common.payload(point.name), **given, "hook_event_name": point.name}


async def tried(point: Point, given: Json, config: Config, env: Mapping[str, str]) -> Tried:
    """Of the hooks that count here, those that match. Raises OSError when there is no place for temporary files."""
    hooks, _ = HookSet.of(config.hooks.sources)
    with Scratch("hooks") as folder:
        env_file = folder / "env"
        surroundings = Surroundings(
            project=config.cwd,
            env=dict(env),
            spill=folder,
            settings_env=named_by_settings(config, env),
            effort=config.model.effort or "",
            urls=config.hooks.urls,
            env_names=config.hooks.env_names,
            env_file=env_file,
        )
        world = world_of(config.cwd, config.add_dirs, user_home(env), config.home, config.env)
        engine = Engine(hooks, surroundings, Links(fits=Fitting(lambda: world, config.cwd)))
        try:
            merged = await engine.run(point.name, subject_of(given), given)
        finally:
            await engine.aclose()
        found, wrong = exported(env_file, os.environ)
    does = [tuple(does_with(point, part.outcome)) for part in merged.parts]
    if does and (found or wrong):
        does[-1] += tuple(f"later commands get {name}" for name in found)
        does[-1] += tuple(f"not used from CLAUDE_ENV_FILE: {hook_notes.line(text, '')}" for text in wrong)
    return Tried(given, merged.parts, tuple(does))


def does_with(point: Point, said: Outcome) -> Iterator[str]:
    """A line for each thing that coder would do; nothing for a hook that had nothing to say."""
    if said.stop is not None:
        yield _with("the run ends", said.stop)
    if said.blocked and point.blocks:
        yield _with(_BLOCKS[point.blocks], said.reason)
    elif said.verdict == "allow":
        yield _with("nobody is asked about the call, unless a rule or its kind wants it", said.verdict_reason)
    elif said.verdict == "ask":
        yield _with("the person is asked about the call", said.verdict_reason)
    if said.decision is not None:
        word = "yes, unless an ask rule wants a person" if said.decision.allow else "no"
        yield _with(f"the question is answered with {word}", said.decision.message)
    for edited in (said.input, said.decision.input if said.decision is not None else None):
        if edited is not None:
            yield f"the call is changed, and judged again: {_short(edited)}"
    if said.replaces:
        yield _with("the model reads this as the output of the call", hook_notes.replaced(said.output))
    yield from (_with("the model is told", text) for text in said.notes)
    yield from (_with("the person is told", text) for text in (*said.messages, *said.lines))
    if said.title:
        yield _with("the session is called", said.title)


def _with(what: str, words: str) -> str:
    return f"{what}: {hook_notes.line(words, '')}" if words.strip() else what


def _short(value: Any) -> str:
    return hook_notes.line(hook_notes.replaced({"": value})[5:-1], "")


def known(name: str) -> Point | None:
    """The point of this name, however its letters are written."""
    return next((point for point in POINTS.values() if point.name.lower() == name.lower()), None)
