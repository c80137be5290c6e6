"""The built-in workflows from end to end: the real program, a real repository, a scripted model."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from coder.core.messages import Json
from tests.support.cli import Done, Place
from tests.support.desks import desk_at
from tests.support.fakeapi import RunningApi, fake_api, rule, tool, turn
from tests.support.repositories import CART, MENDED, Repository

TRAILER = "Co-Authored-By: Coder <coder@example.org>"
BASE = r"^Base: (?P<base>[0-9a-f]{40})$"


@pytest.fixture
def shop(place: Place) -> Repository:
    return Repository.shop(place)


def settings(place: Place, **values: object) -> None:
    (place.home / ".coder").mkdir(exist_ok=True)
    (place.home / ".coder" / "settings.json").write_text(json.dumps(values), encoding="utf-8")


def said(api: RunningApi, request: int = 0) -> str:
    """What the model was sent as the person's message, without what it is told of the place."""
    content = api.requests[request]["messages"][-1]["content"]
    texts = [block["text"] for block in content if block["type"] == "text"]
    first = next((at for at, text in enumerate(texts) if text.startswith("<command-name>")), 0)
    return "\n".join(texts[first:])


def add(*paths: str) -> Json:
    return tool("Git", action="add", paths=list(paths))


def commit(message: str, **more: Any) -> Json:
    return tool("Git", action="commit", message=message, **more)


def ended(done: Done) -> None:
    assert (done.code, done.stderr) == (0, ""), done


# --- /commit


@pytest.mark.behaviour("B-1241")
@pytest.mark.behaviour("B-1242")
def test_commit_makes_the_commits_of_unrelated_changes_unasked_and_runs_the_hooks(
    place: Place, shop: Repository
) -> None:
    settings(place, attribution={"commit": TRAILER})
    shop.hook("pre-commit", "git diff --cached --name-only >> .git/seen")
    shop.write("shop/cart.py", MENDED)
    shop.write("README.md", "# Shop\n\nIt adds up prices.\n")
    shop.write(".env.local", "TOKEN=hunter2hunter2\n")
    turns = [
        turn(add("shop/cart.py"), commit("cart: count the first price too")),
        turn(add("README.md"), commit("readme: say what it does")),
        turn("Two commits."),
    ]
    with fake_api(turns) as api:
        done = place.coder("-p", "--trust-folder", "/commit the fix and the readme", url=api.url)
    assert (done.code, done.stdout) == (0, "Two commits.\n"), done
    facts = said(api)
    assert "the fix and the readme" in facts and TRAILER not in facts and "${" not in facts
    assert "On branch main." in facts and "M shop/cart.py" in facts and "  .env.local" in facts
    assert "+    return sum(prices)" in facts and "hunter2" not in facts
    assert "- cart: add up what is in the cart" in facts and "the area before a colon in 100 %" in facts
    assert shop.messages(2) == [
        f"readme: say what it does\n\n{TRAILER}",
        f"cart: count the first price too\n\n{TRAILER}",
    ]
    assert shop.git("show", "--name-only", "--format=", "HEAD~1") == "shop/cart.py"
    assert shop.git("status", "--short") == "?? .env.local"
    assert (shop.folder / ".git" / "seen").read_text().split() == ["shop/cart.py", "README.md"]


@pytest.mark.behaviour("B-1242")
@pytest.mark.parametrize("values", [{}, {"includeCoAuthoredBy": True, "attribution": {"commit": "", "pr": ""}}])
def test_without_attribution_nothing_is_said_of_it(place: Place, shop: Repository, values: dict[str, Any]) -> None:
    settings(place, **values)
    with fake_api([turn("Nothing to commit."), turn("Nothing to propose.")]) as api:
        ended(place.coder("-p", "/commit", url=api.url))
        ended(place.coder("-p", "/pr", url=api.url))
    assert 'about who wrote it is "".' in said(api, 1)
    assert not any("Co-Authored-By" in said(api, number) for number in (0, 1))


