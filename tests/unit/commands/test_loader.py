"""Which commands and skills there are, which one a name means, and what is said of the others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coder.commands.definition import Definition
from coder.commands.loader import Catalogue, body, load, nested
from coder.commands.places import Place, places_of
from coder.core.config import Config, Guidance, ModelConfig
from coder.core.errors import ConfigError
from coder.frontmatter import found
from tests.unit.commands.shelf import Shelf, shelf


@pytest.fixture
def at(tmp_path: Path) -> Shelf:
    return shelf(tmp_path)


def names(catalogue: Catalogue) -> list[str]:
    return [one.name for one in catalogue.all()]


def the(catalogue: Catalogue, name: str) -> Definition:
    one = catalogue.find(name)
    assert one is not None
    return one


@pytest.mark.behaviour("B-1130")
def test_files_of_others_load_as_they_are(at: Shelf) -> None:
    at.put("project/.claude/commands/fix-issue.md", "Fix the issue.\n")
    at.put("project/.claude/commands/frontend/component.md", "---\ndescription: makes one\n---\nMake it.\n")
    at.put("project/.claude/commands/svelte/svelte:test.md", "Test it.\n")
    at.put("project/.claude/commands/README.md", "These are our commands.\n")
    at.put("project/.claude/commands/notes.txt", "none")
    at.put(
        "project/.claude/skills/pdf/SKILL.md", "\ufeff---\r\nname: pdf\r\ndescription: reads PDF\r\n---\r\nRead.\r\n"
    )
    at.put("project/.claude/skills/pdf/reference.md", "not a skill")
    at.put("project/.agents/skills/shared/SKILL.md", "---\nname: shared\ndescription: for all\n---\nDo.\n")
    at.put("person/.claude/commands/mine.md", "Mine.\n")
    catalogue = at.load()
    assert set(names(catalogue)) == {"fix-issue", "frontend:component", "svelte:test", "pdf", "shared", "mine"}
    assert catalogue.mistakes == ()
    pdf = the(catalogue, "/pdf")
    assert (pdf.kind, pdf.description, pdf.folder, body(pdf)) == ("skill", "reads PDF", pdf.file.parent, "Read.\n")
    assert the(catalogue, "fix-issue").description == "Fix the issue."
    assert the(catalogue, "component") is the(catalogue, "frontend:component")
    assert (the(catalogue, "mine").origin, pdf.origin) == ("yours", "project")
    at.put("project/.claude/commands/backend/component.md")
    assert at.load().find("component") is None


@pytest.mark.behaviour("B-1130")
def test_every_key_of_a_head_is_read(at: Shelf) -> None:
    at.put(
        "project/.claude/skills/ship/SKILL.md",
        "---\nname: Ship it\ndescription: >-\n  ships\n  things\nwhen_to_use: on Fridays\nargument-hint: [env] [tag]\n"
        "arguments: [env, tag]\nallowed-tools: Bash(git add:*), Bash(git commit:*) Read\ndisallowed-tools:\n  - Write\n"
        "model: opus\neffort: high\ncontext: fork\nagent: Explore\nbackground: yes\nuser-invocable: 'off'\n"
        "disable-model-invocation: 1\npaths: src/**/*.{ts,tsx}, docs/**\nshell: bash\nverify: findings\n"
        "hooks:\n  Stop:\n    - hooks:\n        - type: command\n          command: ./x.sh\n"
        "metadata:\n  a: b\n---\n\nShip.\n",
    )
    one = the(at.load(), "ship")
    assert one.mistakes == ()
    assert (one.label, one.description, one.when, one.hint) == ("Ship it", "ships things", "on Fridays", "[env] [tag]")
    assert one.arguments == ("env", "tag")
    assert one.grants == ("Bash(git add:*)", "Bash(git commit:*)", "Read")
    assert (one.without, one.model, one.effort, one.forks, one.agent) == (("Write",), "opus", "high", True, "Explore")
    assert (one.background, one.person_may, one.model_may) == (True, False, False)
    assert one.paths == ("src/**/*.{ts,tsx}", "docs/**")
    assert (one.shell, one.verify, list(one.hooks), one.first_line) == ("bash", ("findings",), ["Stop"], 30)
    assert len(one.digest) == 64


@pytest.mark.behaviour("B-1131")
def test_a_bad_head_costs_no_more_than_its_bad_line(at: Shelf) -> None:
    at.put("project/.claude/commands/odd.md", "---\ndescription: Use when: it broke\nmodel: opus\n---\nGo on.\n")
    at.put("project/.claude/commands/worse.md", "---\n- what\n---\nGo on.\n")
    catalogue = at.load()
    odd, worse = the(catalogue, "odd"), the(catalogue, "worse")
    assert (odd.description, odd.model, body(odd)) == ("Use when: it broke", "opus", "Go on.\n")
    assert (worse.description, body(worse)) == ("Go on.", "Go on.\n")
    assert [(mistake.path.name, mistake.line) for mistake in catalogue.mistakes] == [("odd.md", 2), ("worse.md", 2)]


@pytest.mark.behaviour("B-1131")
def test_a_key_of_the_wrong_type_is_named_and_does_not_count(at: Shelf) -> None:
    at.put(
        "project/.claude/commands/odd.md",
        "---\ndescription:\n  a: b\nuser-invocable: maybe\neffort: huge\nhooks: x\nallowed-tools:\n  - 1\n  - Read\n"
        "arguments: 1a\nargumnet-hint: x\nfrobnicate: 1\nauthor: me\n---\nText.\n",
    )
    one = the(at.load(), "odd")
    assert (one.description, one.person_may, one.effort, one.hooks, one.grants) == ("Text.", True, None, {}, ("Read",))
    told = {(mistake.line, mistake.level): mistake.text for mistake in one.mistakes}
    assert told[2, "error"] == "description must be a text on one line, not a list or an object"
    assert told[4, "error"] == "user-invocable must be true or false, not 'maybe'"
    assert told[5, "error"] == "effort must be one of low, medium, high, xhigh, max, not 'huge'"
    assert told[6, "error"] == "hooks must be an object: `key: value` lines below it, indented"
    assert told[7, "error"] == "allowed-tools must be a list of texts"
    assert told[10, "error"] == "arguments are names such as `file`, not '1a'"
    assert told[11, "warning"] == "argumnet-hint is no key of a command: write argument-hint"
    assert told[12, "warning"] == "frobnicate is no key of a command: it is ignored"
    assert len(told) == 8


@pytest.mark.behaviour("B-1132")
def test_the_stronger_one_counts_and_the_other_is_named(at: Shelf) -> None:
    for place in (
        "managed/.claude",
        "person/.coder",
        "person/.claude",
        "project/sub/.coder",
        "project/.claude",
        "more/.claude",
    ):
        at.put(f"{place}/commands/go.md", place)
    catalogue = at.load("sub", add_dirs=[at.top / "more"])
    assert body(the(catalogue, "go")) == "managed/.claude"
    owners = ["yours", "yours", "project", "project", "added"]
    assert [shadowed.definition.origin for shadowed in catalogue.shadowed] == owners
    assert catalogue.shadowed[2].definition.file == at.project / "sub/.coder/commands/go.md"
    assert catalogue.shadowed[2].by is the(catalogue, "go")
    assert catalogue.shadowed[2].reason.startswith("the managed command")
    (at.top / "managed/.claude/commands/go.md").unlink()
    assert body(the(at.load("sub"), "go")) == "person/.coder"
    assert body(the(at.load("sub"), "/project:go")) == "project/sub/.coder"
    assert body(the(at.load("sub", sources=("project",)), "go")) == "project/sub/.coder"
    assert at.load("sub", sources=("project",)).find("user:go") is None


@pytest.mark.behaviour("B-1132")
def test_a_skill_comes_before_a_command_and_all_before_a_built_in(at: Shelf) -> None:
    at.put("project/.claude/commands/review.md", "command")
    at.put("project/.claude/skills/review/SKILL.md", "skill")
    at.put("built/review.md", "built in")
    built = Place(at.top / "built", "commands", "built-in")
    catalogue = load((*at.places(), built))
    assert body(the(catalogue, "review")) == "skill"
    assert [shadowed.reason.split(" /")[0] for shadowed in catalogue.shadowed] == ["the skill", "the project's skill"]
    assert names(at.load(bundled=True))[-1] in {path.stem for path in (Path("prompts/commands")).glob("*.md")}


@pytest.mark.behaviour("B-1133")
def test_a_name_of_the_session_cannot_be_taken(at: Shelf) -> None:
    path = at.put("project/.claude/commands/model.md")
    catalogue = at.load(reserved=("model",))
    assert catalogue.find("model") is None
    assert [(mistake.path, mistake.text) for mistake in catalogue.mistakes] == [
        (path, "/model is a command of the session itself: give the file another name")
    ]


def test_names_that_nobody_can_type_are_mistakes(at: Shelf) -> None:
    at.put("project/.claude/commands/my command.md")
    at.put("project/.claude/commands/" + "x" * 65 + ".md")
    at.put("project/.claude/commands/$HOME.md")
    at.put("project/.claude/commands/größe.md")
    catalogue = at.load()
    assert names(catalogue) == ["größe"]
    assert len(catalogue.mistakes) == 3
    assert any("blank" in mistake.text for mistake in catalogue.mistakes)


def test_settings_switch_skills_off(at: Shelf) -> None:
    at.put("project/.claude/skills/a/SKILL.md")
    at.put("project/.claude/skills/b/SKILL.md")
    catalogue = at.load(overrides={"a": "off", "b": "user-invocable-only"})
    assert catalogue.find("a") is None
    assert "skillOverrides" in catalogue.shadowed[0].reason
    assert not the(catalogue, "b").model_may and the(catalogue, "b").person_may


@pytest.mark.behaviour("B-1134")
def test_links_lead_no_further_than_the_repository(at: Shelf) -> None:
    secret = at.put("person/secret.md", "a key")
    folder = at.put("person/elsewhere/x/SKILL.md").parent
    at.put("project/docs/shared.md", "shared")
    commands, skills = at.project / ".claude/commands", at.project / ".claude/skills"
    commands.mkdir(parents=True)
    skills.mkdir()
    (commands / "leak.md").symlink_to(secret)
    (commands / "gone.md").symlink_to(at.top / "nothing")
    (commands / "inside.md").symlink_to(at.project / "docs/shared.md")
    (commands / "round").symlink_to(commands)
    (skills / "leak").symlink_to(folder)
    (skills / "half").mkdir()
    (skills / "half/SKILL.md").symlink_to(secret)
    at.put("person/.claude/skills/linked/x", "")
    (at.person / ".claude/skills/far").symlink_to(folder)
    catalogue = at.load()
    assert set(names(catalogue)) == {"inside", "far"}
    told = {mistake.path: mistake.text for mistake in catalogue.mistakes}
    assert {path.relative_to(at.project / ".claude").as_posix() for path in told} == {
        "commands/leak.md", "commands/gone.md", "skills/leak", "skills/half/SKILL.md",
    }  # fmt: skip
    assert "leads out of" in told[commands / "leak.md"]


@pytest.mark.behaviour("B-1134")
def test_what_is_no_file_holds_nothing_up(at: Shelf) -> None:
    at.put("project/.claude/commands/fine.md")
    os.mkfifo(at.project / ".claude/commands/pipe.md")
    at.put("project/.claude/commands/large.md", b"x" * (found.SIZE + 1))
    at.put("project/.claude/commands/" + "d/" * 10 + "deep.md")
    at.put("project/.claude/commands/latin.md", b"---\ndescription: gr\xfc\xdfe\n---\nText.\n")
    at.put("project/.claude/commands/.hidden.md")
    (at.project / ".claude/skills/pipe").mkdir(parents=True)
    os.mkfifo(at.project / ".claude/skills/pipe/SKILL.md")
    at.put("project/.claude/skills/small/skill.md")
    (at.project / ".claude/commands/dir.md").mkdir()
    catalogue = at.load()
    assert set(names(catalogue)) == {"fine", "latin"}
    told = {mistake.path.name: (mistake.line, mistake.text) for mistake in catalogue.mistakes}
    assert told.keys() == {"pipe.md", "large.md", "d", "latin.md", "SKILL.md", "skill.md"}
    assert told["latin.md"][0] == 2
    assert "1 MiB" in told["large.md"][1]


@pytest.mark.behaviour("B-1134")
def test_more_files_than_anybody_has_are_not_looked_at(at: Shelf) -> None:
    folder = at.project / ".claude/commands"
    folder.mkdir(parents=True)
    for number in range(found.FILES + 50):
        (folder / f"c{number}.md").touch()
    catalogue = at.load()
    assert len(names(catalogue)) <= found.FILES
    assert [mistake.text for mistake in catalogue.mistakes] == [
        f"no more than {found.FILES:,} files are looked at: the rest is left out"
    ]


@pytest.mark.behaviour("B-1135")
def test_every_change_is_noticed(at: Shelf) -> None:
    path = at.put("project/.claude/commands/sub/a.md", "one")
    at.put("project/.claude/skills/x/other.txt")
    assert not at.load().stale()
    for change in (
        lambda: path.write_text("two and more"),
        lambda: at.put("project/.claude/commands/sub/b.md"),
        lambda: at.put("project/.claude/skills/x/SKILL.md"),
        lambda: at.put("person/.coder/commands/new.md"),
        path.unlink,
    ):
        catalogue = at.load()
        assert not catalogue.stale()
        change()
        assert catalogue.stale()


@pytest.mark.behaviour("B-1143")
def test_text_that_changed_under_its_grants_is_not_given(at: Shelf) -> None:
    granting = at.put("project/.claude/commands/g.md", "---\nallowed-tools: Bash\n---\nls\n")
    plain = at.put("project/.claude/commands/p.md", "ls\n")
    catalogue = at.load()
    granting.write_text("---\nallowed-tools: Bash\n---\nrm\n")
    plain.write_text("rm\n")
    assert body(the(catalogue, "p")) == "rm\n"
    with pytest.raises(ConfigError, match="has changed since it was read"):
        body(the(catalogue, "g"))
    granting.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        body(the(catalogue, "g"))


@pytest.mark.behaviour("B-1140")
def test_skills_below_come_when_something_is_touched_there(at: Shelf) -> None:
    at.put("project/.claude/skills/deploy/SKILL.md", "top")
    at.put("project/apps/web/.claude/skills/deploy/SKILL.md", "web")
    at.put("project/apps/web/.claude/skills/style/SKILL.md", "style")
    at.put("project/apps/.coder/skills/shared/SKILL.md", "shared")
    before = at.load()
    assert names(before) == ["deploy"]
    after = nested(at.project / "apps/web", at.project, before)
    assert set(names(after)) == {"deploy", "apps/web:deploy", "style", "shared"}
    assert (body(the(after, "deploy")), body(the(after, "apps/web:deploy"))) == ("top", "web")
    assert nested(at.project / "apps/web", at.project, after) is after
    assert nested(at.top, at.project, before) is before
    at.put("project/apps/web/.claude/skills/more/SKILL.md")
    assert after.stale()


@pytest.mark.behaviour("B-1142")
def test_a_mistyped_name_finds_its_neighbours(at: Shelf) -> None:
    for name in ("review", "release-notes", "frontend/component"):
        at.put(f"project/.claude/commands/{name}.md")
    at.put("project/.claude/skills/hidden/SKILL.md", "---\nuser-invocable: no\n---\nx")
    catalogue = at.load()
    assert catalogue.near("/reveiw") == ("review",)
    assert catalogue.near("Release_Notes") == ("release-notes",)
    assert catalogue.near("Component") == ("frontend:component",)
    assert catalogue.near("rel") == ("release-notes",)
    assert catalogue.near("modle", ["model"]) == ("model",)
    assert catalogue.near("hidden") == () and catalogue.near("zzzz") == () and catalogue.near("") == ()


def test_a_folder_of_the_persons_in_the_repository_is_the_projects(at: Shelf) -> None:
    (at.person / ".git").mkdir(parents=True)
    at.put("person/.claude/commands/mine.md")
    inside = load(Shelf(at.top).places("../../person"))
    assert the(inside, "mine").origin == "project"
    assert the(at.load(), "mine").origin == "yours"


def test_a_session_says_which_places_count(at: Shelf) -> None:
    at.put("person/.claude/commands/mine.md")
    at.put("project/.claude/commands/ours.md")

    def found_with(guidance: Guidance) -> list[str]:
        config = Config(
            at.project,
            at.person / ".coder",
            ModelConfig("m", "http://x"),
            env={"HOME": str(at.person)},
            guidance=guidance,
        )
        return names(load(places_of(config, at.top / "none")))

    assert found_with(Guidance())[:2] == ["mine", "ours"]
    assert found_with(Guidance(sources=("project",), bundled=False)) == ["ours"]
    assert found_with(Guidance(commands=False)) == []
