"""`/clear`: begins a new conversation; the one before is kept. Must not know how a session is opened."""

from __future__ import annotations

from dataclasses import replace

from coder.app.starting import Start
from coder.core.errors import SessionError
from coder.frontends.desk import Desk
from coder.frontends.slash.saying import done
from coder.frontends.styled import foreign
from coder.sessions.asides import clean_name

_ID = 8  # characters that name a session


async def run(desk: Desk, arguments: str) -> None:
    """`arguments` is a name for the new session. Raises SessionError."""
    name = arguments.strip()
    if name and not clean_name(name):
        raise SessionError("A session needs a name that can be read. Give it letters: /clear <name>")
    before = desk.session.facts
    is_kept = before.transcript is not None and before.transcript.exists()
    await desk.reopen(Start(name=name or None, clears=True), **_set_meanwhile(desk))
    called = f' called "{foreign(clean_name(name))}"' if name else ""
    back = f" The one before is kept: /resume {before.session_id[:_ID]}" if is_kept else ""
    done(desk.ui, f"A new conversation{called}.{back}")


def _set_meanwhile(desk: Desk) -> dict[str, object]:
    """The style and the language that were chosen during the conversation that ends: they count from now on."""
    guidance = desk.config.guidance
    style, language = desk.setting("outputStyle"), desk.setting("language")
    if isinstance(style, str):
        guidance = replace(guidance, style=style)
    if isinstance(language, str):
        guidance = replace(guidance, language=language)
    return {} if guidance == desk.config.guidance else {"guidance": guidance}
