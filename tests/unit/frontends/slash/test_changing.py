"""Commands that change how the session goes on: model, effort, folders, colours, keys, settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.core.errors import ConfigError
from coder.frontends.slash import add_dir, config, effort, model, output_style, theme, vim
from coder.frontends.slash.dispatch import run_line
from tests.support.desks import FakeDesk, by, desk_at, desk_on, press
from tests.support.fakeapi import running_api, turn


def settings(root: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((root / "home" / ".coder" / "settings.json").read_text())
    return found


@pytest.mark.behaviour("B-866")
async def test_another_model_answers_and_it_is_said_what_that_costs(tmp_path: Path) -> None:
    async with desk_at(tmp_path, [turn("Hello."), turn("Still here.")]) as desk:
        await desk.prompt("Hi.")
        await model.run(desk, "opus")
        assert desk.ui.words[0] == "✓ Model: claude-opus-5-5 · 1M context, $4 in, $20 out per million tokens."
        assert desk.ui.words[1].startswith("! Its cache is empty: the next message pays for the whole conversation, ")
        assert " tokens, about $0." in desk.ui.words[1]
        assert desk.session.facts.model == "claude-opus-5-5"
        assert await desk.prompt("And now?") == "Still here."


@pytest.mark.behaviour("B-866")
async def test_a_model_is_picked_from_the_table_where_the_present_one_is_marked(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        desk.ui.picks = [by("claude-haiku-4-5", "ctrl+s")]
        await model.run(desk, "")
        picker = desk.ui.pickers[0]
        assert picker.items[picker.first].cells == ("claude-sonnet-4-5", "200k", "$3 in, $15 out", "now")
        assert desk.ui.words == [
            "✓ Model: claude-haiku-4-5 · 200k context, $1 in, $5 out per million tokens. New sessions use it too."
        ]
        assert settings(tmp_path) == {"model": "claude-haiku-4-5"}
        await model.run(desk, "")
        await model.run(desk, "haiku-4-5")  # a gateway has names of its own
        assert desk.session.facts.model == "haiku-4-5" and "does not know it" in desk.ui.words[-1]


@pytest.mark.behaviour("B-866")
async def test_a_slip_of_the_pen_is_no_model(tmp_path: Path) -> None:
    async with desk_at(tmp_path, base_url="https://api.anthropic.com") as desk:
        with pytest.raises(ConfigError, match=r"There is no model sonet\. Did you mean sonnet\?"):
            await model.run(desk, "sonet")
        with pytest.raises(ConfigError, match="is no name of a model"):
            await model.run(desk, "two words")
        assert model.checked("claude-next-9", desk) == "claude-next-9"


async def test_a_conversation_that_does_not_fit_another_model_is_told_of(tmp_path: Path) -> None:
    usage = {"input_tokens": 150_000}
    script = [turn("words " * 100, usage=usage)]
    async with desk_at(tmp_path, script, model="claude-opus-4-8") as desk:
        await desk.prompt("x" * 1_000_000)
        await model.run(desk, "claude-haiku-4-5")
    assert desk.ui.words[-1].startswith("! The conversation does not fit this model: ")


def chosen(desk: FakeDesk) -> str | None:
    return desk.config.model.effort


@pytest.mark.behaviour("B-867")
async def test_effort_is_chosen_where_the_model_has_it(tmp_path: Path) -> None:
    async with desk_at(tmp_path, model="claude-opus-5-5") as desk:
        desk.ui.picks = [by("high")]
        await effort.run(desk, "")
        assert chosen(desk) == "high" and desk.ui.words == ["✓ Effort: high, from the next message on."]
        await effort.run(desk, "HIGH")
        assert desk.ui.words[-1] == "✓ Effort: high, as it was."
        await effort.run(desk, "auto")
        assert chosen(desk) is None
        with pytest.raises(ConfigError, match=r"There is no effort huge\. There are auto, low"):
            await effort.run(desk, "huge")
        await effort.run(desk, "")
    async with desk_at(tmp_path, model="claude-haiku-4-5") as desk:
        with pytest.raises(ConfigError, match="has no levels of effort"):
            await effort.run(desk, "high")


async def opened(desk: FakeDesk, text: str) -> str:
    await run_line(desk, f"/add-dir {text}")
    return desk.ui.words[-1]


@pytest.mark.behaviour("B-868")
async def test_a_folder_is_added_when_it_is_one(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    async with desk_at(tmp_path) as desk:
        assert "does not exist. Name a folder" in await opened(desk, "../nowhere")
        assert "is a file, not a folder" in await opened(desk, "../notes.txt")
        assert "nothing to add" in await opened(desk, ".")
        assert not list(desk.config.add_dirs)
        assert (await opened(desk, "../library")).startswith(f"✓ Added {tmp_path}/library: coder reads there")
        assert list(desk.config.add_dirs) == [tmp_path / "library"]
        assert "nothing to add" in await opened(desk, f'"{tmp_path}/library"')
        assert (await opened(desk, "~")).startswith("! That holds everything of yours.")
        desk.ui.lines = [None]
        await add_dir.run(desk, "")
        assert len(desk.config.add_dirs) == 2


@pytest.mark.behaviour("B-869")
async def test_colours_and_vim_keys_are_kept_in_your_own_settings(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        desk.ui.picks = [by("dark")]
        await theme.run(desk, "")
        assert settings(tmp_path) == {"theme": "dark"} and desk.ui.words[0].startswith("✓ Theme: dark ")
        assert [item.cells[0] for item in desk.ui.pickers[0].items] == ["auto", "light", "dark", "colour-blind", "none"]
        assert all(item.preview for item in desk.ui.pickers[0].items)
        await theme.run(desk, "daltonised")
        await vim.run(desk, "")
        assert settings(tmp_path) == {"theme": "colour-blind", "editorMode": "vim"}
        await vim.run(desk, "")
        assert settings(tmp_path)["editorMode"] == "normal" and desk.ui.words[-1] == "✓ Vim keys are off."
        await theme.run(desk, "")
        assert desk.ui.pickers[-1].first == 3


@pytest.mark.behaviour("B-870")
async def test_a_setting_is_changed_by_name(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        await run_line(desk, "/config editorMode=vim")
        await run_line(desk, "/config verbose")
        await run_line(desk, "/config autoCompactEnabled = false")
        expected = {"editorMode": "vim", "verbose": True, "autoCompactEnabled": False}
        assert settings(tmp_path) == expected
        assert desk.ui.words == [
            "✓ editorMode is vim, in ~/.coder/settings.json.",
            "✓ verbose is true, in ~/.coder/settings.json.",
            "✓ autoCompactEnabled is false, in ~/.coder/settings.json. It counts from the next session on.",
        ]
        await run_line(desk, "/config verbos=true")
        assert desk.ui.words[-1] == "✗ There is no setting verbos. Did you mean verbose?"
        await run_line(desk, "/config editorMode=emacs")
        assert desk.ui.words[-1] == "✗ editorMode must be one of normal, vim."
        await run_line(desk, "/config permissions.allow=x")
        assert desk.ui.words[-1].startswith("✗ permissions.allow is a list of rules.")
        assert settings(tmp_path) == expected


@pytest.mark.behaviour("B-870")
async def test_settings_are_browsed_with_where_they_come_from_and_changed(tmp_path: Path) -> None:
    local = tmp_path / "project" / ".coder" / "settings.local.json"
    local.parent.mkdir(parents=True)
    local.write_text('{"cleanupPeriodDays": 9, "env": {"MY_TOKEN": "s3cr3t-s3cr3t-s3cr3t"}}')
    own = tmp_path / "home" / ".coder" / "settings.json"
    own.parent.mkdir(parents=True)
    own.write_text('{"env": {"OTHER_TOKEN": "s3cr3t-s3cr3t-s3cr3t"}}')
    async with desk_at(tmp_path) as desk:
        desk.ui.picks = [by("editorMode"), by("vim"), by("effortLevel"), by("max"), by("permissions.allow"), None]
        await run_line(desk, "/config")
        assert settings(tmp_path) | {"env": {}} == {"editorMode": "vim", "effortLevel": "max", "env": {}}
        assert "env.OTHER_TOKEN | …cr3t | ~/.coder/settings.json" in desk.ui.items()
        assert "editorMode | not set | " in desk.ui.items(0)
        assert "effortLevel | max | ~/.coder/settings.json" in desk.ui.items()
        assert any(item.startswith("cleanupPeriodDays | ") for item in desk.ui.items(0))
        assert "s3cr3t" not in str(desk.ui.pickers)
        assert desk.ui.words[-1].startswith("! permissions.allow: /permissions shows rules")


async def test_what_comes_first_here_is_told_of(tmp_path: Path) -> None:
    local = tmp_path / "project" / ".coder" / "settings.json"
    local.parent.mkdir(parents=True)
    local.write_text('{"theme": "light"}')
    async with desk_at(tmp_path) as desk:
        await run_line(desk, "/config theme=dark")
        desk.ui.lines = ["30"]
        await config.run(desk, "cleanupPeriodDays")
    assert desk.ui.words[1] == "! .coder/settings.json sets it too, and comes first here."
    assert desk.ui.asked == ["cleanupPeriodDays: a whole number from 1"]
    assert settings(tmp_path) == {"theme": "dark", "cleanupPeriodDays": 30}


async def test_a_picker_that_is_left_changes_nothing(tmp_path: Path) -> None:
    async with desk_at(tmp_path, model="claude-opus-5-5") as desk:
        for command in (model, effort, theme, config):
            await command.run(desk, "")
        assert (desk.ui.said, desk.settings, len(desk.ui.pickers)) == ([], {}, 4)
        desk.ui.picks = [press("ctrl+s")]
        await model.run(desk, "")
        assert desk.settings["model"] != "claude-opus-5-5"


@pytest.mark.behaviour("B-1276")
async def test_a_model_that_the_administrator_set_is_not_changed_here(tmp_path: Path) -> None:
    async with desk_at(tmp_path, is_fixed=True) as desk:
        for words in ("opus", ""):
            with pytest.raises(ConfigError, match="The administrator has set the model for everybody here: claude-"):
                await model.run(desk, words)
        assert desk.ui.pickers == [] and desk.session.facts.model == "claude-sonnet-4-5"


@pytest.mark.behaviour("B-1265")
async def test_a_style_counts_at_once_before_the_first_message_and_from_the_next_conversation_on_then(
    tmp_path: Path,
) -> None:
    put_style(tmp_path, "pirate", "---\ndescription: Like one\n---\nAhoy.")
    async with running_api([turn("Hello.", repeat=6)]) as api, desk_on(api, tmp_path) as desk:
        desk.ui.picks = [by("Concise")]
        await run_line(desk, "/output-style")
        assert desk.ui.items() == [
            "Default | Finishes the task and says briefly what it did | now",
            "Proactive | Acts on sensible assumptions and asks little | ",
            "Concise | As few words as carry the answer | ",
            "Explanatory | Explains its choices and the code base while it works | ",
            "Learning | Leaves small pieces of the code for you to write | ",
            "pirate | Like one | project",
        ]
        assert desk.ui.words == ["✓ Output style: Concise."]
        await desk.prompt("Hi.")
        await run_line(desk, "/style PIRATE")
        assert desk.ui.words[-1] == "✓ Output style: pirate, from the next conversation on. /clear begins one."
        await desk.prompt("And now?")
        await run_line(desk, "/config language=German")
        assert desk.ui.words[-1].endswith(" It counts from the next conversation on: /clear begins one.")
        await desk.prompt("Still?")
        await run_line(desk, "/clear")
        await desk.prompt("Hi.")
        assert settings(tmp_path) == {"outputStyle": "pirate", "language": "German"}
        systems = [" ".join(block["text"] for block in body["system"]) for body in api.requests]
        assert systems[0] == systems[1] == systems[2] and "# Output style: Concise" in systems[0]
        assert "# Output style: pirate\nAhoy." in systems[3] and "German" in systems[3]
        assert "# Finishing" not in systems[3]
        await run_line(desk, "/output-style default")
        assert settings(tmp_path)["outputStyle"] == "default"


@pytest.mark.behaviour("B-1263")
async def test_a_style_that_is_not_there_is_not_set(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        with pytest.raises(ConfigError, match=r"There is no output style lerning\. Did you mean Learning\?"):
            await output_style.run(desk, "lerning")
        with pytest.raises(ConfigError, match=r"/output-style lists those that there are\."):
            await output_style.run(desk, "\u202ezz")
        await output_style.run(desk, "")
        assert desk.ui.words == [] and not (tmp_path / "home" / ".coder" / "settings.json").exists()


def put_style(root: Path, name: str, text: str) -> None:
    folder = root / "project" / ".claude" / "output-styles"
    folder.mkdir(parents=True)
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
