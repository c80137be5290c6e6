"""What there is in the session, for a host that asks anew: skills, rules, what was spent; and its name. Must not know
how any of it is kept.
"""

from __future__ import annotations

import asyncio
import time

from coder.app.session import Session
from coder.core.config import Scope
from coder.core.messages import Json
from coder.core.permits import FoldersChange
from coder.core.visible import visible_line
from coder.frontends.stream_json.control import RequestError
from coder.frontends.stream_json.queries import fields
from coder.frontends.stream_json.queries.around import Around
from coder.sessions.asides import clean_name

_SOURCES: dict[Scope, str] = {
    "managed": "policySettings",
    "local": "localSettings",
    "project": "projectSettings",
    "user": "userSettings",
    "session": "session",
}
_KEPT = ("localSettings", "projectSettings", "userSettings")
_HELD = ("session", "cliArg")


async def skills(session: Session, request: Json) -> Json:
    """Files are looked at again by themselves: these are the commands as they are by now."""
    del request
    found = await asyncio.to_thread(lambda: session.commands)
    return {
        "skills": [
            {
                "name": each.name,
                "description": visible_line(each.about),
                "argumentHint": visible_line(each.hint),
                **({"aliases": list(each.also)} if each.also else {}),
            }
            for each in found
            if each.kind == "skill"
        ]
    }


async def rules(around: Around, session: Session, request: Json) -> Json:
    """As they are in force: an allow rule that an administrator keeps from counting is not among them."""
    del request
    rows = []
    for rule in session.inquiries.rules():
        flag = "flagSettings" if rule.origin == "--settings" else "cliArg"
        source = _SOURCES.get(rule.scope, flag)
        how = "persistent" if source in _KEPT else "session" if source in _HELD else "readonly"
        rows.append({"behavior": rule.behaviour, "source": source, "rule": rule.text, "editability": how})
    folders = [
        {"path": str(root), "source": "cliArg" if is_first else "session"}
        for root, is_first in session.inquiries.roots()
        if root != around.config.cwd
    ]
    return {
        "state": {
            "rules": rows,
            "workspaceDirectories": folders,
            "originalCwd": str(around.config.cwd),
            "managedOnly": around.config.managed_rules_only,
        }
    }


async def register(session: Session, request: Json) -> Json:
    """A folder below one that it works in from the start. What is in it for the model is read when it is touched."""
    folder = fields.text(request, "directory")
    places = session.inquiries.roots()
    real = await asyncio.to_thread(session.inquiries.folder, folder)
    if any(real == root for root, _ in places):
        raise RequestError(f"{fields.shown(real)} is a folder of this session already")
    if not any(is_first and root in real.parents for root, is_first in places):
        raise RequestError(f"{fields.shown(real)} does not lie below a folder that this session began with")
    if problems := await session.tuning.permit([FoldersChange("add", (real,), "session")]):
        raise RequestError("; ".join(problems))
    return {}


async def rename(session: Session, request: Json) -> Json:
    title, meant = fields.text(request, "title"), request.get("session_id")
    if meant not in (None, session.facts.session_id):
        raise RequestError(f"{fields.shown(meant)} is not the session that is open any more")
    if not any(sign.isprintable() and not sign.isspace() for sign in clean_name(title)):
        raise RequestError("title must have letters that can be read")
    if session.facts.transcript is None:
        raise RequestError("this session is not kept, so it can have no name")
    session.inquiries.rename(title)
    return {}


async def title(session: Session, request: Json) -> Json:
    """For words of the host's. With `persist` the session is called so, unless the person has named it."""
    words = fields.text(request, "description")
    found = await session.inquiries.title(words)
    if request.get("persist") is True and session.facts.transcript is not None:
        session.inquiries.entitle(found)
    return {"title": found}


async def usage(around: Around, session: Session, request: Json) -> Json:
    """There are no plans with limits here: those fields say so."""
    del request
    spent, (added, removed) = session.spent, session.figures.lines
    return {
        "session": {
            "total_cost_usd": spent.cost or 0.0,
            "total_api_duration_ms": round(spent.api_seconds * 1000),
            "total_duration_ms": round((time.monotonic() - around.began) * 1000),
            "total_lines_added": added,
            "total_lines_removed": removed,
            "model_usage": spent.model_usage,
        },
        "subscription_type": None,
        "rate_limits_available": False,
        "rate_limits": None,
        "behaviors": None,
    }
