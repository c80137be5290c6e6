"""The facts of calls that name the files, host or server they touch. Must not know the order of evaluation."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import assert_never

from coder.core.messages import ToolUse
from coder.core.requests import Effect, Reason
from coder.core.tools import Calls, Decides, Delegates, Fetches, Follows, Internal, Mode, Reads, Writes
from coder.permissions.facts import Facts, Need
from coder.permissions.matching import (
    allowing_path_rule,
    blocking_path_rule,
    rule_for_call,
    rule_for_host,
)
from coder.permissions.paths import Place, is_inside, locate, may_read, protection
from coder.permissions.patterns import host_of
from coder.permissions.rules import Rule, Rules
from coder.permissions.suggest import folder_to_add, place_rule
from coder.permissions.touched import Touch
from coder.permissions.wording import by_rule, danger
from coder.permissions.world import World

_SEARCHES = ("WebSearch",)  # tools of nobody's server that change nothing anywhere
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")  # what the name of a tool may not hold


def call_facts(
    call: ToolUse,
    access: Reads | Writes | Fetches | Calls | Internal | Decides | Follows | Delegates,
    rules: Rules,
    mode: Mode,
    world: World,
) -> Facts:
    """The facts of every call but a shell command."""
    match access:
        case Reads(paths):
            return _path_facts(call, "read", paths, rules, mode, world)
        case Writes(paths):
            return _path_facts(call, "write", paths, rules, mode, world)
        case Fetches(url):
            return _fetch_facts(call, url, rules)
        case Calls(server, asks_model=True):
            why = f"the server {server} wants the model asked, with your account and at your cost"
            own = tuple(rule for rule in rules.allow if rule.tool == call.name)  # what allows all its tools does not do
            return _named_facts(call, replace(rules, allow=own), why, call)
        case Calls(server, tool, claim, changed):
            hidden = f"{call.name} is on a server, and coder cannot see what it does there"
            hidden += f"; the server claims that it {claim}" if claim else ""
            why = hidden if server else f"no rule allows {call.name}"
            if not server and call.name in _SEARCHES:
                return _named_facts(call, rules, why, call, reads=True)
            return _named_facts(call, rules, why, _on_server(call, server, tool), changed)
        case Internal():
            touched = Reason("tool", f"{call.name} touches nothing but this session", call.name)
            return _simple(call, rules, Facts(read_only=True, concurrent=True, allowed=(touched,)))
        case Delegates(kind):
            later = Reason("tool", f"what {kind} does is judged when it does it", call.name)
            return _simple(call, rules, Facts(read_only=True, concurrent=True, allowed=(later,)))
        case Decides():
            question = Reason("tool", f"{call.name} is a question to the person at the keyboard", call.name)
            return _simple(call, rules, Facts(read_only=True, needs=(Need(question),)))
        case Follows(name, gains):
            return _follow_facts(call, name, gains, rules)
        case _:
            assert_never(access)


def _simple(call: ToolUse, rules: Rules, facts: Facts, also: ToolUse | None = None) -> Facts:
    denied, asked = _rule_of_either(rules.deny, call, also), _rule_of_either(rules.ask, call, also)
    return Facts(
        denied=by_rule(denied, call.name) if denied else None,
        asked=by_rule(asked, call.name) if asked else None,
        read_only=facts.read_only,
        concurrent=facts.concurrent,
        needs=facts.needs,
        allowed=facts.allowed,
    )


def _on_server(call: ToolUse, server: str, tool: str) -> ToolUse:
    """The call under the name that rules about its server go by: a tool of ours may reach one too (its resources)."""
    if not server or call.name.startswith("mcp__"):
        return call
    name = f"mcp__{_FOREIGN.sub('_', server)}__{_FOREIGN.sub('_', tool)}"
    return ToolUse(call.id, name, call.input)


def _rule_of_either(group: tuple[Rule, ...], call: ToolUse, also: ToolUse | None) -> Rule | None:
    return rule_for_call(group, call) or (rule_for_call(group, also) if also is not None else None)


def _named_facts(
    call: ToolUse, rules: Rules, why: str, also: ToolUse, changed: str = "", *, reads: bool = False
) -> Facts:
    """A call that only a rule with its name can allow, or with the name that it has on its server. `changed` says that
    what the person allowed by this very name is another tool now."""
    group = tuple(rule for rule in rules.allow if rule.text != call.name) if changed else rules.allow
    allowed = _rule_of_either(group, call, also)
    if allowed:
        known = Facts(read_only=reads, concurrent=reads, allowed=(by_rule(allowed, call.name),))
        return _simple(call, rules, known, also)
    need = Need(Reason("safety" if changed else "default", changed or why, call.name), rules=(also.name,))
    return _simple(call, rules, Facts(read_only=reads, concurrent=reads, needs=(need,)), also)


def _follow_facts(call: ToolUse, name: str, gains: str, rules: Rules) -> Facts:
    """Reading instructions harms nobody; what they may do without a question, somebody has to agree to."""
    if allowed := rule_for_call(rules.allow, call):
        return _simple(call, rules, Facts(read_only=True, allowed=(by_rule(allowed, call.name),)))
    if not gains:
        text = Reason("tool", f"{name} is a text, and what it asks for is judged when it is done", call.name)
        return _simple(call, rules, Facts(read_only=True, allowed=(text,)))
    why = Reason("tool", f"while the run lasts, {name} could do without a question: {gains}", call.name)
    return _simple(call, rules, Facts(read_only=True, needs=(Need(why, (f"{call.name}({name})",)),)))


def _fetch_facts(call: ToolUse, url: str, rules: Rules) -> Facts:
    host = host_of(url)

    def find(group: tuple[Rule, ...]) -> Rule | None:
        return rule_for_call(group, call) or rule_for_host(group, call.name, host)

    denied, asked, allowed = find(rules.deny), find(rules.ask), find(rules.allow)
    what = host or url
    unclear = None
    if not host:
        unclear = Need(Reason("safety", f"it cannot be told which host {url!r} would reach", call.name))
    need = Need(Reason("default", f"no rule allows the host {what}", call.name), (f"{call.name}(domain:{what})",))
    return Facts(
        denied=by_rule(denied, what) if denied else None,
        asked=by_rule(asked, what) if asked else None,
        read_only=True,
        concurrent=True,
        unclear=unclear,
        veiled=bool(unclear) and any(rule.names(call.name) for rule in rules.deny),
        needs=() if allowed else (need,),
        allowed=(by_rule(allowed, what),) if allowed else (),
        effects=(Effect("reaches", what),),
    )


def _path_facts(call: ToolUse, touch: Touch, paths: tuple[Path, ...], rules: Rules, mode: Mode, world: World) -> Facts:
    places = [locate(path, world) for path in paths]

    def blocked(group: tuple[Rule, ...]) -> Reason | None:
        if whole := rule_for_call(group, call):
            return by_rule(whole, call.name)
        for place in places:
            if rule := blocking_path_rule(group, touch, place, world, call.name):
                return by_rule(rule, f"{place}")
        return None

    allowed: list[Reason] = []
    needs: list[Need] = []
    whole = rule_for_call(rules.allow, call)
    for place in places:
        verdict = by_rule(whole, str(place)) if whole else judge_place(place, touch, rules, mode, world)
        if isinstance(verdict, Need):
            needs.append(verdict)
        else:
            allowed.append(verdict)
    return Facts(
        denied=blocked(rules.deny),
        asked=blocked(rules.ask),
        read_only=touch == "read",
        concurrent=touch == "read",
        protected=next((p for place in places if touch == "write" and (p := protected(place, world))), None),
        needs=tuple(needs),
        allowed=tuple(allowed),
        effects=tuple(Effect("reads" if touch == "read" else "writes", str(p), p.written) for p in places),
    )


def judge_place(place: Place, touch: Touch, rules: Rules, mode: Mode, world: World) -> Reason | Need:
    """A Reason when the folders, the mode or an allow rule let this place be touched, else what is needed."""
    verdict = _by_folder(place, touch, mode, world)
    if isinstance(verdict, Need) and (rule := allowing_path_rule(rules.allow, touch, place, world)):
        return by_rule(rule, str(place))
    return verdict


def _by_folder(place: Place, touch: Touch, mode: Mode, world: World) -> Reason | Need:
    inside = is_inside(place, world.roots, world)
    if touch == "read":
        if may_read(place, world):
            return Reason("readonly", f"{place.written} lies in the working directories", str(place.written))
        what = "coder's own settings" if inside else "outside the working directories"
        folder = None if inside else folder_to_add(place.real, world.home)
        return Need(Reason("safety", f"{place} is {what}", str(place.written)), place_rule("Read", place.real), folder)
    if inside and mode == "acceptEdits":
        return Reason("mode", f"acceptEdits lets {place.written} be written", mode)
    if inside:
        return Need(Reason("default", f"no rule allows writing {place.written}", ""), accept_edits=True)
    folder = folder_to_add(place.real, world.home)
    reason = Reason("safety", f"{place} is outside the working directories", str(place.written))
    return Need(reason, place_rule("Edit", place.real), folder, accept_edits=folder is not None)


def protected(place: Place, world: World) -> Reason | None:
    """Why a write there is always a question, whatever is allowed."""
    name = protection(place, world)
    return Reason("safety", f"{place} is protected: {danger(name)}", name) if name else None
