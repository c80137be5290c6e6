"""Jobs under attack: what a stranger writes, names or pushes, and what a model can be talked into."""

from __future__ import annotations

import json
import os
from base64 import b64encode, urlsafe_b64encode
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coder.cli.ci_fence import as_comment, masked
from coder.cli.ci_ground import Ground
from coder.cli.ci_job import Job, Task
from coder.cli.ci_paths import is_configuration, is_held
from coder.cli.ci_secrets import clear, hidden, is_kept_back, secrets_of
from coder.core.errors import ConfigError
from tests.support.cli import Place
from tests.support.repositories import Repository

KEY = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA7bq\nzS9kQmVt+/8xYw==\n-----END KEY-----\n"
PIECES = st.sampled_from(["!", "[", "]", "(", "<", "img", "@", "a", "`", "_", "&#64;", " ", "\n", "\\"])
PLAIN = "s3cret/with+signs"


def ground(place: Place, root: Path) -> Ground:
    return Ground({**os.environ, "HOME": str(place.home), "RUNNER_TEMP": str(root)}, place.project)


def head_of(repository: Repository) -> str:
    return repository.git("rev-parse", "HEAD").strip()


@pytest.mark.behaviour("B-2510")
@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("!![x](http://e/leak)", "![x]"),  # the one behind the one that is taken away
        ("!" * 9 + "[x][r]", "!["),
        ("`@octocat", "@octocat"),  # a backtick that begins no code
        ("_@octocat_ *@octocat* \\@octocat", "@octocat"),
        ("&#64;octocat &#x40;octocat &#0064;octocat &commat;octocat", " &#"),
        ("> ```mermaid\n> a@{ img: 'http://e/leak' }\n> ```", "mermaid"),
        ("~~~ GeoJSON\n{}\n~~~", "GeoJSON"),
    ],
)
def test_a_comment_neither_loads_nor_calls_however_it_is_written(answer: str, left: str) -> None:
    made = as_comment(answer)
    assert left not in made and "&commat;" not in made and not made.startswith("&#")


@pytest.mark.behaviour("B-2510")
@given(
    st.lists(
        st.sampled_from(["!", "[", "]", "(", "<", "img", "@", "a", "`", "_", "&#64;", " ", "\n", "\\"]), max_size=14
    )
)
@example(["!", "!", "["])
def test_no_picture_and_no_name_gets_through(pieces: list[str]) -> None:
    made = as_comment("".join(pieces))
    assert "![" not in made and "<img" not in made and "&#64;" not in made
    assert not any(made[at : at + 2] == "@a" and not made[at - 1 : at].isalnum() for at in range(len(made)))


@pytest.mark.behaviour("B-2511")
@given(st.text("ab", max_size=5), st.text("cd", max_size=5))
def test_a_secret_is_hidden_however_it_is_written(before: str, behind: str) -> None:
    data = (before + PLAIN + behind).encode()
    for shown in (
        *(PLAIN, PLAIN[::-1], PLAIN.encode().hex(), PLAIN.encode().hex().upper(), "s3cret%2Fwith%2Bsigns"),
        *(b64encode(data).decode(), urlsafe_b64encode(data).decode()),
    ):
        text = masked(f"{before} {shown} {behind}", (PLAIN,))
        assert "***" in text, shown
        assert all(part not in text for part in (PLAIN, PLAIN[::-1], b64encode(PLAIN.encode()).decode()[4:20]))


@pytest.mark.behaviour("B-2511")
def test_each_line_of_a_key_is_hidden() -> None:
    shown = masked(
        "".join(f"  | {line}\n" for line in KEY.splitlines()) + json.dumps(KEY), secrets_of({"DEPLOY_KEY": KEY})
    )
    assert "MIIE" not in shown and "zS9k" not in shown and shown.count("***") >= 3
    assert masked("a\nb", ("a\nb\nc",)) == "a\nb"  # lines that are no secret by themselves


