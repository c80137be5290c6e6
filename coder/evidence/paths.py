"""The files a session changed, and when. Told of paths; looks at no file."""

from __future__ import annotations

import os
import re

from coder.core.dataclass import dataclass

# Folders of what tools write for themselves: nobody means these by "files changed".
_LEAVINGS = frozenset(
    {
        ".git",
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
        ".tox",
        ".nox",
        ".venv",
        "venv",
    }
    | {"node_modules", ".gradle", ".next", ".nuxt", ".turbo", ".parcel-cache", ".nyc_output", "htmlcov", ".cache"}
)
_MADE = frozenset({"dist", "build", "target", "out", "coverage", "bin", "obj", "tmp", "log", "logs"})
_LEAVING_NAMES = re.compile(r"\.coverage(\..+)?|.+\.(pyc|pyo|swp|tmp|log)|\.DS_Store|\.eslintcache|.+\.tsbuildinfo")
_PROSE = re.compile(
    r".+\.(md|mdx|rst|txt|adoc|png|jpe?g|gif|svg|pdf|lock|out)|(LICENSE|NOTICE|AUTHORS|CHANGELOG|README|CODEOWNERS)(\..*)?"
    r"|\.git(ignore|attributes)|junit.*\.xml|coverage.*",
    re.IGNORECASE,
)
_TEST_FILE = re.compile(
    r"test_.+\.py|.+_test\.(py|go|c|cc|cpp|exs|rb|dart)|.+[._-](test|spec)\.\w+|.+(Test|Tests|Spec|IT)\.\w+|.+\.bats"
    r"|.+\.(test|spec)\.\w+"
)
_NEVER = object()


@dataclass(slots=True)
class _Change:
    """`before` is how the file was when the run began, `after` how it was seen last. `at` is its last change."""

    before: object
    after: object
    at: int


class Changes:
    """`folder` is where the session was started: paths below it are shown from there."""

    def __init__(self, folder: str) -> None:
        self._folders = tuple(dict.fromkeys((folder, os.path.realpath(folder))))
        self._at: dict[str, int] = {}  # of the session: when a file that tests may depend on changed last
        self._changed: dict[str, _Change] = {}  # of the run

    def begin(self) -> None:
        self._changed = {}

    def edited(self, path: str, step: int) -> None:
        """Where what was there before and after is not told."""
        short = self._short(path)
        known = self._changed.get(short)
        if known is None or known.before is _NEVER:
            self._changed[short] = _Change(_NEVER, object(), step)
            self._note(short, step)

    def changed(self, path: str, before: object, after: object, step: int) -> None:
        short = self._short(path)
        if _is_leaving(short):
            return
        known = self._changed.get(short)
        if known is None or known.before is _NEVER:
            self._changed[short] = _Change(before, after, step)
        else:
            known.after, known.at = after, step
        self._note(short, step)

    def paths(self) -> tuple[str, ...]:
        """Those that are not as they were when the run began, in the order in which they changed first."""
        return tuple(path for path, change in self._changed.items() if change.before != change.after)

    def since(self, step: int) -> tuple[str, ...]:
        """The files that tests may depend on and that changed after that."""
        return tuple(path for path, at in self._at.items() if at > step)

    def any_since(self, step: int) -> bool:
        return any(change.at > step for change in self._changed.values())

    def deleted_tests(self) -> tuple[str, ...]:
        """Test files that are gone in this run, unless others came in their place."""
        tests = {path: change for path, change in self._changed.items() if _TEST_FILE.fullmatch(_name(path))}
        gone = tuple(path for path, each in tests.items() if each.before not in (None, _NEVER) and each.after is None)
        new = sum(each.before is None and each.after is not None for each in tests.values())
        return gone if len(gone) > new else ()

    def _note(self, path: str, step: int) -> None:
        if _matters(path):
            self._at.pop(path, None)
            self._at[path] = step

    def _short(self, path: str) -> str:
        whole = os.path.normpath(path)
        for folder in self._folders:
            if whole.startswith(f"{folder}{os.sep}"):
                return whole[len(folder) + 1 :]
        return whole


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _is_leaving(path: str) -> bool:
    return not _LEAVINGS.isdisjoint(path.split("/")) or bool(_LEAVING_NAMES.fullmatch(_name(path)))


def _matters(path: str) -> bool:
    return not (
        path.startswith("/")
        or not _MADE.isdisjoint(path.split("/")[:-1])
        or _PROSE.fullmatch(_name(path))
        or _is_leaving(path)
    )
