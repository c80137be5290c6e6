"""Git commit by the tool: what is said before and after, and what real git has then."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.config import Guidance
from coder.core.requests import Deny
from tests.support.gitbench import GitBench
from tests.support.rewinding import git

TRAILER = "Co-Authored-By: Claude Opus 4.5 <noreply@anthropic.com>"


@pytest.mark.behaviour("B-1410")
async def test_the_question_and_the_result_say_what_is_committed_where_and_by_which_hooks(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.hook("pre-commit", "exit 0")
    bench.hook("commit-msg", "exit 0")
    bench.write("a.txt", "two\n")
    bench.write("b.txt", "new\n")
    bench.write("c.txt", "not in it\n")
    bench.run("add", "a.txt", "b.txt")
    said = await bench.git("commit", message="cart: add up\n\nBecause.")
    assert bench.question.splitlines() == [
        "changes git commits 2 files on main: a.txt, b.txt",
        "runs the hooks pre-commit, commit-msg",
    ]
    assert bench.asked[0].is_foretold and bench.asked[0].command == "git commit -m 'cart: add up\n\nBecause.'"
    assert bench.run("log", "-1", "--format=%B") == "cart: add up\n\nBecause."
    short = bench.run("rev-parse", "--short", "HEAD")
    assert f"Committed {short} on main: cart: add up" in said
    assert "2 files: a.txt, b.txt" in said
    assert "Hooks that ran: pre-commit, commit-msg" in said
    await bench.aclose()


@pytest.mark.behaviour("B-1410")
async def test_a_commit_that_is_refused_changes_nothing(tmp_path: Path) -> None:
    bench = GitBench(tmp_path, answering=lambda request: Deny("no"))
    bench.write("a.txt", "two\n")
    bench.run("add", "a.txt")
    before = bench.run("rev-parse", "HEAD")
    await bench.refused("commit", message="x")
    assert len(bench.asked) == 1
    assert bench.run("rev-parse", "HEAD") == before
    await bench.aclose()


@pytest.mark.behaviour("B-1565")
async def test_plan_mode_only_reads_though_every_rule_allows_more(tmp_path: Path) -> None:
    bench = GitBench(tmp_path, mode="plan", allow=["Bash", "Git"])
    bench.write("a.txt", "two\n")
    for action, more in (("commit", {"message": "x", "amend": True}), ("add", {"paths": ["."]}), ("stash", {})):
        assert "plan mode only reads" in await bench.refused(action, **more)
    assert bench.run("status", "--porcelain") == "M a.txt" and bench.asked == []
    assert bench.run("log", "--format=%s") == "first"
    await bench.aclose()


@pytest.mark.behaviour("B-1411")
async def test_named_paths_are_committed_and_nothing_else(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.write("dir/b.txt", "b\n")
    bench.commit()
    bench.write("a.txt", "two\n")
    bench.write("dir/b.txt", "bb\n")
    bench.write("c.txt", "staged\n")
    bench.run("add", "c.txt")
    said = await bench.git("commit", message="only b", paths=["dir"])
    assert bench.run("show", "--name-only", "--format=", "HEAD") == "dir/b.txt"
    assert bench.run("diff", "--cached", "--name-only") == "c.txt"
    assert "Not in it: c.txt, a.txt" in said
    await bench.aclose()


async def test_a_path_is_that_file_and_no_pattern(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.write("[a].txt", "odd\n")
    bench.commit()
    bench.write("a.txt", "two\n")
    bench.write("[a].txt", "odd two\n")
    await bench.git("commit", message="odd", paths=["[a].txt"])
    assert bench.run("show", "--name-only", "--format=", "HEAD") == "[a].txt"
    await bench.aclose()


@pytest.mark.behaviour("B-1412")
@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"message": "x"}, "Nothing to commit"),
        ({"message": "   "}, "`message` is empty"),
        ({}, "`message` is empty"),
        ({"message": "x", "paths": ["a.txt"]}, "as in the last commit"),
        ({"message": "x", "paths": ["nowhere.txt"]}, "git does not know nowhere.txt yet"),
        ({"message": "Co-Authored-By: Claude <noreply@anthropic.com>"}, "says only who wrote it"),
        ({"message": "a\0b"}, "NUL"),
    ],
)
async def test_what_cannot_be_committed_is_said_and_nobody_is_asked(
    tmp_path: Path, raw: dict[str, object], words: str
) -> None:
    bench = GitBench(tmp_path)
    assert words in await bench.refused("commit", **raw)
    assert bench.asked == []
    await bench.aclose()


@pytest.mark.behaviour("B-1412")
async def test_conflicts_and_a_merge_under_way(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.run("switch", "-qc", "topic")
    bench.write("a.txt", "topic\n")
    bench.commit("on topic")
    bench.run("switch", "-q", "main")
    bench.write("a.txt", "main\n")
    bench.commit("on main")
    bench.run("merge", "topic", check=False)
    assert "conflicts in a.txt" in await bench.refused("commit", message="merge")
    bench.write("a.txt", "both\n")
    said = await bench.git("add", paths=["a.txt"])
    assert "Settled the conflict in a.txt" in said
    assert "A merge is under way" in await bench.refused("commit", message="merge", paths=["a.txt"])
    await bench.git("commit", message="merge topic")
    assert "goes on with the merge that is under way" in bench.question
    assert len(bench.run("log", "-1", "--format=%P").split()) == 2
    await bench.aclose()


@pytest.mark.behaviour("B-1412")
async def test_the_first_commit_and_one_on_no_branch(tmp_path: Path) -> None:
    bench = GitBench(tmp_path, begun=False)
    bench.write("a.txt", "one\n")
    await bench.git("add", paths=["."])
    await bench.refused("commit", message="x", amend=True)
    await bench.git("commit", message="begin")
    assert "commits 1 file on main, as its first commit: a.txt" in bench.question
    bench.run("switch", "-q", "--detach")
    bench.write("a.txt", "two\n")
    await bench.git("commit", message="lost", paths=["a.txt"])
    assert "on no branch (at " in bench.question
    await bench.aclose()


@pytest.mark.behaviour("B-1413")
async def test_a_commit_is_replaced_only_while_no_remote_has_it(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    origin = tmp_path / "origin.git"
    bench.run("init", "-q", "--bare", str(origin))
    bench.run("remote", "add", "origin", str(origin))
    bench.run("push", "-q", "origin", "main")
    said = await bench.refused("commit", message="again", amend=True)
    assert "already on origin/main" in said
    assert bench.asked == []
    bench.write("a.txt", "two\n")
    old = bench.commit("mine")
    bench.write("a.txt", "three\n")
    bench.run("add", "a.txt")
    said = await bench.git("commit", amend=True)
    assert f"replaces the last commit on main, {old[:7]} “mine” by a" in bench.question
    assert bench.run("log", "--format=%s") == "mine\nfirst"
    assert bench.run("show", "HEAD:a.txt") == "three"
    await bench.git("commit", amend=True, message="better")
    assert bench.run("log", "--format=%s") == "better\nfirst"
    await bench.aclose()


@pytest.mark.behaviour("B-1414")
async def test_lines_of_the_message_with_a_number_sign_stay_as_they_are(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.run("config", "commit.cleanup", "strip")
    bench.write("a.txt", "two\n")
    message = "fix: #12\n\n# a heading\n-m is no flag; $(touch pwned) 'quotes' \"too\"\n#end"
    await bench.git("commit", message=message, paths=["a.txt"])
    assert bench.run("log", "-1", "--format=%B") == message
    assert not (bench.project / "pwned").exists()
    await bench.aclose()


@pytest.mark.behaviour("B-1415")
@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("", "cart: add up\n\nCo-authored-by: Ada <ada@example.org>"),
        (None, f"cart: add up\n\nCo-authored-by: Ada <ada@example.org>\n{TRAILER}"),
        ("Assisted-by: robots", "cart: add up\n\nCo-authored-by: Ada <ada@example.org>\nAssisted-by: robots"),
    ],
)
async def test_who_wrote_it_is_said_as_set_and_never_as_the_model_says(
    tmp_path: Path, setting: str | None, expected: str
) -> None:
    bench = GitBench(tmp_path, guidance=Guidance(commit=setting))
    bench.write("a.txt", "two\n")
    message = (
        "cart: add up\n\n🤖 Generated with [Claude Code](https://claude.com/claude-code)\n\n"
        "Co-authored-by: Ada <ada@example.org>\nCo-Authored-By: Claude <noreply@anthropic.com>\n"
        "co-authored-by: Claude Opus 4.5 <noreply@anthropic.com>\nGenerated by coder"
    )
    await bench.git("commit", message=message, paths=["a.txt"])
    assert bench.run("log", "-1", "--format=%B") == expected
    await bench.aclose()


@pytest.mark.behaviour("B-1416")
async def test_a_hook_that_rewrites_and_refuses_is_told_with_what_it_changed(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.hook("pre-commit", "echo formatted >> a.txt", "printf '\\033[31mlint: a.txt:1 is bad\\033[0m\\n'", "exit 3")
    bench.write("a.txt", "two\n")
    bench.run("add", "a.txt")
    said = await bench.refused("commit", message="x")
    assert "the hook pre-commit refused it" in said
    assert "lint: a.txt:1 is bad" in said and "\x1b" not in said
    assert "The hook changed a.txt" in said
    assert bench.run("log", "--format=%s") == "first"
    await bench.aclose()


@pytest.mark.behaviour("B-1562")
async def test_what_hooks_changed_is_told_with_whether_the_commit_has_it(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.hook("pre-commit", "sed -i s/two/2/ a.txt b.txt", "git add a.txt", "sed -i s/x/x/ c.txt")
    for name in ("a.txt", "b.txt", "c.txt"):
        bench.write(name, "two\n")
    bench.run("add", "a.txt", "b.txt", "c.txt")
    told = (await bench.git("commit", message="x")).splitlines()
    assert "A hook changed a.txt; the commit has that." in told
    assert "A hook changed b.txt; that is not in the commit: read it, then add and commit it too." in told
    assert not any("c.txt" in line for line in told if "hook" in line), "the same again is no change"
    await bench.aclose()


@pytest.mark.behaviour("B-1416")
async def test_a_hook_of_messages_is_named_when_it_is_the_one(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.hook("pre-commit", "exit 0")
    bench.hook("commit-msg", 'grep -q TICKET "$1" || { echo "no ticket"; exit 1; }')
    bench.write("a.txt", "two\n")
    said = await bench.refused("commit", message="x", paths=["a.txt"])
    assert "the hook commit-msg refused it" in said and "no ticket" in said
    await bench.git("commit", message="TICKET x", paths=["a.txt"])
    await bench.aclose()


@pytest.mark.behaviour("B-1417")
async def test_hooks_get_the_persons_environment_no_key_and_no_input(tmp_path: Path) -> None:
    secret = {"ANTHROPIC_API_KEY": "sk-secret", "CODER_TRUST_FOLDER": "1", "MINE": "kept", "GIT_DIR": "/elsewhere"}
    bench = GitBench(tmp_path, env=secret)
    bench.hook("pre-commit", "env > ../seen; cat > ../input; test -t 0 && exit 1; exit 0")
    bench.write("a.txt", "two\n")
    await bench.git("commit", message="x", paths=["a.txt"])
    seen = (tmp_path / "seen").read_text()
    assert "sk-secret" not in seen and "CODER_TRUST_FOLDER" not in seen
    assert "MINE=kept" in seen
    assert (tmp_path / "input").read_text() == ""
    await bench.aclose()


@pytest.mark.behaviour("B-1418")
async def test_in_a_folder_that_is_not_trusted_a_rule_alone_starts_no_hook_or_program(tmp_path: Path) -> None:
    bench = GitBench(tmp_path, trusted=False, allow=["Bash(git *)"])
    bench.write("a.txt", "two\n")
    await bench.git("commit", message="no hooks, no question of trust", paths=["a.txt"])
    bench.hook("pre-commit", "touch ../fired")
    bench.write("a.txt", "three\n")
    said = await bench.refused("commit", message="x", paths=["a.txt"])
    assert "the hook pre-commit" in said and "coder trust" in said
    (bench.project / ".git/hooks/pre-commit").unlink()
    bench.run("config", "filter.x.clean", "touch ../fired; cat")
    bench.write(".gitattributes", "* filter=x\n")
    for action, raw in (
        ("add", {"paths": ["."]}),
        ("commit", {"message": "x", "paths": ["a.txt"]}),
        ("switch", {"rev": "topic", "create": True}),
        ("stash", {}),
    ):
        said = await bench.refused(action, **raw)
        assert "filter.x.clean" in said and "coder trust" in said
    assert not (tmp_path / "fired").exists()
    await bench.aclose()


@pytest.mark.behaviour("B-1418")
async def test_in_a_folder_that_is_not_trusted_a_person_who_was_told_of_hooks_can_say_yes(tmp_path: Path) -> None:
    bench = GitBench(tmp_path, trusted=False)
    bench.hook("pre-commit", "touch ../fired")
    bench.write("a.txt", "two\n")
    await bench.git("commit", message="x", paths=["a.txt"])
    assert any(effect.kind == "runs" and "the hook pre-commit" in effect.what for effect in bench.effects)
    assert (tmp_path / "fired").exists()
    bench.answering = lambda request: Deny("no")
    (tmp_path / "fired").unlink()
    bench.write("a.txt", "three\n")
    await bench.refused("commit", message="y", paths=["a.txt"])
    assert not (tmp_path / "fired").exists()
    await bench.aclose()


@pytest.mark.behaviour("B-1418")
@pytest.mark.parametrize("trusted", [False, True])
async def test_a_submodule_is_looked_into_only_where_the_folder_is_trusted(tmp_path: Path, trusted: bool) -> None:
    bench = GitBench(tmp_path, trusted=trusted)
    bench.run("init", "-q", "inner")
    bench.write("inner/f", "f\n")
    bench.run("-C", "inner", "add", ".")
    bench.run("-C", "inner", "commit", "-qm", "inner")
    bench.run("add", "inner")
    bench.run("commit", "-qm", "with inner")
    bench.run("-C", "inner", "commit", "-q", "--allow-empty", "-m", "later")
    bench.run("-C", "inner", "config", "core.fsmonitor", "touch ../../fired; false")
    if trusted:
        await bench.git("add", paths=["inner"])
        await bench.git("commit", message="later", paths=["inner"])
        await bench.aclose()
        return
    assert "a repository of its own" in await bench.refused("add", paths=["."])
    assert "a repository of its own" in await bench.refused("commit", message="x", paths=["inner"])
    await bench.git("switch", rev="topic", create=True)
    bench.write("a.txt", "two\n")
    await bench.git("stash")
    await bench.git("unstash")
    assert not (tmp_path / "fired").exists()
    await bench.aclose()


@pytest.mark.behaviour("B-1418")
async def test_the_persons_own_hooks_run_where_the_folder_is_not_trusted(tmp_path: Path) -> None:
    bench = GitBench(tmp_path, trusted=False, allow=["Bash(git commit *)"])
    own = tmp_path / "own-hooks"
    own.mkdir()
    (own / "pre-commit").write_text("#!/bin/sh\ntouch ../fired\n")
    (own / "pre-commit").chmod(0o755)
    (bench.home / ".gitconfig").write_text(f"[core]\n\thooksPath = {own}\n")
    bench.write("a.txt", "two\n")
    await bench.git("commit", message="x", paths=["a.txt"])
    assert (tmp_path / "fired").exists()
    (bench.home / ".gitconfig").write_text("[core]\n\thooksPath = .githooks\n")
    bench.hook("pre-commit", "touch ../fired2", folder=".githooks")
    bench.write("a.txt", "three\n")
    assert "the hook pre-commit" in await bench.refused("commit", message="x", paths=["a.txt"])
    assert not (tmp_path / "fired2").exists()
    await bench.aclose()


async def test_the_persons_signature(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    program = tmp_path / "gpg"
    program.write_text(
        "#!/bin/sh\ncat > /dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\n"
        "printf -- '-----BEGIN PGP SIGNATURE-----\\nfake\\n-----END PGP SIGNATURE-----\\n'\n"
    )
    program.chmod(0o755)
    (bench.home / ".gitconfig").write_text(
        f"[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = {program}\n[user]\n\tsigningKey = ABC\n"
    )
    bench.write("a.txt", "two\n")
    await bench.git("commit", message="x", paths=["a.txt"])
    assert "runs gpg, which signs it with ABC" in bench.question
    assert "-----BEGIN PGP SIGNATURE-----" in bench.run("cat-file", "commit", "HEAD")
    program.write_text("#!/bin/sh\nexit 1\n")
    bench.write("a.txt", "three\n")
    assert "gpg failed to sign" in await bench.refused("commit", message="x", paths=["a.txt"])
    await bench.aclose()


async def test_outside_of_a_repository(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.workspace.chdir(tmp_path)
    assert "is in no git repository" in await bench.refused("commit", message="x")
    bench.workspace.chdir(bench.project)
    git(bench.project, "init", "-q", "--bare", "../bare.git")
    bench.workspace.chdir(tmp_path / "bare.git")
    await bench.refused("add", paths=["."])
    await bench.aclose()