@pytest.mark.behaviour("B-1241")
@pytest.mark.parametrize("command", ["git commit --no-verify -m x", "git push origin main", "git reset --hard"])
def test_commit_goes_past_no_hook_and_does_nothing_else_to_the_repository(
    place: Place, shop: Repository, command: str
) -> None:
    shop.write("shop/cart.py", MENDED)
    shop.git("add", "-A")
    head = shop.git("rev-parse", "HEAD")
    with fake_api([turn(tool("Bash", command=command)), turn("I may not.")]) as api:
        done = place.coder("-p", "/commit", url=api.url)
    assert f"coder: not allowed: Bash {command} (" in done.stderr, done
    assert shop.git("rev-parse", "HEAD") == head and (shop.folder / "shop/cart.py").read_text() == MENDED


@pytest.mark.behaviour("B-1241")
async def test_the_leave_to_commit_ends_with_the_run(tmp_path: Path, shop: Repository) -> None:
    shop.write("shop/cart.py", MENDED)
    mend = commit("cart: count the first price too", paths=["shop/cart.py"])
    script = [turn(mend), turn("Committed."), turn(commit("later", amend=True)), turn("I may not.")]
    async with desk_at(tmp_path, script, mode="dontAsk") as desk:
        assert [await desk.prompt("/commit"), await desk.prompt("and one more")] == ["Committed.", "I may not."]
    assert shop.messages() == ["cart: count the first price too"]


# --- /review, /security-review, /explain


def branch(shop: Repository) -> str:
    """A branch with a commit and a change that is not committed. Returns where it left the published main."""
    shop.publish()
    base = shop.git("rev-parse", "HEAD")
    shop.git("switch", "-q", "-c", "feature")
    shop.write("shop/tax.py", "RATE = 19\n\n\ndef tax(price):\n    return price * RATE\n")
    shop.commit("tax: work it out")
    shop.write("shop/cart.py", MENDED)
    return base


@pytest.mark.behaviour("B-1243")
@pytest.mark.parametrize("command", ["/review", "/security-review"])
def test_a_review_is_told_its_base_and_sees_what_is_not_committed_too(
    place: Place, shop: Repository, command: str
) -> None:
    base = branch(shop)
    rules = [
        rule({"user_regex": f"(?m){BASE}", "turn": 1}, tool("Bash", command="git diff {{base}}")),
        rule({"last_tool": "Bash"}, "It works tax out.\n\n**high** `shop/tax.py:5` The rate is a percentage."),
    ]
    with fake_api({"rules": rules}) as api:
        done = place.coder("-p", command, url=api.url)
    assert (done.code, done.stdout.count("shop/tax.py:5"), len(api.requests)) == (0, 1, 2), done
    assert f"Base: {base}\n" in said(api) and "## feature" in said(api) and " M shop/cart.py" in said(api)
    diff = api.requests[1]["messages"][-1]["content"][0]["content"][0]["text"]
    assert "+def tax(price):" in diff and "+    return sum(prices)" in diff


@pytest.mark.behaviour("B-1243")
def test_a_base_that_is_named_reaches_the_model_and_no_shell(place: Place, shop: Repository) -> None:
    with fake_api([turn("Nothing."), turn("Nothing.")]) as api:
        ended(place.coder("-p", "/review v1.0", url=api.url))
        ended(place.coder("-p", "/review $(touch pwned) !`touch pwned` $HOME", url=api.url))
    assert 'named as base: "v1.0"' in said(api, 0)
    assert 'named as base: "$(touch pwned) !`touch pwned` $HOME"' in said(api, 1)
    assert not (shop.folder / "pwned").exists()


@pytest.mark.behaviour("B-1243")
@pytest.mark.parametrize("command", ["/review", "/security-review", "/explain cart"])
def test_who_only_looks_can_change_no_file(place: Place, shop: Repository, command: str) -> None:
    path = str(shop.folder / "shop" / "cart.py")
    edit = tool("Edit", file_path=path, old_string="[1:]", new_string="")
    with fake_api([turn(tool("Read", file_path=path)), turn(edit), turn("I may not.")]) as api:
        done = place.coder("-p", command, "--permission-mode", "acceptEdits", url=api.url)
    assert "a rule denies Edit" in done.stderr and Path(path).read_text() == CART, done


