"""docs/sdk_matrix.md names every option of the TypeScript SDK that is fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.sdk_matrix import FIELDS, rows

pytestmark = [pytest.mark.online, pytest.mark.timeout(600), pytest.mark.behaviour("B-2307")]


def test_each_option_is_named(package: Path) -> None:
    types = (package / "sdk.d.ts").read_text(encoding="utf-8")
    found = re.search(r"^export declare type Options = \{\n(.*?)^\};", types, re.MULTILINE | re.DOTALL)
    assert found
    options = set(re.findall(r"^    (\w+)\?:", found[1], re.MULTILINE))
    assert {row.option for row in rows("TypeScript")} == options and len(options) > 60


@pytest.mark.behaviour("B-2750")
def test_each_field_of_an_agent_is_named(package: Path) -> None:
    types = (package / "sdk.d.ts").read_text(encoding="utf-8")
    found = re.search(r"^export declare type AgentDefinition = \{\n(.*?)^\};", types, re.MULTILINE | re.DOTALL)
    assert found and set(re.findall(r"^    (\w+)\??:", found[1], re.MULTILINE)) == FIELDS
