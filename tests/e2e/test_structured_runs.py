"""`--json-schema` and `--init-only` as a shell and a program see them."""

from __future__ import annotations

import json

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.hooked import group, keeps, kept, settings

SCHEMA = json.dumps({"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]})
GOOD, BAD = tool("Submit", word="für"), tool("Submit", word=1)


@pytest.mark.behaviour("B-2264")
def test_the_answer_is_json_on_standard_output_and_a_value_in_the_result(place: Place) -> None:
    with fake_api([turn("Here it is.", GOOD)] * 2) as api:
        done = place.coder("-p", "go", "--json-schema", SCHEMA, url=api.url)
        assert (done.code, done.stdout, done.stderr) == (0, '{"word": "für"}\n', "")
        argv = ("-p", "go", "--json-schema", SCHEMA, "--output-format", "stream-json", "--tools", "")
        result = place.coder(*argv, url=api.url).result
    assert (result["subtype"], result["is_error"], result["terminal_reason"]) == ("success", False, "completed")
    assert (result["structured_output"], result["result"]) == ({"word": "für"}, '{"word": "für"}')


@pytest.mark.behaviour("B-2265")
def test_an_answer_that_never_fits_is_an_error_of_its_own(place: Place) -> None:
    with fake_api([turn(BAD)] * 2) as api:
        done = place.coder("-p", "go", "--json-schema", SCHEMA, "--output-format", "json", url=api.url)
    result = done.result
    assert (done.code, result["subtype"]) == (1, "error_max_structured_output_retries")
    assert result["terminal_reason"] == "structured_output_retry_exhausted"
    assert "structured_output" not in result and "--json-schema" in result["errors"][0]


@pytest.mark.behaviour("B-2263")
def test_what_is_no_schema_ends_with_one_and_nothing_is_sent(place: Place) -> None:
    with fake_api([turn("never")]) as api:
        done = place.coder("-p", "go", "--json-schema", '{"type": "x"}', url=api.url)
        assert (done.code, done.stdout, api.exchanges) == (1, "", [])
    assert done.stderr.startswith("coder: --json-schema is not a valid JSON Schema: `type`: 'x'")
    assert done.stderr.count("\n") == 1 and place.transcripts() == []


@pytest.mark.behaviour("B-2270")
def test_init_only_runs_what_sets_up_and_says_nothing(place: Place) -> None:
    seen = place.home / "seen"
    settings(place, {point: [group(keeps(seen))] for point in ("Setup", "SessionStart", "SessionEnd")})
    done = place.coder("--init-only")
    assert (done.code, done.stdout, done.stderr) == (0, "", "")
    assert [each["hook_event_name"] for each in kept(seen)] == ["Setup", "SessionStart"]