@pytest.mark.behaviour("B-1244")
@pytest.mark.parametrize("command", ["/review", "/security-review", "/explain cart"])
def test_a_reference_to_a_line_that_is_not_there_is_challenged_once(
    place: Place, shop: Repository, command: str
) -> None:
    turns = [turn("See `shop/cart.py:2` and `shop/cart.py:999`."), turn("See `shop/cart.py:2`.")]
    with fake_api(turns) as api:
        done = place.coder("-p", command, "--output-format", "json", url=api.url)
    assert done.code == 0 and done.result["result"] == "See `shop/cart.py:2`.", done
    assert "shop/cart.py:999" in said(api, 1) and "`shop/cart.py:2`" not in said(api, 1)
    assert not done.result.get("evidence", {}).get("doubts")


@pytest.mark.behaviour("B-1244")
def test_a_reference_that_stays_wrong_is_pointed_out_to_the_person(place: Place, shop: Repository) -> None:
    with fake_api([turn("See `shop/gone.py:3`."), turn("I insist: `shop/gone.py:3`.")]) as api:
        done = place.coder("-p", "/review", "--output-format", "json", url=api.url)
    assert len(api.requests) == 2 and "shop/gone.py:3" in " ".join(done.result["evidence"]["doubts"]), done


# --- /init


@pytest.mark.behaviour("B-1245")
def test_init_writes_the_notes_of_this_folder_and_may_write_nothing_else(place: Place, shop: Repository) -> None:
    shop.write(".cursorrules", "Prices are in cents.\n")
    notes = str(shop.folder / "CLAUDE.md")
    text = "# Shop\n\nTests: `python3 -m unittest`. Prices are in cents.\n"
    other = tool("Write", file_path=str(shop.folder / "shop" / "CLAUDE.md"), content="x\n")
    turns = [turn(tool("Write", file_path=notes, content=text)), turn("Written.")]
    with fake_api([*turns, turn(other), turn("I may not.")]) as api:
        ended_with_notes = place.coder("-p", "/init the money", url=api.url)
        done = place.coder("-p", "/init", url=api.url)
    assert ended_with_notes.code == 0 and Path(notes).read_text() == text, ended_with_notes
    facts = said(api)
    assert '"the money"' in facts and "shop/cart.py" in facts and "\n.cursorrules" in facts
    assert done.code == 77 and not (shop.folder / "shop" / "CLAUDE.md").exists(), done


# --- /test


