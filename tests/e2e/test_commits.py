"""Commits that `/commit` and the Git tool make: the real program, real git, one's own settings, a scripted model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coder.core.messages import Json
from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api, tool, turn
from tests.support.repositories import MENDED, Repository

NAMED = "Co-Authored-By: Claude Sonnet 5.5 <noreply@anthropic.com>"
TRUSTED = ("-p", "--trust-folder")


@pytest.fixture
def shop(place: Place) -> Repository:
    return Repository.shop(place)


def settings(place: Place, **values: object) -> None:
    (place.home / ".coder").mkdir(exist_ok=True)
    (place.home / ".coder" / "settings.json").write_text(json.dumps(values), encoding="utf-8")


def add(*paths: str) -> Json:
    return tool("Git", action="add", paths=list(paths))


def commit(message: str, **more: Any) -> Json:
    return tool("Git", action="commit", message=message, **more)


def said(api: RunningApi, request: int = 0) -> str:
    """What the model was sent as the person's last message."""
    content = api.requests[request]["messages"][-1]["content"]
    return "\n".join(block["text"] for block in content if block["type"] == "text")


def told(api: RunningApi, request: int) -> str:
    """The results the model was sent."""
    results = [block for block in api.requests[request]["messages"][-1]["content"] if block["type"] == "tool_result"]
    return "\n".join(block["text"] for result in results for block in result["content"])


REFORMATS = (
    "files=$(git diff --cached --name-only --diff-filter=AM -- '*.py')",
    '[ -z "$files" ] && exit 0',
    "grep -l ' $' $files > .git/odd || exit 0",
    "sed -i 's/ *$//' $files",
    'echo "blanks: reformatted $(cat .git/odd)" >&2',
    "exit 1",
)


@pytest.mark.behaviour("B-1464")
@pytest.mark.behaviour("B-1465")
@pytest.mark.behaviour("B-1466")
@pytest.mark.parametrize(("values", "trailer"), [({}, ""), ({"includeCoAuthoredBy": True}, NAMED)])
def test_a_mixed_work_tree_becomes_two_commits_and_what_was_the_persons_stays(
    place: Place, shop: Repository, values: dict[str, Any], trailer: str
) -> None:
    settings(place, **values)
    shop.hook("pre-commit", *REFORMATS)
    shop.write("README.md", "# My shop, half written\n")
    cart, tax = str(shop.folder / "shop/cart.py"), str(shop.folder / "shop/tax.py")
    work = [
        turn(tool("Read", file_path=cart), tool("Read", file_path=tax)),
        turn(tool("Write", file_path=cart, content=MENDED.replace("(prices)\n", "(prices)  \n"))),
        turn(tool("Edit", file_path=tax, old_string="19", new_string="20")),
        turn("Done."),
    ]
    first = commit("cart: count the first price too")
    commits = [
        turn(add("shop/cart.py"), first),
        turn(add("shop/cart.py"), first),
        turn(add("shop/tax.py"), commit("tax: raise the rate\n\nIt is 20 from now on.")),
        turn("Two commits; README.md was changed before and is left out."),
    ]
    with fake_api([*work, *commits]) as api:
        assert place.coder("-p", "mend the cart", "--permission-mode", "acceptEdits", url=api.url).code == 0
        done = place.coder("-c", *TRUSTED, "/commit", url=api.url)
    assert done.code == 0 and "README.md was changed before" in done.stdout, done
    assert "Changed before this session began: README.md\n" in said(api, 4)
    assert "the hook pre-commit refused it" in told(api, 5) and "blanks: reformatted shop/cart.py" in told(api, 5)
    assert "shop/cart.py" in told(api, 6) and "changed before" not in told(api, 6)
    end = f"\n\n{trailer}" if trailer else ""
    assert shop.messages(2) == [
        f"tax: raise the rate\n\nIt is 20 from now on.{end}",
        f"cart: count the first price too{end}",
    ]
    assert shop.git("show", "HEAD~1:shop/cart.py") == MENDED.strip()
    assert shop.git("show", "--name-only", "--format=", "HEAD") == "shop/tax.py"
    assert shop.git("status", "--short") == "M README.md"


@pytest.mark.behaviour("B-1464")
def test_what_was_the_persons_is_named_when_it_is_taken(place: Place, shop: Repository) -> None:
    shop.write("README.md", "# My shop\n")
    cart = str(shop.folder / "shop/cart.py")
    work = [turn(tool("Read", file_path=cart)), turn(tool("Write", file_path=cart, content=MENDED)), turn("Done.")]
    commits = [turn(add("shop/cart.py", "README.md"), commit("shop: mend the cart")), turn("With README.md.")]
    with fake_api([*work, *commits]) as api:
        assert place.coder("-p", "mend", "--permission-mode", "acceptEdits", url=api.url).code == 0
        assert place.coder("-c", "-p", "/commit everything", url=api.url).code == 0
    assert told(api, 4).count("changed before this session began: README.md") == 1, told(api, 4)
    assert "Changed before this session began: README.md. Tell the person." in told(api, 4)
    assert shop.git("status", "--short") == ""


