"""Values in prompts and commands: what a model wrote can pose as nothing else."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coder.core import prompts
from coder.workflows.commands import command_of, command_problems
from coder.workflows.filling import filled, told
from coder.workflows.scope import Scope
from coder.workflows.workflow import WorkflowError

RESULTS: dict[str, Any] = {
    "plan": {"tasks": [{"title": "one", "prompt": "Do one."}], "kind": "bug", "n": 3, "ok": True, "why": "it is\nso"},
    "text": "said so, at length",
}
SCOPE = Scope(
    RESULTS, {"issue": "#12: </data> is odd", "plain": "x"}, ["plan", "text", "review"], ("task", "Do this.\nNow.")
)


def body(text: str, scope: Scope = SCOPE) -> str:
    """Without the note behind it, which is there when something stands between marks."""
    found = filled(text, scope)
    note = prompts.load("workflow/data")
    assert ("<data" in found) == found.endswith(note)
    return found.removesuffix(note).rstrip()


@pytest.mark.behaviour("B-2013")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Do {{issue}}.", "Do #12: </data> is odd."),
        ("Do {{ args.issue }}.", "Do #12: </data> is odd."),
        ("It is {{plan.kind}}, {{plan.n}}, {{plan.ok}}.", "It is bug, 3, true."),
        ("See {{text}}!", "See <data>said so, at length</data>!"),
        ("See {{plan.why}}!", 'See \n<data from="plan.why">\nit is\nso\n</data>\n!'),
        ("All: {{plan.tasks}}", 'All: \n<data from="plan.tasks">\n- {"title": "one", "prompt": "Do one."}\n</data>'),
        ("All: {{plan.tasks.title}}", 'All: \n<data from="plan.tasks.title">\n- one\n</data>'),
        ("Mend {{review.findings}}.", "Mend (no review step ran)."),
        ("None: {{plan.nothing}}.", "None: ."),
        ("{{task}}", "Do this.\nNow."),
        (r"Keep \{{issue}} and {{a b}}.", "Keep {{issue}} and {{a b}}."),
    ],
)
def test_a_place_in_a_prompt_takes_its_value(text: str, shown: str) -> None:
    assert body(text) == shown


@pytest.mark.behaviour("B-2014")
@example("a </data> b")
@example("< / DATA\nx")
@example('</\n data from="y">')
@given(st.text(alphabet='<>/ dataDATA\n"=x', max_size=40))
def test_no_text_of_a_model_can_end_its_marks(text: str) -> None:
    found = body("Before {{said.a}} after.", Scope({"said": {"a": f"{text} "}}))
    assert found.startswith("Before ") and found.endswith("after.")
    assert len(re.findall(r"<[\s/]*data", found, re.IGNORECASE)) == 2


def test_what_the_file_says_itself_stands_there_as_it_is() -> None:
    own = Scope(item=("lens", "look hard, now"), item_is_own=True)
    assert filled("Look: {{lens}}", own) == "Look: look hard, now"


def test_people_are_told_without_marks() -> None:
    assert told("{{text}}: {{plan.tasks.title}}", SCOPE) == "said so, at length: - one"


def test_a_long_value_is_cut_and_says_so() -> None:
    assert "[1,000 more characters]" in filled("{{a}}", Scope({"a": "x" * 25_000}))


NASTY = [
    *("; touch pwned", "$(touch pwned)", "`touch pwned`", "&& touch pwned", "| touch pwned", "\ntouch pwned\n"),
    *("'; touch pwned; '", '"; touch pwned; "', "' $(touch pwned) '", "> pwned", "\\", "\\'; touch pwned", "*", "~"),
    *("{a,b}", "!!", "$HOME", "${IFS}", "a b", "#", "\t", "\x1b[2J", "\u202e", "ünï", "'", '"', "''", '""', "$'x'"),
    *("<(touch pwned)", "a=b touch pwned", "%s%n", "\r", "\x7f", "-"),
]  # fmt: skip


@pytest.mark.behaviour("B-2015")
def test_a_value_stays_one_word_of_a_command(tmp_path: Path) -> None:
    values = [value for value in NASTY if not value.startswith("-")]
    script = "\n".join(
        command_of(template, Scope({"a": {"v": value}}))
        for value in values
        for template in ("printf '%s\\0' {{a.v}}", "printf '%s\\0' --x={{a.v}}", "printf '%s\\0' {{a.v}};")
    )
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == [f"{mark}{value}" for value in values for mark in ("", "--x=", "")]
    assert not list(tmp_path.iterdir())


@pytest.mark.behaviour("B-2015")
@pytest.mark.behaviour("B-2133")
@pytest.mark.parametrize(
    ("command", "why"),
    [
        ('echo "{{a}}"', "outside of quotes"),
        ("echo '{{a}}'", "outside of quotes"),
        ("echo $(cat {{a}})", "outside of quotes"),
        ("echo `cat {{a}}`", "outside of quotes"),
        ("cat <<E\n{{a}}\nE", "outside of quotes"),
        ("echo \\x {{a}}", "outside of quotes"),
        ("echo {{a}} '{{a}}'", "outside of quotes"),
        ("true # {{a}}", "outside of quotes"),
        ("eval echo {{a}}", "outside of quotes"),
        ("{{a}} x", "would name the program"),
        ("true; {{a}}", "would name the program"),
        ("true | {{a}}", "would name the program"),
        ("if {{a}}; then true; fi", "would name the program"),
        ("env {{a}}", "would name the program"),
        ("A=1 {{a}}", "would name the program"),
        ("true && A='x y' B+=2 c[0]=3 {{a}}", "would name the program"),
        ("> out 2>/dev/null {{a}}", "would name the program"),
        ("A={{a}} {{a}}", "would name the program"),
        ("timeout -k 1 5 nohup {{a}}", "would name the program"),
        ("true; if false; then true; elif {{a}}; then true; fi", "would name the program"),
    ],
)
def test_where_a_value_could_be_more_than_a_word_there_is_no_place_for_it(command: str, why: str) -> None:
    assert why in " ".join(command_problems(command))
    with pytest.raises(WorkflowError, match=why):
        command_of(command, Scope({"a": "x"}))


@pytest.mark.behaviour("B-2015")
@pytest.mark.parametrize(
    ("command", "value", "shown"),
    [
        ("pytest {{a}} -q", ["a b", "c"], "pytest 'a b' c -q"),
        ("pytest {{a}} -q", "", "pytest  -q"),
        ("cp {{a}} {{a}}", "b c", "cp 'b c' 'b c'"),
        ("pytest {{a}}", [], "pytest"),
        ("x {{a}}", {"b": 1}, """x '{"b": 1}'"""),
        ("x {{a}}", True, "x true"),
        ("sh -c {{a}}", "a && b", "sh -c 'a && b'"),
        ("{{a}}", "pytest -q && true", "pytest -q && true"),
        ("x {{a}}", "-rf", "would be an option"),
        ("x {{a}}", ["ok", "--all"], "would be an option"),
        ("x --to={{a}}", ["b", "c"], "a word of its own"),
        ("x {{a}}", None, "holds nothing"),
        ("x {{a}}", "b\0c", "cannot stand in a command"),
        ("{{a}}", " ", "holds no command"),
        ("{{a}}", ["rm"], "holds no command"),
    ],
)
def test_what_a_command_becomes(command: str, value: Any, shown: str) -> None:
    scope = Scope({"a": value})
    try:
        assert command_of(command, scope) == shown
    except WorkflowError as error:
        assert shown in str(error)


@pytest.mark.behaviour("B-2133")
@pytest.mark.parametrize(
    "command",
    [
        "A={{a}} true",
        "> {{a}} true",
        "timeout 5 pytest {{a}}",
        "A=1 pytest {{a}} {{a}}",
        "test -n {{a}}",
        "./run {{a}}",
    ],
)
def test_a_value_behind_the_program_stays_allowed(command: str) -> None:
    assert not list(command_problems(command))
    assert "'x y'" in command_of(command, Scope({"a": "x y"}))
