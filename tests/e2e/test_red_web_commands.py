"""Commands in a folder that somebody else wrote: nothing of it runs before it is trusted."""

from __future__ import annotations

import json

import pytest

from tests.support.cli import Place


@pytest.mark.behaviour("B-1851")
def test_in_a_folder_that_is_not_trusted_no_helper_of_it_runs(place: Place) -> None:
    ran = place.project / "ran"
    (place.project / ".claude").mkdir()
    (place.project / ".claude" / "settings.json").write_text(json.dumps({"env": {"A": "b"}}))
    (place.project / "helper").write_text(f"#!/bin/sh\necho $PWD >> {ran}\necho '{{}}'\n")
    (place.project / "helper").chmod(0o755)
    server = {"type": "http", "url": "http://127.0.0.1:1/mcp", "headersHelper": "./helper"}
    projects = {str(place.project): {"mcpServers": {"here": server}}}
    (place.home / ".coder").mkdir()
    (place.home / ".coder" / ".claude.json").write_text(
        json.dumps({"mcpServers": {"all": server}, "projects": projects})
    )
    for name in ("here", "all"):
        done = place.coder("mcp", "login", name)
        assert done.code == 1 and done.stderr.count("\n") == 1
        assert ("headersHelper not run, for this folder is not trusted (coder trust)" in done.stderr) is (
            name == "here"
        )
    assert "headersHelper not run" in place.coder("mcp", "list").stdout
    assert not ran.exists()
