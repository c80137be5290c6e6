"""The page of `coder permissions explain`: a decision and all that stands behind it, in plain words and as data.

Must not know how a decision comes about.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len

from coder.app.policy import Standing
from coder.cli.policy_text import NARROW, short, visible, wrapped
from coder.config.paths import local_settings, user_settings
from coder.core.config import RuleText
from coder.core.messages import Json
from coder.core.requests import EffectKind, Part, Reason
from coder.core.tools import Mode
from coder.permissions.decide import Decision, Verdict
from coder.permissions.wording import shown

ANSWERS: dict[Verdict, str] = {"allow": "allowed", "ask": "asks", "deny": "denied"}
MODES: dict[Mode, str] = {
    "default": "asks before edits and commands",
    "acceptEdits": "edits inside the working folders without asking",
    "plan": "reads and changes nothing",
    "dontAsk": "never asks: what would be a question is denied",
    "bypassPermissions": "asks only before what cannot be undone",
}
_VERBS: dict[EffectKind, str] = {
    "reads": "read",
    "writes": "write",
    "deletes": "delete",
    "runs": "run",
    "reaches": "reach",
    "changes git": "change git:",
}
_PATH = re.compile(r"(?<!\S)/\S+")
_LABEL = 15
_MOST = 6


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, and what stood behind it. `home` and the folder of `standing` shorten the paths that are shown.

    `then` is the decision as it would be with the rules that `decision` suggests.
    """

    decision: Decision
    then: Decision
    standing: Standing
    home: Path

    @property
    def deciding(self) -> tuple[RuleText, ...]:
        """The rules that the reasons name."""
        named = [reason.source for reason in self.decision.reasons if reason.kind == "rule"]
        return tuple(rule for rule in self.standing.config.rules if rule.text.strip() in named)

    def lines(self) -> Iterator[str]:
        decision = self.decision
        why = "; ".join(self._said(reason) for reason in decision.reasons)
        yield from wrapped(f"{ANSWERS[decision.verdict]}: {why}")
        if len(decision.parts) > 1:
            yield ""
            yield from self._parts()
        yield ""
        yield from self._effects()
        for rule in self.deciding:
            yield from self._labelled("Decided by", f"{rule.behaviour} {visible(rule.text)}, in {self._origin(rule)}")
        yield from self._remedies()
        yield from self._labelled("Folder", self._short(str(self.standing.config.cwd)))
        mode = self.standing.policy.mode
        yield from self._labelled("Mode", f"{mode}: {MODES[mode]}")
        if count := sum(rule.behaviour == "allow" for rule in self.standing.untrusted):
            rules = "1 allow rule" if count == 1 else f"{count} allow rules"
            yield from self._labelled("Not used", f"{rules} of this folder, not trusted yet (see coder trust)")
        for warning in self.standing.warnings:
            yield from self._labelled("Warning", visible(warning))

    def to_json(self) -> Json:
        decision, standing = self.decision, self.standing
        return {
            "decision": decision.verdict,
            "reasons": [reason_json(reason) for reason in decision.reasons],
            "parts": [
                {
                    "text": part.text,
                    "start": part.start,
                    "end": part.end,
                    "needed": part.needed,
                    "reasons": [reason_json(reason) for reason in part.reasons],
                    "rules": part.rules,
                }
                for part in decision.parts
            ],
            "effects": [
                {"kind": effect.kind, "what": effect.what, "path": None if effect.path is None else str(effect.path)}
                for effect in decision.effects
            ],
            "confirm": decision.confirm,
            "decided_by": [rule_json(rule) for rule in self.deciding],
            "would_allow": {
                "rules": decision.suggestions,
                "enough": bool(decision.suggestions) and self.then.verdict == "allow",
                "flags": decision.remedy,
            },
            "mode": standing.policy.mode,
            "cwd": str(standing.config.cwd),
            "trusted": standing.trusted,
            "not_used": [rule_json(rule) for rule in standing.unused],
            "warnings": standing.warnings,
        }

    def _parts(self) -> Iterator[str]:
        rows = [(self._part_answer(part), visible(part.text), self._part_reason(part)) for part in self.decision.parts]
        widest = max(cell_len(text) for _, text, _ in rows)
        for number, (answer, text, why) in enumerate(rows, 1):
            start = f"  {number:<3}{answer:<9}"
            if widest <= NARROW:
                gap = " " * (widest - cell_len(text) + 2)
                yield from wrapped(why, f"{start}{text}{gap}", " " * (cell_len(start) + widest + 2))
            else:
                yield from wrapped(text, start, " " * len(start))
                yield from wrapped(why, " " * len(start), " " * len(start))

    def _part_answer(self, part: Part) -> str:
        verdict = self.decision.verdict
        return ANSWERS[verdict] if part.needed or self._objections(part) else ANSWERS["allow"]

    def _objections(self, part: Part) -> list[Reason]:
        """The reasons of the whole decision that speak against this part."""
        if self.decision.verdict == "allow":
            return []
        text, ends = shown(part.text), (f" {shown(part.text)}", f" which {shown(part.text)} touches")
        against = (reason for reason in self.decision.reasons if reason.kind in ("rule", "safety"))
        return [reason for reason in against if reason.source == text or reason.text.endswith(ends)]

    def _part_reason(self, part: Part) -> str:
        """The reasons of a part, which stands beside them and need not be named again."""
        text, said = visible(shown(part.text)), []
        for reason in self._objections(part) or part.reasons:
            why = self._said(reason).removesuffix(f", which {text} touches")
            if why.startswith(f"{text} "):
                why = why[len(text) + 1 :]
            elif why.endswith(f" {text}"):
                why = f"{why[: -len(text)]}it"
            said.append(why)
        return "; ".join(said)

    def _effects(self) -> Iterator[str]:
        grouped: dict[EffectKind, list[str]] = {}
        for effect in self.decision.effects:
            what = self._short(visible(effect.what))
            if what not in grouped.setdefault(effect.kind, []):
                grouped[effect.kind].append(what)
        label = "It would"
        for kind, found in grouped.items():
            more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
            yield from self._labelled(label, f"{_VERBS[kind]} {', '.join(found[:_MOST])}{more}")
            label = ""

    def _remedies(self) -> Iterator[str]:
        decision = self.decision
        if decision.verdict == "allow":
            return
        blocking = [rule for rule in self.deciding if rule.behaviour != "allow"]
        if blocking:
            for rule in blocking:
                yield from self._way("To allow", *_without(rule, self._origin(rule)))
        elif decision.suggestions:
            yield from self._way("To allow", *self._additions())
        elif not decision.remedy:
            yield from self._way("To allow", "no rule can: only a yes, each time it comes up")
        if decision.confirm:
            yield from self._way("To say yes", f"type the word {visible(decision.confirm)}")
        if decision.remedy:
            yield from self._way(
                "Or start with" if decision.suggestions else "To allow", f"$coder {visible(decision.remedy)}"
            )
        if decision.verdict == "ask":
            yield from self._way("In coder -p", "denied, for the same reason: nobody is there to be asked")

    def _additions(self) -> Iterator[str]:
        config = self.standing.config
        file, where = local_settings(config.cwd), "yours, for this folder"
        option = ""
        if not self.standing.would_count(file):
            file, where, option = user_settings(config.home), "yours, for every folder", " --user"
        for rule in self.decision.suggestions:
            yield f"$coder permissions add{option} {shlex.quote(rule)}"
        yield f"this writes {self._short(str(file))}: {where}"
        if self.then.verdict != "allow":
            yield f"that alone is not enough: {'; '.join(map(self._said, self.then.reasons))}"

    def _said(self, reason: Reason) -> str:
        text = visible(reason.text)
        if reason.kind == "safety":  # a whole sentence; the others may end in a command, and so in its own dots
            text = text.removesuffix(".")
        for rule in self.deciding:
            text = text.replace(f" in {rule.origin} ", f" in {self._origin(rule)} ")
        quotes = reason.kind in ("default", "readonly") and " " in reason.source  # a command stays word for word
        return text if quotes else _PATH.sub(lambda found: self._short(found[0]), text)

    def _origin(self, rule: RuleText) -> str:
        return self._short(visible(rule.origin))

    def _short(self, path: str) -> str:
        return short(path, self.standing.config.cwd, self.home)

    @staticmethod
    def _labelled(label: str, text: str) -> list[str]:
        return wrapped(text, f"{label:<{_LABEL}}", " " * _LABEL)

    def _way(self, label: str, *steps: str) -> Iterator[str]:
        """Sentences, and commands (with a `$`) that are never broken, so that they can be copied."""
        for step in steps:
            if step.startswith("$"):
                yield f"{label:<{_LABEL}}{step[1:]}"
            else:
                yield from self._labelled(label, step)
            label = ""


def _without(rule: RuleText, origin: str) -> Iterator[str]:
    """How to be rid of a rule."""
    if rule.scope == "managed":
        yield "only your administrator can change that rule"
    elif rule.scope == "flag" and rule.origin.startswith("--"):
        yield f"leave out {rule.origin}"
    elif rule.scope == "flag" or Path(rule.origin).parent.name == ".claude":
        yield f"take the rule out of {origin}"
    else:
        yield f"$coder permissions remove {shlex.quote(rule.text)} --{rule.behaviour} --{rule.scope}"


def reason_json(reason: Reason) -> Json:
    return {"kind": reason.kind, "text": reason.text, "source": reason.source}


def rule_json(rule: RuleText) -> Json:
    return {"behaviour": rule.behaviour, "rule": rule.text, "scope": rule.scope, "file": rule.origin}
