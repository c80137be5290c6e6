"""WebFetch and WebSearch in real sessions: what is asked, what is refused, what it costs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, rule, tool, turn


@dataclass
class Site:
    """A development server of the person's: one page for every address."""

    host: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def site(page: bytes) -> Iterator[Site]:
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.host = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def results(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [block for block in requests[-1]["messages"][-1]["content"] if block["type"] == "tool_result"]


@pytest.mark.behaviour("B-1743")
@pytest.mark.behaviour("B-1750")
def test_a_page_of_the_persons_own_server_is_read_and_answered_about(place: Place) -> None:
    page = "<title>Notes</title><h1>Release</h1>" + "<p>The new flag is <code>--fast</code>.</p>" * 400
    with site(page.encode()) as page_site, fake_api(
        {
            "rules": [rule({"system_contains": "You read one page"}, "It is `--fast`.")],
            "turns": [turn(tool("WebFetch", url=f"http://{page_site.host}/n", prompt="Which flag?")), turn("Found.")],
        }
    ) as api:  # fmt: skip
        settings = {"webFetch": {"allowedPrivateHosts": [page_site.host]}}
        allowed = ("--settings", json.dumps(settings), "--allowedTools", "WebFetch(domain:127.0.0.1)")
        done = place.coder("-p", "x", "--output-format", "stream-json", "--verbose", *allowed, url=api.url)
    assert done.code == 0, done.stderr
    assert page_site.asked == ["/n"]
    api.check()
    (answered,) = results(api.requests)
    assert answered["content"][0]["text"].endswith("<web_answer>\nIt is `--fast`.\n</web_answer>")
    (told,) = [line for line in done.lines if line["type"] == "user"]
    assert told["tool_use_result"]["code"] == 200 and told["tool_use_result"]["url"] == f"http://{page_site.host}/n"
    assert {"claude-sonnet-5-5", "claude-haiku-5-5"} == done.result["modelUsage"].keys()


@pytest.mark.behaviour("B-1743")
@pytest.mark.behaviour("B-1756")
def test_a_repository_cannot_open_this_machine_to_the_model(place: Place) -> None:
    with site(b"secret") as page_site, fake_api(
        [turn(tool("WebFetch", url=f"http://{page_site.host}/", prompt="p")), turn("No.")] * 2
    ) as api:  # fmt: skip
        (place.project / ".coder").mkdir()
        settings = {"webFetch": {"allowedPrivateHosts": [page_site.host]}}
        (place.project / ".coder" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        place.coder("-p", "x", url=api.url)
        assert results(api.requests)[0]["is_error"] and not page_site.asked
        trusted = {"CODER_TRUST_FOLDER": "1"}
        bold = place.coder("-p", "x", "--permission-mode", "bypassPermissions", url=api.url, env=trusted)
    assert "allowedPrivateHosts is never taken from a project" in bold.stderr
    (refused,) = results(api.requests)
    assert refused["is_error"] and "this machine or a private network" in refused["content"][0]["text"]
    assert not page_site.asked


@pytest.mark.behaviour("B-1752")
@pytest.mark.behaviour("B-1754")
@pytest.mark.behaviour("B-1755")
def test_a_search_is_made_where_it_is_offered_and_is_paid_for(place: Place) -> None:
    found = [{"type": "web_search_result", "title": "Docs", "url": "https://a.example/", "encrypted_content": "x"}]
    block = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": found}
    use = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "docs"}}
    raw = [{"type": "raw", "raw": use}, {"type": "raw", "raw": block}]
    usage = {"server_tool_use": {"web_search_requests": 2}}
    with fake_api(
        {
            "rules": [rule({"system_contains": "You search the web"}, *raw, "It is new.", usage=usage)],
            "turns": [turn(tool("WebSearch", query="docs")), turn("Found.")],
        }
    ) as api:
        run = ("-p", "x", "--output-format", "json", "--allowedTools", "WebSearch")
        done = place.coder(*run, url=api.url, env={"CODER_WEB_SEARCH": "1"})
        assert done.code == 0, done.stderr
        api.check()
    (answered,) = results(api.requests)
    assert "[Docs](https://a.example/)" in answered["content"][0]["text"]
    used = done.result["modelUsage"]["claude-sonnet-5-5"]
    assert used["webSearchRequests"] == 2 and used["costUSD"] >= 0.02
    tools = [[each["name"] for each in request.get("tools", [])] for request in api.requests]
    assert [names[-1] for names in tools] == ["WebSearch", "web_search", "WebSearch"]
