"""`coder config`: what is set, where it comes from, and changing it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.make(tmp_path)


def put(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def user(place: Place) -> Path:
    return place.home / ".coder" / "settings.json"


def project(place: Place) -> Path:
    return place.project / ".coder" / "settings.json"


@pytest.fixture
def layered(place: Place) -> Place:
    put(
        user(place),
        {
            "model": "opus",
            "permissions": {"allow": ["Bash(npm test *)"], "deny": ["WebFetch"]},
            "env": {"FOO": "bar", "HOME": "/elsewhere"},
            "otelHeadersHelper": "terse",
            "mine": [1],
        },
    )
    put(place.home / ".claude" / "settings.json", {"model": "sonnet", "alwaysThinkingEnabled": "no"})
    put(
        project(place),
        {"model": "haiku", "permissions": {"allow": ["Read"], "deny": ["Bash(rm *)"]}, "apiKeyHelper": "steal"},
    )
    return place


LIST = """\
alwaysThinkingEnabled  no  (not used: it must be true or false)
apiKeyHelper           steal  (not used: never taken from a project)
env.FOO                bar
mine                   1  (coder does not know it)
model                  haiku
otelHeadersHelper      terse  (this version does nothing with it)
permissions.allow      Read  (not used: this folder is not trusted)
                       Bash(npm test *)
permissions.deny       Bash(rm *)
                       WebFetch
"""
ORIGINS = """\
alwaysThinkingEnabled
  no  ~/.claude/settings.json (not used: it must be true or false)
apiKeyHelper
  steal  .coder/settings.json (not used: never taken from a project)
env.FOO
  bar  ~/.coder/settings.json
env.HOME
  /elsewhere  ~/.coder/settings.json (overridden by HOME of the environment)
mine
  1  ~/.coder/settings.json (coder does not know it)
model
  haiku  .coder/settings.json
  opus  ~/.coder/settings.json (overridden by .coder/settings.json)
  sonnet  ~/.claude/settings.json (overridden by .coder/settings.json)
otelHeadersHelper
  terse  ~/.coder/settings.json (this version does nothing with it)
permissions.allow
  Read  .coder/settings.json (not used: this folder is not trusted)
  Bash(npm test *)  ~/.coder/settings.json
permissions.deny
  Bash(rm *)  .coder/settings.json
  WebFetch  ~/.coder/settings.json
