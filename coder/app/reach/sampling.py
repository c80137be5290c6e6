"""A server asks the model something: through the gate, then as a request beside the conversation, which it never sees.
Must not know front ends, or who pays.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from coder.agent.gate import Allowed, Gate
from coder.agent.ports import NOTHING_SAID, Before
from coder.app.reach.noes import Noes
from coder.app.titles import cheap_model
from coder.core.dataclass import dataclass
from coder.core.errors import ModelError
from coder.core.messages import Image, Json, Message, Text, ToolUse
from coder.core.model import Completed, Model, ModelRequest
from coder.core.tools import ASKS_MODEL, Calls
from coder.core.visible import visible_line
from coder.mcp.server import Server, tool_name

_MOST_TOKENS = 8_000
_MOST_MESSAGES, _MOST_CHARS, _MOST_IMAGES = 100, 100_000, 8
_SIDE = {"x-coder-side-request": "sampling"}
_OWN_RULE = "asking the model costs money and uses your account: only a rule that names it allows it"
_STOPS = {"end_turn": "endTurn", "max_tokens": "maxTokens", "stop_sequence": "stopSequence"}


class Unfit(Exception):
    """What is wrong with the request, as the rest of an answer to the server."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Means:
    """What a session gives. What `model` is asked is accounted for; `main` is the name of the session's own. `allows`
    tells whether a rule of that very name allows something, `lets` whether the person does until the session ends."""

    gate: Callable[[], Gate]
    model: Callable[[], Model]
    main: Callable[[], str]
    env: Mapping[str, str]
    allows: Callable[[str], bool]
    lets: Callable[[str], bool]


class Sampling:
    def __init__(self, means: Means, noes: Noes | None = None) -> None:
        self._means = means
        self._noes = noes or Noes(lambda text: None)

    async def __call__(self, server: Server, params: Json) -> Json:
        """The answer in the protocol's own JSON, `{"error": "why"}` for a no."""
        try:
            request = self._request(params)
        except Unfit as error:
            return {"error": str(error)}
        if self._noes.enough(server.name):
            return {"error": "The person was asked often enough."}
        may = await self._may(server, request)
        self._noes.heard(server.name, is_no=not may)
        if not may:
            return {"error": "The person said no, or nobody is there to ask."}
        try:
            done = await self._done(request)
        except ModelError as error:
            return {"error": f"The model could not be asked: {visible_line(str(error))}"}
        text = done.message.text
        return {
            "role": "assistant",
            "content": {"type": "text", "text": text},
            "model": done.message.meta.model or request.model,
            "stopReason": _STOPS.get(done.stop_reason, done.stop_reason or "endTurn"),
        }

    async def _may(self, server: Server, request: ModelRequest) -> bool:
        """A rule for all that the server has does not stretch to this."""
        gate, name = self._means.gate(), tool_name(server.name, ASKS_MODEL)
        call = ToolUse(f"sampling_{uuid.uuid4().hex[:12]}", name, _shown(request))
        access = Calls(server.name, ASKS_MODEL, asks_model=True)
        said = NOTHING_SAID if self._means.allows(name) else Before("ask", _OWN_RULE)
        if self._means.lets(name):
            said = Before("allow", "you let this server ask the model until you leave")
        summary = f"{visible_line(server.name)} asks {request.model}"
        verdict = await gate.check(call, access, summary, gate.judge(call, access), said)
        return isinstance(verdict, Allowed)

    def _request(self, params: Json) -> ModelRequest:
        """Raises Unfit."""
        if params.get("tools"):
            raise Unfit("This client gives the model no tools of servers when it is asked for one.")
        system = params.get("systemPrompt")
        system = system if isinstance(system, str) else ""
        messages = _messages(params.get("messages"))
        texts = [block.text for message in messages for block in message.content if isinstance(block, Text)]
        if sum(map(len, texts)) + len(system) > _MOST_CHARS:
            raise Unfit(f"More than {_MOST_CHARS:,} characters are not sent.")
        asked = params.get("maxTokens")
        most = asked if isinstance(asked, int) and not isinstance(asked, bool) and asked > 0 else _MOST_TOKENS
        return ModelRequest(
            self._chosen(params.get("modelPreferences")),
            messages,
            system=(system,) if system.strip() else (),
            max_tokens=min(most, _MOST_TOKENS),
            headers=_SIDE,
            purpose="sampling",
        )

    def _chosen(self, preferences: object) -> str:
        """The small model, or that of the session where the server names it or wants a clever one above all."""
        main = self._means.main()
        small = cheap_model(self._means.env, main) or main
        wanted: Mapping[str, Any] = preferences if isinstance(preferences, dict) else {}
        hints = wanted.get("hints")
        for hint in hints if isinstance(hints, list) else ():
            name = hint.get("name") if isinstance(hint, dict) else None
            if isinstance(name, str) and name.strip():
                for model in (main, small):
                    if name.strip().lower() in model.lower():
                        return model
        clever, cheap = (_priority(wanted.get(key)) for key in ("intelligencePriority", "costPriority"))
        return main if clever > max(cheap, 0.5) else small

    async def _done(self, request: ModelRequest) -> Completed:
        async with aclosing(self._means.model().stream(request)) as events:  # type: ignore[type-var]  # streams are generators
            async for event in events:
                if isinstance(event, Completed):
                    return event
        raise ModelError("the model's reply ended early", "cut")


def _shown(request: ModelRequest) -> Json:
    """What a person is asked about: all of the words."""
    shown: Json = {"model": request.model, "max_tokens": request.max_tokens}
    if request.system:
        shown["system"] = request.system[0]
    shown["messages"] = [f"{message.role}: {_words(message)}" for message in request.messages]
    return shown


def _words(message: Message) -> str:
    return " ".join(block.text if isinstance(block, Text) else "[a picture]" for block in message.content)


def _messages(raw: object) -> tuple[Message, ...]:
    """Raises Unfit."""
    listed: Sequence[object] = raw if isinstance(raw, list) else ()
    if not listed or len(listed) > _MOST_MESSAGES:
        raise Unfit(f"There must be 1 to {_MOST_MESSAGES} messages.")
    made: list[Message] = []
    pictures = 0
    for each in listed:
        role = each.get("role") if isinstance(each, dict) else None
        if not isinstance(each, dict) or role not in ("user", "assistant"):
            raise Unfit("A message has the role user or assistant.")
        content = each.get("content")
        blocks = tuple(map(_block, content if isinstance(content, list) else [content]))
        pictures += sum(isinstance(block, Image) for block in blocks)
        if not blocks or pictures > _MOST_IMAGES:
            raise Unfit(f"A message has content, and no more than {_MOST_IMAGES} pictures are sent.")
        if made and made[-1].role == role:
            blocks = (*(b for b in made.pop().content if isinstance(b, Text | Image)), *blocks)
        made.append(Message("user" if role == "user" else "assistant", blocks))
    if made[0].role != "user" or made[-1].role != "user":
        raise Unfit("The first and the last message are the user's.")
    return tuple(made)


def _block(raw: object) -> Text | Image:
    match raw:
        case {"type": "text", "text": str(text)} if text.strip():
            return Text(text)
        case {"type": "image", "data": str(data), "mimeType": str(mime)} if re.fullmatch(r"image/[a-z+.-]{1,40}", mime):
            if len(data) > 5_000_000:
                raise Unfit("A picture is too large.")
            return Image(mime, data)
        case _:
            raise Unfit("Only texts that say something, and pictures, are sent to the model.")


def _priority(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