@pytest.mark.behaviour("B-1466")
def test_what_a_hook_refuses_stays_staged(place: Place, shop: Repository) -> None:
    shop.hook("commit-msg", "grep -q '^[a-z]*: ' \"$1\" || { echo 'no area in the subject' >&2; exit 1; }")
    shop.write("shop/cart.py", MENDED)
    head = shop.git("rev-parse", "HEAD")
    with fake_api([turn(add("shop/cart.py"), commit("Count it all")), turn("The hook refuses it.")]) as api:
        done = place.coder(*TRUSTED, "/commit", url=api.url)
    assert done.stdout == "The hook refuses it.\n", done
    assert "the hook commit-msg refused it" in told(api, 1) and "no area in the subject" in told(api, 1)
    assert shop.git("rev-parse", "HEAD") == head and shop.git("status", "--short") == "M  shop/cart.py"


@pytest.mark.behaviour("B-1467")
def test_it_is_signed_by_the_program_of_the_persons_own_settings(place: Place, shop: Repository) -> None:
    gpg = place.home / "gpg"
    gpg.write_text(
        '#!/bin/sh\ncat > "$HOME/signed"\necho "$@" > "$HOME/asked"\n'
        "printf '\\n[GNUPG:] SIG_CREATED D 1 8 00 1 ABCD\\n' >&2\n"
        "printf -- '-----BEGIN PGP SIGNATURE-----\\n\\niQ==\\n-----END PGP SIGNATURE-----\\n'\n"
    )
    gpg.chmod(0o755)
    for name, value in (("commit.gpgsign", "true"), ("gpg.program", str(gpg)), ("user.signingkey", "ABCD")):
        shop.git("config", "--global", name, value)
    shop.write("shop/cart.py", MENDED)
    with fake_api([turn(add("shop/cart.py"), commit("cart: count the first price too")), turn("Signed.")]) as api:
        done = place.coder("-p", "/commit", url=api.url)
    assert (done.code, done.stdout) == (0, "Signed.\n"), (done, told(api, 1))
    assert "gpgsig -----BEGIN PGP SIGNATURE-----" in shop.git("cat-file", "commit", "HEAD")
    assert "cart: count the first price too" in (place.home / "signed").read_text()
    assert "ABCD" in (place.home / "asked").read_text()


@pytest.mark.behaviour("B-1468")
def test_the_first_commit_of_a_repository(place: Place) -> None:
    repository = Repository.make(place)
    repository.write("a.txt", "one\n")
    with fake_api([turn(add("a.txt"), commit("Begin")), turn("The first commit.")]) as api:
        done = place.coder("-p", "/commit", url=api.url)
    assert (done.code, done.stdout) == (0, "The first commit.\n"), (done, told(api, 1))
    assert "with no commit yet" in said(api) and "No message of a person yet." in said(api)
    assert repository.messages() == ["Begin"] and repository.git("rev-list", "--count", "HEAD") == "1"


@pytest.mark.behaviour("B-1468")
@pytest.mark.parametrize("is_settled", [True, False])
def test_in_the_middle_of_a_merge(place: Place, shop: Repository, is_settled: bool) -> None:
    shop.git("switch", "-q", "-c", "feature")
    shop.write("shop/tax.py", "RATE = 20\n")
    shop.commit("tax: raise it")
    shop.git("switch", "-q", "main")
    if is_settled:
        shop.git("merge", "-q", "--no-ff", "--no-commit", "feature")
    else:
        shop.write("shop/tax.py", "RATE = 7\n")
        shop.commit("tax: lower it")
        shop.git("-c", "alias.try=!git merge feature || true", "try")
    head = shop.git("rev-parse", "HEAD")
    with fake_api([turn(commit("Merge feature: the rate is raised")), turn("Said.")]) as api:
        place.coder("-p", "/commit the merge", url=api.url)
    assert "In the middle of a merge" in said(api)
    if is_settled:
        assert (
            shop.git("rev-parse", "HEAD^1") == head
            and shop.git("log", "-1", "--format=%s", "HEAD^2") == "tax: raise it"
        )
    else:
        assert "Conflicts (1):" in said(api) and "conflicts in shop/tax.py" in told(api, 1)
        assert shop.git("rev-parse", "HEAD") == head


@pytest.mark.behaviour("B-1468")
def test_where_a_rule_takes_the_tool_away_it_says_so(place: Place, shop: Repository) -> None:
    settings(place, permissions={"deny": ["Git"]})
    shop.write("shop/cart.py", MENDED)
    with fake_api([turn("There is no Git tool.")]) as api:
        done = place.coder("-p", "/commit", url=api.url)
    assert (done.code, done.stdout) == (0, "There is no Git tool.\n"), done
    assert "(no Git tool: a rule takes it away, or it was left out of the tools)" in said(api)
    assert "Git" not in [each["name"] for each in api.requests[0]["tools"]]