"""


@pytest.mark.behaviour("B-610")
@pytest.mark.behaviour("B-612")
def test_list_shows_what_counts_and_why_the_rest_does_not(layered: Place) -> None:
    done = layered.coder("config", "list")
    assert done.stdout == LIST
    assert done.code == 0
    assert "apiKeyHelper is never taken from a project" in done.stderr


@pytest.mark.behaviour("B-610")
@pytest.mark.behaviour("B-612")
def test_list_with_origins_names_the_file_of_each_value_and_what_it_beats(layered: Place) -> None:
    done = layered.coder("config", "list", "--show-origin")
    assert done.stdout == ORIGINS
    assert done.code == 0


@pytest.mark.behaviour("B-610")
def test_a_variable_that_beats_the_files_is_an_origin_too(layered: Place) -> None:
    done = layered.coder("config", "list", "--json", env={"ANTHROPIC_MODEL": "mine"})
    models = [entry for entry in json.loads(done.stdout) if entry["key"] == "model"]
    assert [(entry["value"], entry["scope"], entry["state"], entry["why"]) for entry in models] == [
        ("mine", "environment", "used", ""),
        ("haiku", "project", "overridden", "ANTHROPIC_MODEL"),
        ("opus", "user", "overridden", "ANTHROPIC_MODEL"),
        ("sonnet", "user", "overridden", "ANTHROPIC_MODEL"),
    ]
    assert models[1]["origin"] == str(project(layered))


@pytest.mark.behaviour("B-611")
def test_no_secret_is_shown_and_nothing_invisible(place: Place) -> None:
    secret = "abcdefghijklmnopqrstuvWXYZ"
    put(
        user(place),
        {
            "env": {
                "MY_TOKEN": secret,
                "DB_PASSWORD": "short",
                "PLAIN": "p\u202eq",
                "PROXY": f"http://me:{secret}@host",
            },
            "hooks": {"Stop": [{"env": {"API_KEY": secret}, "command": f"curl -H 'Authorization: Bearer {secret}'"}]},
            "apiKeyHelper": f"echo sk-ant-{secret}",
            "x": {"apiToken": secret},
        },
    )
    for args in (["list"], ["list", "--show-origin"], ["list", "--json"], ["get", "env"], ["get", "hooks"]):
        done = place.coder("config", *args)
        assert (done.code, done.stderr) == (0, ""), done.stderr
        assert secret[:-4] not in done.stdout
        assert "short" not in done.stdout
        assert "\u202e" not in done.stdout
    assert place.coder("config", "get", "env.MY_TOKEN").stdout == "…WXYZ\n"
    assert place.coder("config", "get", "env.DB_PASSWORD").stdout == "…\n"
    assert place.coder("config", "get", "env.PLAIN").stdout == "p\\u202eq\n"


@pytest.mark.behaviour("B-610")
def test_lines_stay_within_eighty_columns(place: Place) -> None:
    words = " ".join(["word"] * 60)
    put(user(place), {"language": words, "env": {"A" * 60: words}, "permissions": {"allow": [f"Bash({words})"]}})
    for option in ([], ["--show-origin"]):
        lines = place.coder("config", "list", *option).stdout.splitlines()
        assert max(map(len, lines)) <= 80
        assert " ".join(" ".join(lines).split()).count("word word") >= 80


@pytest.mark.behaviour("B-613")
def test_values_are_set_added_removed_and_unset(place: Place) -> None:
    def coder(*args: str) -> str:
        done = place.coder("config", *args)
        assert (done.code, done.stderr) == (0, ""), done.stderr
        return done.stdout

    assert coder("set", "model", "123") == "model is set in ~/.coder/settings.json.\n"
    coder("set", "alwaysThinkingEnabled", "false")
    coder("set", "coder.idleTimeout", "12.5")
    coder("set", "env.A.B", "true")
    coder("set", "permissions.ask", '["Bash(git push *)"]')
    assert coder("add", "permissions.deny", "Bash(rm *)") == "Added to permissions.deny in ~/.coder/settings.json.\n"
    assert coder("add", "permissions.deny", "Bash(rm *)") == (
        "permissions.deny in ~/.coder/settings.json has it already.\n"
    )
    assert json.loads(user(place).read_text(encoding="utf-8")) == {
        "model": "123",
        "alwaysThinkingEnabled": False,
        "coder": {"idleTimeout": 12.5},
        "env": {"A.B": "true"},
        "permissions": {"ask": ["Bash(git push *)"], "deny": ["Bash(rm *)"]},
    }
    assert coder("get", "permissions.deny") == "Bash(rm *)\n"
    assert json.loads(coder("get", "permissions")) == {"ask": ["Bash(git push *)"], "deny": ["Bash(rm *)"]}
    assert json.loads(coder("get", "env")) == {"A.B": "true"}
    coder("remove", "permissions.deny", "Bash(rm *)")
    coder("unset", "env.A.B")
    coder("set", "--local", "model", "opus")
    coder("set", "--project", "model", "haiku")
    assert sorted(os.listdir(place.project / ".coder")) == ["settings.json", "settings.local.json"]
    assert coder("get", "model") == "opus\n"
    assert "not there" in coder("path").splitlines()[0]
    for path in (user(place), project(place), place.project / ".coder" / "settings.local.json"):
        assert [line for line in coder("path").splitlines() if line.endswith(str(path))]


@pytest.mark.behaviour("B-613")
@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["set", "modle", "x"], "there is no setting modle. Did you mean model? --force sets it all the same."),
        (["set", "defaultMode", "x"], "there is no setting defaultMode. Did you mean permissions.defaultMode?"),
        (["set", "effortLevel", "huge"], "effortLevel must be one of low, medium, high, xhigh, max."),
        (["set", "cleanupPeriodDays", "0"], "cleanupPeriodDays must be a whole number from 1."),
        (["set", "coder.idleTimeout", "NaN"], "coder.idleTimeout must be a number of seconds up to 3600."),
        (["set", "permissions.deny", "Bash"], "To add one: coder config add permissions.deny VALUE."),
        (["set", "permissions", "{}", "--force"], "permissions is a group of settings."),
        (["set", "env.A=b", "c"], "a variable has no '=' in its name"),
        (["set", "a..b", "c", "--force"], "a..b is not the name of a setting"),
        (["set", "model", "\udcff"], "\\udcff is not UTF-8 text."),
        (["set", "allowManagedPermissionRulesOnly", "true"], "counts in the administrator's settings only."),
        (["add", "model", "x"], "model is no list: it is a text that is not empty."),
        (["add", "permissions.deny", "Bash("], "its parenthesis is never closed. Nothing was changed."),
        (["set", "permissions.allow", '["Read", "B*sh"]'], "an allow rule may hold * in the tool name only after"),
        (["set", "model", "x", "--user", "--local"], "give one of --user, --project and --local."),
        (["set", "model"], "Missing argument"),
        (["frobnicate"], "No such command"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(place: Place, args: list[str], said: str) -> None:
    done = place.coder("config", *args)
    assert done.code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not user(place).exists()


@pytest.mark.behaviour("B-613")
def test_force_sets_what_coder_does_not_know(place: Place) -> None:
    done = place.coder("config", "set", "some.thing", '{"a": [1]}', "--force")
    assert done.stdout.splitlines()[0] == "some.thing is set in ~/.coder/settings.json."
    assert json.loads(user(place).read_text(encoding="utf-8")) == {"some": {"thing": {"a": [1]}}}


@pytest.mark.behaviour("B-614")
def test_what_is_not_set_is_exit_code_one(place: Place) -> None:
    for args, said in (
        (["get", "model"], "model is not set.\n"),
        (["get", "modle"], "modle is not set. But there is no setting modle. Did you mean model?\n"),
        (["get", "env"], "env is not set.\n"),
        (["unset", "model"], "It is not set in ~/.coder/settings.json.\n"),
        (["remove", "permissions.deny", "Bash"], "It is not in ~/.coder/settings.json.\n"),
    ):
        done = place.coder("config", *args)
        assert (done.code, done.stdout, done.stderr) == (1, "", said)
    assert place.coder("config", "list").stdout.startswith("No settings")
    assert os.listdir(place.home) == []


@pytest.mark.behaviour("B-614")
def test_a_broken_file_is_named_the_rest_is_listed_and_nothing_is_overwritten(layered: Place) -> None:
    broken = '{\n  "permissions": {"deny": },\n}'
    put(project(layered), broken)
    done = layered.coder("config", "list")
    assert done.code == 2
    assert "model                  opus\n" in done.stdout
    assert f"{project(layered)}, line 2, column 27: not valid JSON" in done.stderr
    assert "neither its allow rules nor its deny rules are loaded" in done.stderr
    done = layered.coder("config", "add", "--project", "permissions.deny", "Read")
    assert done.code == 2
    assert done.stderr.startswith(f"coder: {project(layered)}, line 2, column 27: not valid JSON")
    assert done.stderr.endswith("Nothing was changed. Correct the file, then try again.\n")
    assert project(layered).read_text(encoding="utf-8") == broken


@pytest.mark.behaviour("B-614")
def test_values_that_are_nested_deeply_are_no_trouble(place: Place) -> None:
    deep = '{"a":' * 700 + "1" + "}" * 700
    put(user(place), f'{{"hooks": {deep}, "mine": {deep}}}')
    for args in (["list"], ["list", "--show-origin"], ["list", "--json"], ["get", "hooks"], ["set", "hooks", deep]):
        done = place.coder("config", *args)
        assert done.code in (0, 2)
        assert "Traceback" not in done.stderr


@pytest.mark.behaviour("B-614")
def test_without_a_home_nothing_is_written_and_it_is_said(place: Place) -> None:
    done = place.coder("config", "set", "model", "opus", env={"HOME": ""})
    assert done.code == 2
    assert done.stderr == (
        "coder: your settings cannot be written: HOME is not set. --project and --local write to this folder.\n"
    )


@pytest.mark.behaviour("B-616")
def test_a_value_that_is_set_without_effect_is_said_to_be(layered: Place) -> None:
    for args, why in (
        (["set", "model", "opus"], "overridden by "),
        (["add", "--project", "permissions.allow", "Edit"], "this folder is not trusted"),
        (["set", "--project", "permissions.defaultMode", "bypassPermissions"], "never taken from a project"),
        (["set", "plansDirectory", "x"], "this version does nothing with it"),
    ):
        done = layered.coder("config", *args)
        assert done.code == 0, done.stderr
        assert done.stdout.splitlines()[1].startswith(f"It has no effect: {why}")


@pytest.mark.behaviour("B-614")
def test_a_reader_that_leaves_and_a_terminal_without_unicode_are_no_error(place: Place) -> None:
    put(user(place), {"env": {"A_KEY": "x"}, "language": "日本語"})
    done = place.coder("config", "list", env={"PYTHONIOENCODING": "ascii"})
    assert done.code == 0, done.stderr
    assert "Traceback" not in done.stderr
