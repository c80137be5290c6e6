from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import pytest

from coder.core.messages import Image, Message, Text, ToolResult, ToolUse, message_to_api
from coder.sessions.export import as_json, markdown
from coder.sessions.glimpse import Glimpse, glimpse
from coder.sessions.html_page import html
from coder.telemetry.logs import redacted
from tests.support.transcripts import conversation, reply, result, results, user, write

Writer = Callable[[Glimpse, list[Message], Callable[[str], str]], str]
WRITERS: list[Writer] = [markdown, as_json, html]
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</pre></details><iframe src=//evil.example></iframe>",
    "</title><script>1</script>",
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>@import 'https://evil.example/x.css'</style>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<!-- --><b>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<link rel=stylesheet href=//evil.example>",
    "\u202egnp.exe",
    "<base href=//evil.example>",
    "<form action=//evil.example><input autofocus onfocus=alert(1)>",
    "{title}{body}{0}",
    "]]><script>1</script>",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "`" * 40 + "\n# not a heading",
]


def plain(text: str) -> str:
    return text


def of(folder: Path, messages: list[Message]) -> Glimpse:
    found = glimpse(write(folder / "home", folder, messages))
    assert found is not None
    return found


class Tags(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile(text: str) -> list[Message]:
    call = ToolUse("t", text, {text: text, "command": text})
    return [
        user(text, "context"),
        user(text),
        reply(Text(text), call),
        results(ToolResult("t", (Text(text), Image(text, "aGk="), Image("image/png", text)))),
        reply(Text(text)),
    ]


@pytest.mark.behaviour("B-514")
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_words_in_a_page(tmp_path: Path, text: str) -> None:
    messages = hostile(text)
    session = of(tmp_path, messages)
    labels = replace(session.labels, custom=text, tag=text)
    found = Tags(html(replace(session, cwd=text, branch=text, labels=labels), messages, plain))
    harmless = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "dl", "dt", "dd", "section", "details"}
    assert set(found.tags) <= harmless | {"summary", "pre", "img"}
    assert found.tags.count("meta") == 4 and found.tags.count("style") == found.tags.count("title") == 1
    assert {name for name, _ in found.attributes} <= {
        *("lang", "charset", "http-equiv", "content", "name", "class", "src", "alt"),
    }
    assert all(value.startswith("data:image/png;base64,") for name, value in found.attributes if name == "src")
    assert ("content", "default-src 'none'; img-src data:; style-src 'unsafe-inline'") in found.attributes
    assert "\u202e" not in found.text and "\x00" not in found.text


@pytest.mark.behaviour("B-514")
def test_a_page_fetches_nothing_and_shows_pictures(tmp_path: Path) -> None:
    messages = [*conversation(), Message("user", (Image("image/png", "aGVsbG8="),), user("").meta)]
    page = html(of(tmp_path, messages), messages, plain)
    assert not re.search(r"""(src|href|url|import)\s*[=(]?\s*["']?\s*(https?:)?//""", page)
    assert '<img alt="picture" src="data:image/png;base64,aGVsbG8=">' in page
    shown = Tags(page).text
    assert all(message.text in shown for message in messages if message.meta.kind == "reply")


@pytest.mark.behaviour("B-513")
@pytest.mark.parametrize("writer", WRITERS)
def test_keys_and_passwords_are_hidden_wherever_they_were_said(tmp_path: Path, writer: Writer) -> None:
    key, token = "sk-ant-api03-verysecretkey", "correct-horse-battery"
    words = f"use {key} or {token}; Authorization: Bearer abcdef0123456789"
    call = ToolUse("t", "Bash", {"command": f"curl -H 'x-api-key: {key}' {token}", token: {"nested": [token]}})
    messages = [user(words), reply(Text(words), call), results(result("t", words))]
    session = replace(of(tmp_path, messages), branch=token, cwd=f"/home/{token}")
    text = writer(session, messages, partial(redacted, secrets=(token,)))
    assert "verysecretkey" not in text and token not in text and "abcdef0123456789" not in text
    assert text.count("[hidden]") >= 6


@pytest.mark.behaviour("B-513")
def test_json_holds_the_messages_in_the_shape_of_the_api(tmp_path: Path) -> None:
    messages = conversation()
    found = json.loads(as_json(of(tmp_path, messages), messages, plain))
    shaped = [{"role": each["role"], "content": each["content"]} for each in found["messages"]]
    assert shaped == [json.loads(json.dumps(message_to_api(message))) for message in messages]
    assert found["messages"][1]["kind"] == "prompt" and found["folder"] == str(tmp_path)


@pytest.mark.parametrize("text", ["```\n# heading\n```", "`" * 9, "plain", "````"])
def test_nothing_ends_a_code_block_in_markdown(tmp_path: Path, text: str) -> None:
    messages = [user("go"), reply(ToolUse("t", "Bash", {"command": text})), results(result("t", text))]
    page = markdown(of(tmp_path, messages), messages, plain)
    last = page[page.index("**Result**") :].strip().split("\n")
    fence = last[2]
    assert set(fence) == {"`"} and last[-1] == fence
    assert all(fence not in line for line in last[3:-1])


def test_markdown_reads_like_a_conversation(tmp_path: Path) -> None:
    messages = [user("Fix the cart"), reply(Text("I look."), ToolUse("t", "Read", {"file_path": "a.py"}))]
    page = markdown(of(tmp_path, messages), messages, plain)
    assert page.startswith("# Fix the cart\n\n- session: ")
    assert "## You\n\nFix the cart\n\n## coder\n\nI look.\n\n**Read a.py**\n\n```json\n" in page


def test_a_session_id_is_in_every_document(tmp_path: Path) -> None:
    messages = [user("x")]
    session = of(tmp_path, messages)
    assert uuid.UUID(session.id)
    assert all(session.id in writer(session, messages, plain) for writer in WRITERS)