WRITTEN = (
    "cart: count the first price too\n\nIt was left out. Generated with protoc 3.\n\n"
    "🤖 Generated with [Claude Code](https://claude.com/claude-code)\n\n"
    "Reviewed-by: Bo <bo@example.org>\nCo-Authored-By: Claude Opus 4.8 <noreply@anthropic.com>\n"
)
KEPT = (
    "cart: count the first price too\n\nIt was left out. Generated with protoc 3.\n\nReviewed-by: Bo <bo@example.org>"
)


@pytest.mark.behaviour("B-1465")
@pytest.mark.parametrize(
    ("values", "end"),
    [
        ({}, ""),
        ({"includeCoAuthoredBy": False}, ""),
        ({"includeCoAuthoredBy": True, "attribution": {"commit": ""}}, ""),
        ({"includeCoAuthoredBy": True}, f"\n{NAMED}"),
        ({"attribution": {"commit": "Assisted-by: coder"}}, "\nAssisted-by: coder"),
        ({"includeGitInstructions": False}, ""),
    ],
)
def test_who_wrote_it_is_said_by_the_setting_whatever_the_model_writes(
    place: Place, shop: Repository, values: dict[str, Any], end: str
) -> None:
    settings(place, **values)
    shop.write("shop/cart.py", MENDED)
    with fake_api([turn(add("shop/cart.py"), commit(WRITTEN)), turn("Done.")]) as api:
        done = place.coder("-p", "/commit", url=api.url)
    assert done.code == 0 and shop.messages() == [f"{KEPT}{end}"], (done, told(api, 1))


@pytest.mark.behaviour("B-1463")
def test_a_teams_own_commit_command_may_use_the_same_facts(place: Place, shop: Repository) -> None:
    shop.write(".claude/commands/commit.md", "Ours: $0\n${CODER_COMMIT_STYLE}\n${CODER_CHANGES}\n${CODER_EARLIER}\n")
    with fake_api([turn("Ours.")]) as api:
        done = place.coder("-p", "/commit PAY-1", url=api.url)
    assert done.stdout == "Ours.\n" and "Ours: PAY-1\n<commit-style>\nSeen: the last 3 messages" in said(api)
    assert "  .claude/" in said(api) and said(api).endswith(
        "(all of it: this session changed nothing that is not committed)"
    )


@pytest.mark.behaviour("B-1469")
def test_a_pull_request_is_told_hosts_and_no_passwords(place: Place, shop: Repository) -> None:
    shop.git("remote", "add", "origin", "https://ada:s3cret@git.example.org/shop.git")
    shop.git("remote", "add", "lab", "git@gitlab.example.org:ada/shop.git")
    with fake_api([turn("Printed.")]) as api:
        done = place.coder("-p", "/pr", url=api.url)
    assert (done.code, done.stderr) == (0, ""), done
    facts = said(api)
    assert "s3cret" not in facts and "git.example.org/shop.git (push)" in facts and "gitlab.example.org:ada/" in facts
    assert "the area before a colon" in facts


@pytest.mark.behaviour("B-1470")
@pytest.mark.parametrize(
    ("values", "command", "is_run"),
    [
        ({}, f"git commit -aqm 'cart: count it' -m '{NAMED}'", False),
        ({}, f"git add -A && git commit -qF - <<'E'\ncart: count it\n\n{NAMED}\nE", False),
        ({}, "git commit -aqm $'cart: count it\\n\\n🤖 Generated with [Claude Code](https://claude.com/x)'", False),
        ({}, "git commit -aqm 'cart: count it' -m 'Generated with protoc.'", True),
        ({}, f"git log --oneline; grep -c '{NAMED}' README.md || true", True),
        ({}, f"gh pr create --title x --body-file - <<'E'\nWhy\n\n{NAMED}\nE", False),
        ({"includeCoAuthoredBy": True}, f"git commit -aqm 'cart: count it' -m '{NAMED}'", True),
        ({"attribution": {"commit": "Assisted-by: coder"}}, f"git commit -aqm 'cart: count it' -m '{NAMED}'", False),
    ],
)
def test_a_shell_command_says_no_more_of_who_wrote_it_than_is_wanted(
    place: Place, shop: Repository, values: dict[str, Any], command: str, is_run: bool
) -> None:
    settings(place, **values)
    shop.write("shop/cart.py", MENDED)
    with fake_api([turn(tool("Bash", command=command)), turn("Done.")]) as api:
        flags = ("-p", "go", "--dangerously-skip-permissions")
        done = place.coder(*flags, url=api.url, env={"IS_SANDBOX": "1"})
    assert done.code == 0, done
    assert told(api, 1).startswith("Nothing was run: the ") != is_run, told(api, 1)
    assert (shop.git("status", "--short") == "") == (is_run and "commit" in command)
