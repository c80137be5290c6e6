"""Names of commits as somebody wrote them, made into hashes before anything else is asked about them.

Nothing of such a name ever stands where git could take it for an option. Must not know prompts or screens.
"""

from __future__ import annotations

import re

from coder.core.dataclass import dataclass
from coder.git.call import Answer
from coder.git.hashes import HASH
from coder.git.view import Refusal, View

_RANGE = re.compile(r"(?P<left>.*?)(?P<dots>\.\.\.?)(?P<right>.*)\Z", re.DOTALL)
_BRACES = re.compile(r"\{[^}]*\}")
_STAGED = re.compile(r":(?:([0-3]):|(?!/))")
_MOST = 1_000
EMPTY_TREES = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The tree without files, by the length of a hash."""


@dataclass(frozen=True, slots=True)
class Range:
    """`a..b`, or `a...b` (`since_fork`). An end that is not named is HEAD."""

    left: str
    right: str
    since_fork: bool


def range_of(text: str) -> Range | None:
    """None for the name of one commit."""
    hidden = _BRACES.sub(lambda match: "{" + "x" * (len(match[0]) - 2) + "}", text)
    found = _RANGE.match(hidden)
    if found is None or hidden.startswith(":"):
        return None
    left, right = text[: found.end("left")], text[found.start("right") :]
    return Range(left or "HEAD", right or "HEAD", found["dots"] == "...")


def file_of(text: str) -> tuple[str, str] | None:
    """`("REV", "path")` for `REV:path`, and `(":0", "path")` for what is staged, `:path` or `:0:path`; None for the
    name of a commit."""
    if staged := _STAGED.match(text):
        return f":{staged[1] or 0}", text[staged.end() :]
    hidden = _BRACES.sub(lambda match: "{" + "x" * (len(match[0]) - 2) + "}", text)
    at = hidden.find(":")
    return None if at <= 0 else (text[:at], text[at + 1 :])


def flaw(text: str) -> str:
    """What keeps a text from being the name of a commit, or ""."""
    if not text or len(text) > _MOST:
        return "it is empty" if not text else f"it is longer than {_MOST} characters"
    if text.startswith(("-", "^")):
        return f"it begins with {text[0]}, which no commit does"
    return "it holds control characters" if has_controls(text) else ""


def has_controls(text: str) -> bool:
    return any(char < " " or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in text)


async def commit_of(view: View, text: str) -> str | Refusal:
    """The hash of the commit that a name stands for."""
    if problem := flaw(text):
        return Refusal(f"{text!r} names no commit: {problem}.")
    name = text if text.startswith(":/") else f"{text}^{{commit}}"  # a search takes all that follows for its text
    answer = await view.asked("rev-parse", "--verify", "--end-of-options", name)
    return _hash(answer) or Refusal(_unknown(text, answer))


async def fork_of(view: View, one: str, other: str) -> str | Refusal:
    """Where two commits, given as hashes, left each other."""
    answer = await view.asked("merge-base", one, other)
    return _hash(answer) or Refusal(
        "The two have no commit in common"
        + (", as far as this shallow clone reaches." if is_shallow(view) else ": one did not come from the other.")
    )


def is_shallow(view: View) -> bool:
    try:
        return (view.repository.shared / "shallow").stat().st_size > 0
    except OSError:
        return False


def _hash(answer: Answer) -> str:
    text = answer.text.strip() if answer.ok else ""
    return text if HASH.match(text) else ""


def _unknown(text: str, answer: Answer) -> str:
    if answer.cut:
        return f"It could not be found out which commit {text!r} is: {answer.problem}."
    said = answer.problem
    if text == "HEAD" and "single revision" in said:
        return "There is no commit yet."
    why = "" if "single revision" in said or not said else f": {said}"
    return f"There is no commit {text!r} here{why}. The actions branches and log name those there are."