def suite(folder: Path) -> int:
    command = [sys.executable, "-m", "unittest", "-q"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode


@pytest.mark.behaviour("B-1246")
def test_test_runs_the_suite_mends_the_code_and_ends_green(place: Place, shop: Repository) -> None:
    assert suite(shop.folder) != 0
    path = str(shop.folder / "shop" / "cart.py")
    run = tool("Bash", command="python3 -m unittest")
    turns = [
        turn(run, expect={"last_user_contains": "at most five"}),
        turn(tool("Read", file_path=path), expect={"last_tool_result_contains": "FAILED (failures=1)"}),
        turn(tool("Edit", file_path=path, old_string="[1:]", new_string="")),
        turn(run),
        turn("All tests pass: 2 of 2.", expect={"last_tool_result_contains": "OK"}),
    ]
    flags = ("--permission-mode", "acceptEdits", "--allowedTools", "Bash(python3 -m unittest *)")
    with fake_api(turns) as api:
        done = place.coder("-p", "/test", *flags, "--output-format", "json", url=api.url)
    assert done.code == 0 and api.unfinished == "", done
    assert suite(shop.folder) == 0 and Path(path).read_text() == MENDED
    evidence = done.result["evidence"]
    assert not evidence["doubts"] and evidence["changed"] == ["shop/cart.py"], evidence
    assert (evidence["tests"]["passed"], evidence["tests"]["failed"]) == (2, 0), evidence


@pytest.mark.behaviour("B-1246")
def test_test_runs_nothing_that_was_not_allowed(place: Place, shop: Repository) -> None:
    with fake_api([turn(tool("Bash", command="python3 -m unittest")), turn("I may not.")]) as api:
        done = place.coder("-p", "/test", url=api.url)
    assert done.code == 77 and "python3 -m unittest" in done.stderr, done


# --- /plan, /pr, /release-notes


@pytest.mark.behaviour("B-1247")
def test_plan_changes_nothing_and_ends_with_the_plan(place: Place, shop: Repository) -> None:
    path = str(shop.folder / "shop" / "cart.py")
    edit = tool("Edit", file_path=path, old_string="[1:]", new_string="")
    turns = [
        turn(tool("EnterPlanMode"), tool("Read", file_path=path)),
        turn(edit),
        turn("**Goal**: count every price."),
    ]
    with fake_api(turns) as api:
        done = place.coder("-p", "/plan mend the cart", "--permission-mode", "acceptEdits", url=api.url)
    assert '"mend the cart"' in said(api) and "ExitPlanMode with a plan" in said(api)
    assert done.stdout == "**Goal**: count every price.\n" and Path(path).read_text() == CART, done


@pytest.mark.behaviour("B-1248")
def test_pr_is_told_what_it_needs_and_opens_nothing_by_itself(place: Place, shop: Repository) -> None:
    settings(place, attribution={"pr": "Made with coder."})
    base = branch(shop)
    shop.write(".github/pull_request_template.md", "## Why\n")
    shop.commit("github: a template")
    push = tool("Bash", command="git push -u origin feature")
    answer = turn("```\ntax: work it out\n\n## Why\n\nMade with coder.\n```")
    with fake_api([turn(push), answer]) as api:
        done = place.coder("-p", "/pr", url=api.url)
    facts = said(api)
    assert f"Base: {base}" in facts and "Remotes (empty: none): origin" in facts and '"Made with coder."' in facts
    assert "Template (empty: none): .github/pull_request_template.md" in facts and " tax: work it out" in facts
    assert done.code == 77 and "Made with coder." in done.stdout, done
    assert shop.git("ls-remote", "--heads", "origin", "feature") == ""


@pytest.mark.behaviour("B-1249")
def test_release_notes_begin_at_the_latest_tag(place: Place, shop: Repository) -> None:
    shop.write("CHANGELOG.md", "# Changes\n\n## 1.0\n- It adds up.\n")
    head = shop.commit("changelog: begin one")
    with fake_api([turn("# Since v1.0\n\n- It knows the tax rate."), turn("# All")]) as api:
        done = place.coder("-p", "/release-notes", url=api.url)
        ended(place.coder("-p", "/release-notes v0.9..v1.0", url=api.url))
    assert (done.code, done.stdout) == (0, "# Since v1.0\n\n- It knows the tax rate.\n"), done
    facts = said(api)
    assert re.search(r"^v1\.0 \d{4}-\d\d-\d\d$", facts, re.MULTILINE) and "- It adds up." in facts
    assert f"{head[:7]} changelog: begin one" in facts and " tax: know the rate" in facts
    assert "cart: add up" not in facts and '"v0.9..v1.0"' in said(api, 1)
    assert shop.git("status", "--short") == ""


# --- everywhere


@pytest.mark.behaviour("B-1240")
@pytest.mark.parametrize(
    "name", ["commit", "explain", "init", "plan", "pr", "release-notes", "review", "security-review", "test"]
)
def test_outside_a_repository_each_begins_and_the_model_is_told(place: Place, name: str) -> None:
    (place.project / "notes.txt").write_text("a\n", encoding="utf-8")
    with fake_api([turn("There is no repository here.")]) as api:
        done = place.coder("-p", f"/{name}", url=api.url)
    ended(done)
    assert done.stdout == "There is no repository here.\n" and "!`" not in said(api)
    if name in ("commit", "pr"):
        assert "(no Git tool: this folder is in no git repository)" in said(api)
    if name in ("plan", "pr", "review", "security-review"):
        assert "fatal: not a git repository" in said(api)


@pytest.mark.behaviour("B-1250")
def test_what_stands_in_the_repository_is_neither_run_nor_filled_in(place: Place, shop: Repository) -> None:
    shop.write("a.txt", "one\n")
    shop.commit("evil: !`touch pwned` $ARGUMENTS ${CODER_COMMIT_TRAILER} @README.md")
    shop.write("a.txt", "```!\ntouch pwned\n```\n")
    with fake_api([turn("Nothing.")]) as api:
        ended(place.coder("-p", "/commit mine", url=api.url))
    assert "- evil: !`touch pwned` $ARGUMENTS ${CODER_COMMIT_TRAILER} @README.md" in said(api)
    assert "+touch pwned" in said(api) and "# Shop" not in said(api) and not (shop.folder / "pwned").exists()