@pytest.mark.behaviour("B-2511")
@pytest.mark.parametrize(
    ("name", "value", "kept_back", "secret"),
    [
        ("DEPLOY_KEY", "abcdefgh", True, "abcdefgh"),
        ("ANTHROPIC_ADMIN_API_KEY", "abcdefgh", True, "abcdefgh"),
        ("MYSQL_PWD", "abcdefgh", True, "abcdefgh"),
        ("SLACK_WEBHOOK_URL", "https://h.example/x", True, "https://h.example/x"),
        ("NPM_TOKENS", "abcdefgh", True, "abcdefgh"),
        ("DATABASE_URL", "postgres://me:hunter22@db/x", True, "hunter22"),
        ("HTTPS_PROXY", "http://me:hunter22@proxy:3128", False, "hunter22"),
        ("GIT_CONFIG_VALUE_0", "AUTHORIZATION: basic eC1hY2Nlc3M=", False, "eC1hY2Nlc3M="),
        ("PWD", "/somewhere/else", False, ""),
        ("GIT_CONFIG_KEY_0", "http.extraheader", False, ""),
        ("CACHE_KEY", "linux-main", False, ""),
        ("KEYBOARD", "german", False, ""),
    ],
)
def test_what_looks_secret_by_its_name_or_its_value(name: str, value: str, kept_back: bool, secret: str) -> None:
    assert is_kept_back(name, value=value) is kept_back
    env = {name: value}
    assert secrets_of(env) == ((secret,) if secret else ())
    clear(env)
    assert (name not in env) is kept_back


@pytest.mark.behaviour("B-2511")
def test_the_keys_of_a_cloud_are_for_the_model_alone() -> None:
    env = {"AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu", "NPM_TOKEN": "y", "ANTHROPIC_FOUNDRY_API_KEY": "z"}
    clear(env, cloud=True)
    assert set(env) == {"AWS_SECRET_ACCESS_KEY", "AWS_REGION", "ANTHROPIC_FOUNDRY_API_KEY"}
    assert hidden(env) == {"AWS_SECRET_ACCESS_KEY": "", "ANTHROPIC_FOUNDRY_API_KEY": ""}
    assert hidden(env, ("AWS_SECRET_ACCESS_KEY",)) == {"ANTHROPIC_FOUNDRY_API_KEY": ""}


OWN = {"repository": {"full_name": "o/r"}}


@pytest.mark.behaviour("B-2512")
@pytest.mark.parametrize(
    ("task", "event", "refused"),
    [
        ("fix", {**OWN, "issue": {"number": 3, "pull_request": {}}, "comment": {"body": "/fix"}}, "fork"),
        ("fix", {**OWN, "check_run": {"check_suite": {"head_sha": "a" * 40}}}, "fork"),
        ("fix", {**OWN, "workflow_run": {"head_sha": "a" * 40, "head_repository": None}}, "fork"),
        ("fix", {**OWN, "after": "a" * 40, "ref": "refs/heads/main"}, ""),
        ("prompt", {**OWN, "issue": {"number": 3}}, ""),
    ],
)
def test_nobody_who_is_not_known_to_be_of_here_has_code_run(
    task: Task, event: Any, refused: str, tmp_path: Path
) -> None:
    (tmp_path / "e").write_text(json.dumps(event))
    job = Job(task, {"GITHUB_EVENT_PATH": str(tmp_path / "e")}, tmp_path, "", "", "words")
    with pytest.raises(ConfigError, match=refused) if refused else nullcontext():
        job.check(log="x", push=False)


@pytest.mark.behaviour("B-2512")
def test_what_strangers_set_off_trusts_no_checkout(place: Place, tmp_path: Path) -> None:
    repository = Repository.make(place)
    repository.write("CLAUDE.md", "theirs")
    repository.commit("begin")
    run = {"workflow_run": {"head_sha": head_of(repository), "head_repository": {"full_name": "e/r"}}}
    (tmp_path / "e").write_text(json.dumps({**OWN, **run}))
    job = Job("prompt", {"GITHUB_EVENT_PATH": str(tmp_path / "e")}, place.project, "", "", "words")
    with ground(place, tmp_path) as made, pytest.raises(ConfigError, match="to be trusted"):
        job.prepare(made, "", ())


@pytest.mark.behaviour("B-2512")
def test_a_tag_does_not_take_the_place_of_the_trusted_branch(place: Place, tmp_path: Path) -> None:
    repository = Repository.make(place)
    repository.write("a", "1")
    repository.commit("one")
    first = head_of(repository)
    repository.git("update-ref", "refs/remotes/origin/main", first)
    repository.git("tag", "-a", "-m", "x", "v1")
    repository.write("a", "2")
    repository.commit("two")
    with ground(place, tmp_path) as made:
        repository.git("update-ref", "refs/tags/origin/main", first)
        assert made.commit("origin/main", "base") == first  # two names of one commit
        repository.git("update-ref", "refs/tags/origin/main", head_of(repository))
        with pytest.raises(ConfigError, match="could be each of refs/remotes/origin/main, refs/tags/origin/main"):
            made.commit("origin/main", "base")
        assert made.commit("refs/remotes/origin/main", "base") == made.commit("v1", "base") == first


