"""The page of `coder permissions explain`: a decision and all that stands behind it, in plain words and as data.

Must not know how a decision comes about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len

from coder.core.config import RuleText
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.core.requests import Effect, EffectKind, Part, Reason
from coder.core.tools import Mode
from coder.frontends.policy.judged import Judged
from coder.frontends.policy.remedies import remedies
from coder.frontends.policy.text import NARROW, hidden, labelled, visible, wrapped
from coder.permissions.decide import Verdict
from coder.permissions.wording import quoted

ANSWERS: dict[Verdict, str] = {"allow": "allowed", "ask": "asks", "deny": "denied"}
MODES: dict[Mode, str] = {
    "default": "asks before edits and commands that do more than read",
    "acceptEdits": "edits inside the working folders without asking",
    "plan": "reads only, changes nothing",
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
_MOST = 6


@dataclass(frozen=True, slots=True)
class Explanation:
    """The page of a judged call; `asked` is its text, as it was typed."""

    judged: Judged
    asked: str = ""

    def lines(self) -> Iterator[str]:
        judged, decision = self.judged, self.judged.decision
        yield from wrapped(self.answer())
        if len(decision.parts) > 1:
            yield ""
            yield from self._parts()
        yield ""
        yield from self._effects()
        yield from self._decided()
        yield from remedies(judged)
        for char in hidden(self.asked):
            yield f"Hidden character {char}"
        yield ""
        yield from labelled("Folder", judged.short(visible(str(judged.standing.config.cwd))))
        mode = judged.standing.policy.mode
        yield from labelled("Mode", f"{mode}: {MODES[mode]}")
        for warning in judged.standing.warnings:
            yield from labelled("Warning", visible(warning))

    def answer(self) -> str:
        """`asks: no rule allows npm test`."""
        return f"{ANSWERS[self.judged.decision.verdict]}: {self._why()}"

    def part_rows(self) -> list[tuple[str, str, str]]:
        """Of a line of several commands: the answer to each, its text, and why; nothing for a single one."""
        parts = self.judged.decision.parts if len(self.judged.decision.parts) > 1 else ()
        return [(ANSWERS[self._answer(part)], visible(part.text), self._beside(part)) for part in parts]

    def to_json(self) -> Json:
        decision, standing = self.judged.decision, self.judged.standing
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
            "decided_by": [rule_json(rule) for rule in self.judged.deciding],
            "would_allow": {
                "rules": decision.suggestions,
                "enough": self.judged.is_enough,
                "flags": decision.remedy,
            },
            "mode": standing.policy.mode,
            "cwd": str(standing.config.cwd),
            "trusted": standing.trusted,
            "not_used": [rule_json(rule) for rule in standing.unused],
            "warnings": standing.warnings,
        }

    def _why(self) -> str:
        """The first line: the reasons, or how many parts of a command line have one beside them."""
        judged, decision = self.judged, self.judged.decision
        if judged.trusted:
            return self._untrusted({reason.source for reason in judged.trusted.reasons})
        parts = decision.parts if len(decision.parts) > 1 else ()
        beside = {reason for part in parts for reason in part.reasons}
        if others := [reason for reason in decision.reasons if reason not in beside]:
            return "; ".join(map(self._said, others))
        concerned = [number for number, part in enumerate(parts, 1) if self._answer(part) == decision.verdict]
        match decision.verdict:
            case "allow":
                only = all(reason.kind == "readonly" for reason in decision.reasons)
                return f"{_every(len(parts))} {'only read' if only else 'are allowed, each by itself'}"
            case "ask" if len(concerned) == len(parts):
                return f"{_every(len(parts))} need a yes"
            case "ask":
                return f"{len(concerned)} of {len(parts)} parts need{'s' if len(concerned) == 1 else ''} a yes"
            case "deny":
                return f"because of part {' and part '.join(map(str, concerned))}"

    def _said(self, reason: Reason) -> str:
        """A rule that speaks about all of the command need not repeat it."""
        said, parts = self.judged.said(reason), self.judged.decision.parts
        if reason.kind != "rule" or len(parts) != 1:
            return said
        whole = visible(quoted(parts[0].text))
        return re.sub(rf"\b(denies|about|allows) {re.escape(whole)}", r"\1 it", said, count=1)

    def _untrusted(self, named: set[str]) -> str:
        standing = self.judged.standing
        trust = standing.config.trust
        rules = [r for r in standing.untrusted if r.behaviour == "allow" and r.text.strip() in named]
        what = visible(rules[0].text) if len(rules) == 1 else "rules of this folder"
        changed = trust is not None and trust.known
        but = "it has changed since you trusted it" if changed else "it is not trusted"
        return f"{what} would allow it, but {but.replace('it', 'this folder', 1) if len(rules) == 1 else but}"

    def _parts(self) -> Iterator[str]:
        rows = self.part_rows()
        widest = max(cell_len(text) for _, text, _ in rows)
        for number, (answer, text, why) in enumerate(rows, 1):
            start = f"  {number:<3}{answer:<9}"
            if widest <= NARROW:
                gap = " " * (widest - cell_len(text) + 2)
                yield from wrapped(why, f"{start}{text}{gap}", " " * (cell_len(start) + widest + 2))
            else:
                yield from wrapped(text, start, " " * len(start))
                yield from wrapped(why, " " * len(start), " " * len(start))

    def _answer(self, part: Part) -> Verdict:
        """The answer to one part: what is denied for one of them leaves the others as they are."""
        decision = self.judged.decision
        is_named = decision.verdict != "allow" and any(reason in decision.reasons for reason in part.reasons)
        if decision.verdict == "allow" or not (part.needed or is_named):
            return "allow"
        by_mode = any(reason.kind == "mode" for reason in decision.reasons)
        return decision.verdict if is_named or by_mode else "ask"

    def _beside(self, part: Part) -> str:
        """The reasons of a part, which stands beside them and need not be named again."""
        text, said = visible(quoted(part.text)), []
        spoken = () if self.judged.decision.verdict == "allow" and part.needed else part.reasons
        for reason in spoken:
            why = self.judged.said(reason)
            said.append(why.removeprefix(f"{text} ").replace(text, "it", 1))
        return "; ".join(said)

    def _effects(self) -> Iterator[str]:
        grouped: dict[EffectKind, list[str]] = {}
        for effect in self.judged.decision.effects:
            what = self._what(effect)
            if what not in grouped.setdefault(effect.kind, []):
                grouped[effect.kind].append(what)
        label = "It would"
        for kind, found in grouped.items():
            more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
            yield from labelled(label, f"{_VERBS[kind]} {', '.join(found[:_MOST])}{more}")
            label = ""

    def _what(self, effect: Effect) -> str:
        what = visible(effect.what)
        if effect.kind == "runs" and not what.startswith("what "):
            return f"`{what}`"
        return self.judged.short(what)

    def _decided(self) -> Iterator[str]:
        judged, decision = self.judged, self.judged.decision
        for rule in judged.deciding:
            label = "Because of" if (decision.verdict, rule.behaviour) == ("ask", "deny") else "Decided by"
            yield from labelled(label, f"{rule.behaviour} rule {visible(rule.text)}, in {judged.origin(rule)}")
        if decision.verdict == "allow" and all(reason.kind == "readonly" for reason in decision.reasons):
            yield from labelled("Decided by", "built in: it only reads")


def _every(count: int) -> str:
    return "both parts" if count == 2 else f"all {count} parts"


def reason_json(reason: Reason) -> Json:
    return {"kind": reason.kind, "text": reason.text, "source": reason.source}


def rule_json(rule: RuleText) -> Json:
    return {"behaviour": rule.behaviour, "rule": rule.text, "scope": rule.scope, "file": rule.origin}
