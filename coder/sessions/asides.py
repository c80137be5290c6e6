"""Lines about a session that are no messages: titles, starts of tool calls, cleared results, moves. Pure.

Other readers know the titles and skip the rest.
"""

from __future__ import annotations

import re

from coder.core.dataclass import dataclass
from coder.core.edits import Clearing, Compaction, Replacement
from coder.core.messages import Json, ToolUse
from coder.sessions.entries import Envelope, now

LONGEST_NAME = 200  # characters
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+"


@dataclass(frozen=True, slots=True)
class Labels:
    """What a session is called. `custom` is the person's word, `ai` a model's, `prompt` the beginning of a first
    prompt that is too long for readers to find it."""

    custom: str = ""
    ai: str = ""
    tag: str = ""
    prompt: str = ""

    def lines(self, session_id: str) -> list[Json]:
        """The lines that say so; none for what is empty."""
        return [
            {"type": kind, field: text, "sessionId": session_id}
            for kind, field, text in (
                ("custom-title", "customTitle", self.custom),
                ("ai-title", "aiTitle", self.ai),
                ("tag", "tag", self.tag),
                ("last-prompt", "lastPrompt", self.prompt),
            )
            if text
        ]


def clean_name(text: str) -> str:
    """A name as it may be stored: control characters are blanks, 200 characters at most; may be empty."""
    return " ".join(re.sub(_CONTROL, " ", text).split())[:LONGEST_NAME].strip()


def tool_start(call: ToolUse, session_id: str) -> Json:
    """The call is about to run."""
    found = {"toolUseId": call.id, "name": call.name, "sessionId": session_id, "timestamp": now()}
    return {"type": "tool-start", **found}


def move(leaf: str | None, why: str, session_id: str) -> Json:
    """The next entry hangs on `leaf`, whatever was written last."""
    return {"type": "rewind", "leafUuid": leaf, "why": why, "sessionId": session_id, "timestamp": now()}


def clearing(edit: Clearing, leaf: str | None, session_id: str) -> Json:
    """Some contents of what is there when `leaf` is the last entry are left out from now on."""
    return {
        "type": "content-replacement",
        "sessionId": session_id,
        "replacements": [_replacement_to_json(each) for each in edit.replacements],
        "leafUuid": leaf,
        "why": edit.why,
        "timestamp": now(),
    }


def clearing_of(raw: Json) -> Clearing:
    """What a content-replacement line says, as far as it is understood. Never raises."""
    listed = raw.get("replacements")
    found: list[Replacement] = []
    for item in listed if isinstance(listed, list) else ():
        match item:
            case {"toolUseId": str(name), "replacement": str(text)}:
                found.append(Replacement(text, tool_use_id=name))
            case {"messageUuid": str(name), "block": int(block), "replacement": str(text)}:
                found.append(Replacement(text, message=name, block=block))
    return Clearing(tuple(found), str(raw.get("why", "")))


def boundary(edit: Compaction, name: str, leaf: str | None, envelope: Envelope) -> Json:
    """The entry that what follows a compaction hangs on."""
    return {
        "type": "system",
        "subtype": "compact_boundary",
        "uuid": name,
        "parentUuid": None,
        "logicalParentUuid": leaf,
        "sessionId": envelope.session_id,
        "timestamp": now(),
        "cwd": envelope.cwd,
        "gitBranch": envelope.branch,
        "version": envelope.version,
        "isSidechain": False,
        "isMeta": False,
        "level": "info",
        "content": "Conversation compacted",
        "compactMetadata": {"trigger": edit.trigger, "preTokens": edit.before},
    }


def _replacement_to_json(each: Replacement) -> Json:
    if each.tool_use_id:
        return {"kind": "tool-result", "toolUseId": each.tool_use_id, "replacement": each.text}
    return {"kind": "block", "messageUuid": each.message, "block": each.block, "replacement": each.text}
