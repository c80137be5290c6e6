"""A session as one HTML file: nothing is fetched, nothing in it can run. Must not know files."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from html import escape

from coder.core.messages import Image, Message
from coder.sessions.export import Redact, facts, one_line
from coder.sessions.glimpse import Glimpse
from coder.sessions.telling import parts

_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_HEADS = {
    "you": "You",
    "coder": "coder",
    "thinking": "Thinking",
    "result": "Result",
    "failed": "Failed",
    "summary": "Summary of what came before",
    "note": "Note",
}
_FOLDED = ("thinking", "tool", "result", "failed", "note")
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }}
h2 {{ font-size: 1rem; margin: 1.5rem 0 0; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0; font: inherit; }}
details pre {{ font: 13px/1.4 ui-monospace, monospace; }}
details {{ margin: .3rem 0; color: #555; }}
.you pre {{ border-left: 3px solid #888; padding-left: .7rem; }}
.failed summary {{ color: #a00; }}
dl {{ color: #555; font-size: .85rem; }}
dt, dd {{ display: inline; margin: 0; }}
dd::after {{ content: ""; display: block; }}
img {{ max-width: 100%; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #181818; color: #ddd; }} details, dl {{ color: #999; }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<dl>
{facts}
</dl>
{body}
</body>
</html>
"""


def html(session: Glimpse, messages: Iterable[Message], redact: Redact) -> str:
    """The whole page. Characters that cannot be seen are written as escapes."""

    def safe(text: str) -> str:
        return escape(_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", redact(text)))

    body: list[str] = []
    before = ""
    for part in parts(messages):
        head = safe(one_line(part.head)) if part.head else _HEADS[part.voice]
        inner = _picture(part.image) or f"<pre>{safe(part.text.strip())}</pre>"
        if part.voice in _FOLDED:
            body.append(f'<details class="{part.voice}"><summary>{head}</summary>{inner}</details>')
        else:
            title = f"<h2>{head}</h2>" if part.voice != before else ""
            body.append(f'<section class="{part.voice}">{title}{inner}</section>')
            before = part.voice
    known = "\n".join(f"<dt>{name}: </dt><dd>{safe(one_line(value))}</dd>" for name, value in facts(session).items())
    return _PAGE.format(title=safe(one_line(session.title)) or "A session", facts=known, body="\n".join(body))


def _picture(image: Image | None) -> str:
    if image is None or image.media_type not in _PICTURES:
        return ""
    try:
        data = base64.b64decode(image.data, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return f'<img alt="picture" src="data:{image.media_type};base64,{base64.b64encode(data).decode("ascii")}">'
