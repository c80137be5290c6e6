"""What a command line runs, roughly: which part of it tests, builds or lints. Pure; must not know what it printed.

Reads quotes and operators, not the whole shell grammar: a wrong guess costs a remark, never a permission.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass

Work: TypeAlias = Literal["tests", "build", "lint"]

_LONG = 10_000  # characters that are looked at
_TOKEN = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.|\|\||&&|\|&?|[;&\n()]|[^'"\\;|&\n()]+|.""", re.DOTALL)
_REDIRECTION = re.compile(r"\d?>&\d|&>>?|\d?>\|")
_OPERATORS = frozenset({"||", "&&", "|", "|&", ";", "&", "\n", "(", ")"})
_DOCUMENT = re.compile(r"(?<!<)<<-?[ \t]*\\?(['\"]?)([\w.-]+)\1")
_SHELL = re.compile(r"(?:^|[\s;|&(/])(?:ba|z|da|k)?sh\b")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Programs that show or arrange things: what they print is not their own.
_SHOWS = _words(
    "cat bat head tail less more grep egrep fgrep rg ag ack sed awk gawk echo printf ls find fd tree git hg gh wc sort "
    "uniq cut tr jq yq diff cmp cd pwd true false test [ export set sleep tee mkdir touch rm cp mv ln chmod which type "
    "command xxd od strings stat file column nl tac source . unset wait date history"
)
_WRAPPERS = {  # word that another program follows: how many more words it takes
    **dict.fromkeys(
        _words("sudo time nice nohup env command exec xvfb-run npx bunx pnpx dotenv then do else { ! if while"), 0
    ),
    **dict.fromkeys(_words("timeout gtimeout"), 1),
}
_RUNS = {  # program: the words behind which another program follows
    **dict.fromkeys(_words("uv poetry pipenv pdm rye hatch conda"), ("run",)),
    **dict.fromkeys(_words("bundle pnpm yarn npm composer"), ("exec", "dlx")),
    **dict.fromkeys(_words("python python3 python2 py pypy pypy3"), ("-m",)),
    "coverage": ("run",),
}
_TESTERS = _words(
    "pytest py.test unittest nose2 tox nox jest vitest mocha ava tap karma cypress playwright rspec phpunit pest ctest "
    "bats prove behave cucumber ginkgo gotestsum nextest minitest xcodebuild busted trial stestr testem"
)
_LINTERS = _words(
    "ruff eslint flake8 pylint mypy pyright basedpyright black isort prettier tsc vue-tsc golangci-lint staticcheck "
    "shellcheck rubocop stylelint biome oxlint clippy pre-commit standard xo phpstan psalm ktlint detekt swiftlint "
    "clang-tidy hadolint yamllint markdownlint ty lint-imports gofmt rustfmt"
)
_BUILDERS = _words(
    "make gmake cmake ninja meson gcc g++ cc clang clang++ javac rustc kotlinc tsc vue-tsc webpack vite rollup esbuild "
    "parcel next nuxt gradle gradlew mvn mvnw ant msbuild dotnet bazel buck cargo go swift zig docker npm pnpm yarn "
    "bun deno just task rake sbt mix flutter dart hatch uv poetry build py_compile compileall turbo nx gulp grunt"
)
_TOOLS = _BUILDERS | _words("node python python3 ruby php perl bash sh zsh rails composer lein stack cabal dune")
_TEST_WORD = re.compile(r"(?:^|[^a-z])(?:tests?|specs?|unittests?)(?:[^a-z]|$)|^t$", re.IGNORECASE)
_TEST_NAME = re.compile(r"(?:^|[^a-z])tests?(?:[^a-z]|$)", re.IGNORECASE)
_LINT_WORD = re.compile(r"lint|check|vet\b|clippy|format|fmt|types?\b|verify", re.IGNORECASE)
_ONLY_TELLS = _words(
    "--version -V --help -h --collect-only --co --list --listTests --list-tests --no-run --dry-run install add remove "
    "uninstall --fixtures -N --show-only"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A simple command of a line. `decides`: the line fails when it fails."""

    words: tuple[str, ...]
    decides: bool


def parts(command: str) -> tuple[Part, ...]:
    tokens = _TOKEN.findall(_REDIRECTION.sub(" ", _without_documents(command[:_LONG])))
    found: list[tuple[str, str]] = []
    text = ""
    for token in tokens:
        if token in _OPERATORS:
            found.append((text, token))
            text = ""
        else:
            text += token
    found.append((text, "end"))
    made: list[Part] = []
    decides = True
    for piece, following in reversed(found):  # a part decides when only `&&` stands between it and the end
        if not piece.split():
            decides = decides and following in ("end", "&&", "\n", ")")
            continue
        decides = decides and (following in ("&&", ")") or (following in ("end", "\n") and not made))
        words = tuple(word.strip("'\"") for word in piece.split())
        made.append(Part(_unwrapped(words), decides))
    return tuple(part for part in reversed(made) if part.words)


def _without_documents(command: str) -> str:
    """Without the texts that `<<END` gives to a program that runs none: a file that is written tests nothing."""
    if "<<" not in command:
        return command
    kept: list[str] = []
    ends: list[str] = []
    for line in command.split("\n"):
        if ends:
            if line.strip("\t") == ends[0]:
                ends.pop(0)
            continue
        kept.append(_DOCUMENT.sub(" ", line))
        if not _SHELL.search(line):
            ends = [found[2] for found in _DOCUMENT.finditer(line)]
    return "\n".join(kept)


def only_shows(command: str) -> bool:
    """Whether nothing of it prints what it did itself: `cat test.log` is no test run."""
    every = parts(command)
    return bool(every) and all(_name(part) in _SHOWS for part in every)


def works(command: str) -> dict[Work, bool]:
    """What it does of these, and whether its exit code tells how that went."""
    made: dict[Work, bool] = {}
    for part in parts(command):
        for work in _works_of(part):
            made[work] = made.get(work, True) and part.decides
    return made


def _works_of(part: Part) -> list[Work]:
    name, arguments = _name(part), part.words[1:]
    if name in _SHOWS or _ONLY_TELLS & set(arguments[:4]):
        return []
    found: list[Work] = []
    if name in _TESTERS or _TEST_NAME.search(name) or (name in _TOOLS and any(map(_TEST_WORD.search, arguments[:3]))):
        found.append("tests")
    if name in _LINTERS or (name in _TOOLS and any(map(_LINT_WORD.search, arguments[:3]))):
        found.append("lint")
    if name in _BUILDERS:
        found.append("build")
    return found


def _unwrapped(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words without what only starts a program: assignments, `timeout 60`, `uv run`, `python -m`."""
    rest = list(words)
    for _ in range(8):
        if not rest:
            break
        name = rest[0].rpartition("/")[2]
        if _ASSIGNMENT.match(rest[0]):
            rest.pop(0)
        elif name in _WRAPPERS:
            del rest[: 1 + _WRAPPERS[name]]
            while rest and rest[0].startswith("-"):
                rest.pop(0)
        elif name in _RUNS and len(rest) > 2 and rest[1] in _RUNS[name]:
            del rest[:2]
        else:
            break
    return tuple(rest)


def _name(part: Part) -> str:
    return part.words[0].rpartition("/")[2]
