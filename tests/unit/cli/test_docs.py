"""The pages of the documentation name what there is, and lead to one another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coder.config.origins import READ

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
# Set by coder itself for what it starts, kept from it, or handed on to the SDKs of other providers.
OWN = {
    "CODER_BATCH_ATTEMPT",
    "CODER_CONFORMANCE_MARK",
    "CODER_HOOK_DEPTH",
    "CLAUDE_CODE_MCP_SERVER_NAME",
    "CLAUDE_CODE_MCP_SERVER_URL",
    "CODER_SHELL",
    "BASH_ENV",
    "BASH_COMPAT",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
    "ANTHROPIC_BEDROCK_BASE_URL",
    "ANTHROPIC_VERTEX_BASE_URL",
    "ANTHROPIC_FOUNDRY_BASE_URL",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL",
    "CLAUDE_PROJECT_DIR",
    "CLAUDE_PLUGIN_DATA",
    "CLAUDE_PLUGIN_ROOT",
    "CLAUDE_EFFORT",
    "CLAUDE_ENV_FILE",
}
_NAME = re.compile(r"""["']((?:CLAUDE|CODER|ANTHROPIC|SLASH|DISABLE|MAX|API|BASH)_[A-Z_0-9]*[A-Z0-9])["']""")


@pytest.mark.behaviour("B-1363")
def test_every_setting_and_variable_is_on_the_page_of_configuration() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    for key in READ.values():
        short = re.escape(key.removeprefix("permissions"))  # the second one of a row leaves the group out
        assert re.search(rf"`(permissions)?{short}(\.NAME)?`", page), key
    found = {name for path in (ROOT / "coder").rglob("*.py") for name in _NAME.findall(path.read_text("utf-8"))}
    assert len(found) > 40
    assert [name for name in sorted(found - OWN) if name not in page] == []


@pytest.mark.behaviour("B-1364")
def test_links_lead_to_pages_and_headings_that_are_there() -> None:
    checked = 0
    for page in PAGES:
        text = re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if "://" in target:
                continue
            path, _, heading = target.partition("#")
            there = page.parent / path if path else page
            assert there.exists(), (page.name, target)
            assert not heading or heading in _headings(there), (page.name, target)
            checked += 1
    assert checked > 50


def _headings(page: Path) -> set[str]:
    lines = re.findall(r"(?m)^#+ (.*)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in lines}