@pytest.mark.behaviour("B-2513")
def test_skills_of_the_head_do_not_count_and_other_services_are_left_alone() -> None:
    assert is_configuration(".agents/skills/evil/SKILL.md") and is_configuration("sub/.Agents/skills/x/SKILL.md")
    for path in (".woodpecker/x.yml", "azure-pipelines.yml", ".travis.yaml", "docs/CODEOWNERS", ".forgejo/workflows/x"):
        assert is_held(path) and not is_configuration(path)


@pytest.mark.behaviour("B-2513")
@pytest.mark.parametrize("link", [".claude", ".claude/settings.json", "CLAUDE.md"])
def test_what_the_base_links_to_is_not_the_heads_to_say(place: Place, tmp_path: Path, link: str) -> None:
    repository = Repository.make(place)
    repository.write("shared/settings.json", "{}")
    repository.write("docs/guide.md", "base")
    path, target = place.project / link, "shared" if link == ".claude" else "shared/settings.json"
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(os.path.relpath(place.project / target, path.parent))
    repository.commit("begin")
    base = head_of(repository)
    repository.write("docs/guide.md", "theirs")
    repository.commit("a guide")
    harmless = head_of(repository)
    repository.write("shared/settings.json", '{"hooks": {}}')
    repository.commit("settings")
    with ground(place, tmp_path) as made:
        assert made.of_the_head(base, made.fill(harmless, configuration=base)) == {"docs/guide.md"}
        filled = made.fill(head_of(repository), configuration=base)
        if link == "CLAUDE.md":  # whose words are left out, and nothing else
            assert made.of_the_head(base, filled) == {"docs/guide.md", "shared/settings.json"}
        else:
            with pytest.raises(ConfigError, match="is a link to what the commit changes"):
                made.of_the_head(base, filled)


@pytest.mark.behaviour("B-2514")
def test_what_a_session_did_to_its_repository_starts_nothing_and_stays_there(place: Place, tmp_path: Path) -> None:
    repository = Repository.make(place)
    repository.write("a", "1")
    repository.commit("one")
    head, seen = head_of(repository), tmp_path / "seen"
    env = {"HOME": str(place.home), "RUNNER_TEMP": str(tmp_path), "NPM_TOKEN": "abcdefgh", "ANTHROPIC_API_KEY": "k"}
    with Ground({**os.environ, **env}, place.project) as made:
        filled = made.fill(head, configuration=head)
        own = made.folder / ".git"
        (made.folder / "a").write_text("2")
        (made.folder / ".gitattributes").write_text("* filter=evil\n")
        (own / "info").mkdir(exist_ok=True)
        (own / "info" / "attributes").write_text("* filter=evil\n")
        with (own / "config").open("a") as file:
            file.write(f'[filter "evil"]\n\tclean = "env > {seen}; cat"\n[core]\n\tworktree = /\n')
        (own / "objects" / "info").mkdir(exist_ok=True)
        (own / "objects" / "info" / "alternates").write_text(f"{tmp_path}\n")
        (own / "objects" / "pack" / "evil.pack").write_text("x")
        made.hand_over(made.fix(head, filled, "mend"), "fix")
    assert repository.git("show", "fix:a") == "2" and not seen.exists()
    objects = place.project / ".git" / "objects"
    assert not (objects / "info" / "alternates").exists() and not list(objects.glob("pack/evil*"))


@pytest.mark.behaviour("B-2514")
def test_a_repository_that_was_replaced_is_not_taken_over(place: Place, tmp_path: Path) -> None:
    repository = Repository.make(place)
    repository.write("a", "1")
    repository.commit("one")
    with ground(place, tmp_path) as made:
        filled = made.fill(head_of(repository))
        (made.folder / ".git").rename(tmp_path / "elsewhere")
        (made.folder / ".git").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(ConfigError, match="has replaced the repository"):
            made.fix(head_of(repository), filled, "mend")
