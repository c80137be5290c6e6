"""Whether objects are what the types of the public TypeScript SDK say: the compiler is asked, with a constant for each.
It also tells of what the type does not have. Must not know where the objects come from.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.sdks import fetched

COMPILER = ("typescript@5.9.3", "@types/node@22.19.1")
SDK = "@anthropic-ai/claude-agent-sdk"
_LONG = 300  # seconds for the compiler
_PREFACE = f"""\
import type * as Sdk from "{SDK}";
import type * as Tools from "{SDK}/sdk-tools";
type Of<U, K extends PropertyKey, V> =
  U extends unknown ? (K extends keyof U ? (V extends U[K] ? U : never) : never) : never;
type Typed<T> = Of<Sdk.SDKMessage, "type", T>;
type Message<T, S = never> = [S] extends [never] ? Typed<T> : Of<Typed<T>, "subtype", S>;
type Asked<S> = Of<Sdk.SDKControlRequest["request"], "subtype", S>;
type Hook<E> = Of<Sdk.HookInput, "hook_event_name", E>;
type Answer<M extends keyof Sdk.Query> =
  Sdk.Query[M] extends (...given: never[]) => Promise<infer A> ? Exclude<A, undefined> : never;
"""
_SETTINGS = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "skipLibCheck": True,
        "module": "nodenext",
        "moduleResolution": "nodenext",
        "target": "es2022",
        "lib": ["es2023", "dom"],
        "types": ["node"],
    },
    "files": ["frames.mts"],
}
_SAID = re.compile(r"frames\.mts\((\d+),\d+\): error (TS\d+: .*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Typed:
    """`kind` names it for people, `type` is an expression over the names of the preface."""

    kind: str
    type: str
    value: Any


@dataclass(frozen=True, slots=True)
class Wrong:
    """What the compiler says of a place within an object; `path` has the names that lead there."""

    about: Typed
    path: str
    said: str

    def __str__(self) -> str:
        return f"{self.about.kind}: {self.path or '-'}: {self.said}"


@dataclass(frozen=True, slots=True)
class Compiler:
    package: Path
    program: Path

    def judges(self, objects: Sequence[Typed]) -> list[Wrong]:
        lines, places = _module(objects)
        with tempfile.TemporaryDirectory(prefix="coder-types-", ignore_cleanup_errors=True) as folder:
            self._lays(Path(folder), "\n".join(lines))
            done = subprocess.run(
                ["node", str(self.program), "-p", folder, "--pretty", "false"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                timeout=_LONG,
                check=False,
            )
        said = re.split(r"\n(?=\S)", done.stdout.strip())  # what is indented belongs to the line before
        wrong = [_wrong(found, places) for each in said if (found := _SAID.match(each))]
        assert len(wrong) == (len(said) if done.returncode else 0), done.stdout + done.stderr
        return wrong

    def _lays(self, folder: Path, module: str) -> None:
        (folder / "frames.mts").write_text(module, encoding="utf-8")
        (folder / "tsconfig.json").write_text(json.dumps(_SETTINGS), encoding="utf-8")
        modules = folder / "node_modules"
        modules.mkdir()
        for name in self.package.parents[1].iterdir():
            (modules / name.name).symlink_to(name)
        if not (modules / "@types").exists():
            (modules / "@types").symlink_to(self.program.parents[2] / "@types")
        (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")


@contextmanager
def compiler(package: Path) -> Iterator[Compiler]:
    """It stands within the SDK's folder where that is kept, and else in one that is gone after the run."""
    kept = os.environ.get("CODER_SDKS")
    if kept:
        yield _found(package, Path(kept).absolute() / "compiler")
        return
    with tempfile.TemporaryDirectory(prefix="coder-compiler-", ignore_cleanup_errors=True) as folder:
        yield _found(package, Path(folder))


def _found(package: Path, into: Path) -> Compiler:
    return Compiler(package, fetched(into, *COMPILER) / "typescript" / "bin" / "tsc")


def _wrong(found: re.Match[str], places: Mapping[int, tuple[Typed, str]]) -> Wrong:
    return Wrong(*places[int(found[1])], found[2])


def _module(objects: Sequence[Typed]) -> tuple[list[str], dict[int, tuple[Typed, str]]]:
    """Its lines, and what stands on each of them that an error may be about."""
    lines = _PREFACE.splitlines()
    places = {}
    for number, each in enumerate(objects):
        rows = list(_rows(each.value, ""))
        rows[0] = (rows[0][0], f"const m{number}: {each.type} = {rows[0][1]}")
        for path, row in rows:
            lines.append(row)
            places[len(lines)] = (each, path)
    return lines, places


def _rows(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """The literal, a name a line, each with the path that leads to it."""
    if isinstance(value, dict) and value:
        yield path, "{"
        for name, held in value.items():
            (first, *rest) = _rows(held, f"{path}.{name}" if path else name)
            yield first[0], f"{json.dumps(name)}: {first[1]}"
            yield from rest
            yield path, ","
        yield path, "}"
    elif isinstance(value, list) and value:
        yield path, "["
        for held in value:
            yield from _rows(held, f"{path}[]")
            yield path, ","
        yield path, "]"
    else:
        yield path, json.dumps(value)
