"""Takes a prompt that was never answered out of a conversation again. Must not know why the run ended."""

from __future__ import annotations

from collections.abc import Sequence

from coder.agent.history import fresh_copy
from coder.agent.loop import Agent
from coder.app.conversation import OpenConversation
from coder.core.errors import SessionError
from coder.core.messages import Message

WHY = "unsaid"
_BESIDE = ("shell", "reminder")  # what may stand behind a prompt without anything having been said or done


def unanswered(messages: Sequence[Message]) -> int | None:
    """Where the last prompt is, when nothing was said or done since; else None."""
    for index in range(len(messages) - 1, -1, -1):
        kind = messages[index].meta.kind
        if kind == "prompt":
            return index
        if kind not in _BESIDE:
            return None
    return None


def unsay(agent: Agent, conversation: OpenConversation | None) -> str:
    """The uuid of the prompt that was taken out; "" when the last one was answered, or cannot be taken out of what is
    stored. Blocks while it reads."""
    messages = agent.history.messages
    at = unanswered(messages)
    if at is None:
        return ""
    prompt = messages[at].meta.uuid
    if conversation is None or conversation.leaf is None:
        agent.upkeep.restart(messages[:at], WHY)
    else:
        try:
            conversation.rewind_to(prompt)
        except SessionError:
            return ""
    for message in messages[at + 1 :]:
        if message.meta.kind == "shell":
            agent.tell(fresh_copy(message))
    return prompt
