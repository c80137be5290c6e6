"""Workflows from end to end: the real program, a scripted model, files on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.cli.main import run
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, rule, tool
from tests.support.repositories import Repository

SETTLED = ("--permission-mode", "acceptEdits")


def write(place: Place, name: str, text: str, *, project: bool = False) -> Path:
    folder = (place.project if project else place.home) / ".coder" / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.md"
    path.write_text(text, encoding="utf-8")
    return path


FLOW = """---
args: {what: {required: true}}
---
## look
Look at {{what}}.
```step
agent: Explore
out: {verdict: pass|fail, findings: [str]}
```
## tell
Tell of {{look.findings}}.
"""
MODEL = {
    "rules": [
        rule({"last_user_contains": "Look at"}, tool("Submit", verdict="pass", findings=["found"])),
        rule({"last_user_contains": "Tell of"}, "told"),
        rule({"last_user_contains": "What was it"}, "It was a workflow."),
    ]
}


@pytest.mark.behaviour("B-2054")
def test_a_line_that_names_a_workflow_runs_it_and_the_next_prompt_knows(place: Place) -> None:
    write(place, "mine", FLOW)
    with fake_api(MODEL) as api:
        done = place.coder("-p", "/mine a ship", "--output-format", "json", url=api.url)
        assert (done.code, done.result["result"], done.result["workflow"]["state"]) == (0, "told", "done")
        assert [step["step"] for step in done.result["workflow"]["steps"]] == ["look", "tell"]
        assert done.result["total_cost_usd"] == pytest.approx(done.result["workflow"]["usd"])
        assert len(api.requests) == 2, "running it costs no request of the conversation"
        assert "Look at a ship." in json.dumps(api.requests[0]["messages"])
        assert place.coder("-p", "-c", "What was it?", url=api.url).stdout == "It was a workflow.\n"
        told = json.dumps(api.requests[-1]["messages"])
        assert "/mine a ship" in told and "<workflow-result>\\ntold\\n</workflow-result>" in told
        api.check()


@pytest.mark.behaviour("B-2055")
def test_run_prints_the_result_and_tells_the_steps(place: Place) -> None:
    write(place, "mine", FLOW)
    with fake_api(MODEL) as api:
        done = place.coder("workflow", "run", "mine", "a", "ship", url=api.url)
    assert (done.code, done.stdout) == (0, "told\n")
    said = done.stderr.splitlines()
    assert said[0] == "coder: ▸ look (1 of 2)" and said[-1] == "coder: ✓ tell"


@pytest.mark.behaviour("B-2564")
def test_minutes_that_are_over_are_a_time_limit(place: Place) -> None:
    write(place, "mine", FLOW.replace("\n---\n", "\nbudget: {minutes: 0.0001}\n---\n", 1))
    with fake_api(MODEL) as api:
        done = place.coder("workflow", "run", "mine", "a", "ship", url=api.url)
    assert done.code == 124 and "(budget.minutes), and they are over" in done.stderr
    assert done.stderr.count("Go on with: coder workflow run mine --resume") == 1 and "coder -p" not in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nothere"], "there is no workflow 'nothere'"),
        (["mine"], "The workflow mine needs what"),
        (["mine", "ship", "--arg", "size=2"], "has no argument 'size': it has what"),
        (["mine", "ship", "--nope"], "unknown flag --nope"),
        (["broken"], "The workflow broken cannot run: "),
    ],
)
def test_what_cannot_be_begun_says_why(
    place: Place, args: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place, "mine", FLOW)
    write(place, "broken", "## a\nA.\n```step\nnext: nowhere\n```\n")
    monkeypatch.setenv("HOME", str(place.home))
    monkeypatch.chdir(place.project)
    code, (out, err) = run(["workflow", "run", *args]), capsys.readouterr()
    assert code == 2 and said in err and err.count("\n") == 1 and not out


APPROVED = "## plan\nPlan.\n## publish\nPublish.\n```step\napprove: Publish it?\n```\n"


@pytest.mark.behaviour("B-2056")
def test_a_step_that_waits_for_a_person_ends_with_77_and_goes_on_with_their_yes(place: Place) -> None:
    write(place, "mine", APPROVED)
    rules = [rule({"last_user_contains": "Plan"}, "plan"), rule({"last_user_contains": "Publish"}, "published")]
    with fake_api({"rules": rules}) as api:
        done = place.coder("workflow", "run", "mine", "--output-format", "json", url=api.url)
        about = done.result["workflow"]
        assert (done.code, about["state"], about["where"], done.result["is_error"]) == (77, "waiting", "publish", True)
        assert about["resume"] == f"coder workflow run mine --resume {done.result['session_id']} --approve publish"
        done = place.coder(*about["resume"].split()[1:], url=api.url)
        assert (done.code, done.stdout, len(api.requests)) == (0, "published\n", 2)
        assert "✓ plan: kept from before; plan" in done.stderr


@pytest.mark.behaviour("B-2057")
def test_a_workflow_of_the_project_runs_unasked_only_where_that_was_agreed_to(place: Place) -> None:
    write(place, "theirs", "## a\nTell of it.\n```step\ngate: {run: touch ran}\n```\n", project=True)
    with fake_api({"rules": [rule({}, "told")]}) as api:
        done = place.coder("workflow", "run", "theirs", url=api.url)
        assert done.code != 0 and "nobody has said yes to it yet" in done.stderr and not api.requests, done
        done = place.coder("workflow", "run", "theirs", "--trust-folder", url=api.url)
        assert done.code == 1 and "the check `touch ran` was not run" in done.stderr, "trusting it allows no command"
        assert not (place.project / "ran").exists()


INJECTED = "$(touch injected); `touch injected` && 'touch injected\n; touch injected"


@pytest.mark.behaviour("B-2058")
def test_what_is_given_to_a_command_stays_one_word_of_it(place: Place) -> None:
    write(place, "mine", '---\nargs: {x: {}}\n---\n## a\nA.\n```step\ngate: {run: "printf %s {{x}} > said"}\n```\n')
    with fake_api({"rules": [rule({}, "ok")]}) as api:
        flags = ("--permission-mode", "bypassPermissions")
        done = place.coder("workflow", "run", "mine", "--arg", f"x={INJECTED}", *flags, url=api.url)
    assert done.code == 0, done
    assert (place.project / "said").read_text() == INJECTED and not (place.project / "injected").exists()


@pytest.mark.behaviour("B-2059")
def test_a_value_that_does_not_fit_is_sent_back_once_and_then_fails_the_step(place: Place) -> None:
    write(place, "mine", FLOW.split("## tell")[0])
    rules = [
        rule({"last_tool": "Submit"}, tool("Submit", verdict="perhaps")),
        rule({}, tool("Submit", verdict="maybe")),
    ]
    with fake_api({"rules": rules}) as api:
        done = place.coder("workflow", "run", "mine", "ship", "--output-format", "json", url=api.url)
    about = done.result["workflow"]
    assert (done.code, len(api.requests), about["where"]) == (1, 2, "look") and "verdict" in about["why"], done


MERGED = """## work
Change {{what.file}}: {{what.text}}
```step
each: {of: plan.tasks, as: what}
parallel: 3
isolate: worktree
merge: sequential
on_fail: {then: next}
```
"""
TASKS = [{"file": "a.txt", "text": "one"}, {"file": "b.txt", "text": "two"}, {"file": "a.txt", "text": "three"}]


@pytest.mark.behaviour("B-2046")
def test_writers_side_by_side_are_merged_and_a_conflict_keeps_its_branch(place: Place) -> None:
    repository = Repository.shop(place)
    for name in ("a.txt", "b.txt"):
        repository.write(name, "zero\n")
    repository.commit("files")
    plan = "## plan\nPlan.\n```step\nout: {tasks: [{file: path, text: str}]}\n```\n"
    write(place, "mine", plan + MERGED)
    rules = [
        rule({"last_tool": "Bash"}, "changed"),
        rule({"last_user_contains": "Plan."}, tool("Submit", tasks=TASKS)),
        *(
            rule(
                {"last_user_contains": f"Change {task['file']}: {task['text']}"},
                tool("Bash", command=f"echo {task['text']} > {task['file']}"),
            )
            for task in TASKS
        ),
    ]
    with fake_api({"rules": rules}) as api:
        flags = ("--permission-mode", "bypassPermissions", "--output-format", "json")
        done = place.coder("workflow", "run", "mine", *flags, url=api.url)
    about = done.result["workflow"]
    assert about["state"] == "done", done
    assert (place.project / "b.txt").read_text() == "two\n" and (place.project / "a.txt").read_text() == "one\n"
    assert len(about["unmerged"]) == 1 and "a.txt" in about["steps"][1]["why"]
    assert about["unmerged"][0] in repository.git("branch", "--list", "coder/*")


@pytest.mark.behaviour("B-2047")
def test_the_money_of_a_file_is_not_passed_by_fan_out(place: Place) -> None:
    text = (
        "---\nbudget: {usd: 0.08, agents: 20}\n---\n## work\nDo {{n}}.\n```step\neach: {items: [1, 2, 3, 4], as: n}\n"
    )
    write(place, "mine", f"{text}parallel: 4\n```\n")
    usage = {"input_tokens": 10, "output_tokens": 3_000}
    with fake_api({"rules": [rule({}, "done", usage=usage)]}) as api:
        done = place.coder("workflow", "run", "mine", "--output-format", "json", url=api.url)
    about = done.result["workflow"]
    assert (done.code, about["state"]) == (1, "budget") and about["why"].startswith("Budget reached"), done
    assert 0 < done.result["total_cost_usd"] <= 0.08
