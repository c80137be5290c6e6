"""The structured result of a call that asked an agent, as programs read it."""

from __future__ import annotations

from coder.core.agents import Report
from coder.core.messages import Usage
from coder.core.usage_form import usage
from coder.tools.agent_report import reported


def test_what_it_used_is_told_in_the_form_of_every_reply() -> None:
    used = Usage(input_tokens=1, output_tokens=2, cache_read_input_tokens=4, ephemeral_5m_input_tokens=8)
    report = Report(id="a1", kind="baker", title="Bake", model="m", state="completed", text="Baked.", usage=used)
    data = reported(report, "Bake.").data
    assert data is not None and data["usage"] == usage(used)
    assert data["usage"]["service_tier"] == "standard" and data["totalTokens"] == 7
