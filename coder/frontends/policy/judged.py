"""A judged call as the pages of `coder permissions` look at it: what decided, and what the answer would be otherwise.

Must not know how a decision comes about, or how a page is laid out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from coder.app.policy import Policy, Standing
from coder.core.config import RuleText
from coder.core.dataclass import dataclass
from coder.core.requests import Reason
from coder.frontends.policy.text import short, visible
from coder.permissions.decide import Decision
from coder.permissions.wording import NAME_THEM

_PATH = re.compile(r"(?<!\S)/\S+")
_QUOTED = re.compile("(`[^`]*`)")


@dataclass(frozen=True, slots=True)
class Judged:
    """A call by its `decision`. `again` judges the same call by another policy.

    `home` and the folder of `standing` shorten the paths that are shown.
    """

    decision: Decision
    standing: Standing
    home: Path
    again: Callable[[Policy], Decision]

    @property
    def deciding(self) -> tuple[RuleText, ...]:
        """The rules that the reasons name."""
        named = [reason.source for reason in self.decision.reasons if reason.kind == "rule"]
        return tuple(rule for rule in self.standing.config.rules if rule.text.strip() in named)

    @property
    def blocking(self) -> tuple[RuleText, ...]:
        """The rules that keep it from being allowed."""
        return () if self.decision.verdict == "allow" else tuple(r for r in self.deciding if r.behaviour != "allow")

    @property
    def is_enough(self) -> bool:
        """Whether the rules that the decision suggests would allow it."""
        rules = self.decision.suggestions
        return bool(rules) and self.again(self.standing.allowing(rules)).verdict == "allow"

    @property
    def trusted(self) -> Decision | None:
        """The decision as it would be if the folder were trusted, when that would allow it."""
        if self.decision.verdict == "allow" or not self.standing.untrusted:
            return None
        found = self.again(self.standing.trusting(True))
        return found if found.verdict == "allow" else None

    @property
    def without(self) -> Decision:
        """The decision as it would be without the rules that block it."""
        return self.again(self.standing.without(self.blocking))

    def said(self, reason: Reason) -> str:
        text = visible(reason.text).removesuffix(f": {NAME_THEM}")
        if reason.kind == "safety":  # a whole sentence; the others may end in a command, and so in its own dots
            text = text.removesuffix(".")
        for rule in self.deciding:
            text = text.replace(f" in {visible(rule.origin)}", f" in {self.origin(rule)}")
        pieces = _QUOTED.split(text)  # a command stays word for word
        return "".join(
            piece if number % 2 else _PATH.sub(lambda found: self.short(found[0]), piece)
            for number, piece in enumerate(pieces)
        )

    def origin(self, rule: RuleText) -> str:
        return self.short(visible(rule.origin))

    def short(self, path: str) -> str:
        return short(path, self.standing.config.cwd, self.home)
