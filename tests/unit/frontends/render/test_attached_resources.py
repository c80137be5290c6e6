"""What of servers went with a prompt, as a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.core import prompts
from coder.core.messages import Message, Text
from coder.frontends.render.attached import attached


@pytest.mark.behaviour("B-1867")
def test_a_resource_is_named_with_its_size() -> None:
    parts = {"server": "notes", "uri": "notes://o\x1bne", "content": "one\ntwo"}
    message = Message("user", (Text("go"), Text(prompts.load("reminders/attached_resource", **parts))))
    assert attached(message, Path("/shop"), Path("/home")) == "Attached: @notes:notes://o\\x1bne, 2 lines"
