"""A line that names a command becomes what its file says."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coder.app.prompting import Submitted
from coder.core.errors import SessionError
from coder.core.events import ToolFinished
from coder.core.messages import Image, Message, Meta, Text, said
from coder.core.requests import Allow
from tests.support.command_desk import Desk
from tests.support.pictures import png


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk(tmp_path) as desk:
        yield desk


@pytest.mark.behaviour("B-1155")
async def test_the_body_is_sent_and_what_was_typed_is_what_is_seen(desk: Desk) -> None:
    desk.add("fix", "Fix issue $0.\n")
    message = await desk.send("/fix 42 <now>")
    assert [block.text for block in message.content if isinstance(block, Text)] == [
        "<command-name>/fix</command-name>\n<command-args>42 <now></command-args>",
        "Fix issue 42.",
    ]
    assert said(message) == "/fix 42 <now>"
    assert await desk.commands.expand("/fax 42") is None
    assert await desk.commands.expand("/usr/bin/env") is None


@pytest.mark.behaviour("B-1155")
@pytest.mark.parametrize(
    "line", ["/fix", "/fix a\nb  c", "/fix </command-args>", "/fix <command-name>/x</command-name>"]
)
async def test_the_line_comes_back_as_it_was_typed(desk: Desk, line: str) -> None:
    desk.add("fix", "Fix it.")
    assert said(await desk.send(line)) == line


def test_what_other_programs_and_attachments_put_there_is_no_part_of_it() -> None:
    def prompt(*texts: str) -> Message:
        return Message("user", tuple(map(Text, texts)), Meta(kind="prompt"))

    assert said(prompt("<command-message>x is running…</command-message>\n<command-name>/x</command-name>")) == "/x"
    assert said(prompt("look at @a", '<attached-file path="a">\n1\n</attached-file>')) == "look at @a"
    assert said(prompt("<attached-file is what I typed")) == "<attached-file is what I typed"
    assert said(prompt("two ", "blocks")) == "two blocks"
    assert said(Message("user", (Text("<command-name>/x</command-name>"),), Meta(kind="shell"))).startswith("<command")


@pytest.mark.behaviour("B-1156")
async def test_a_skill_says_where_its_files_are(desk: Desk) -> None:
    folder = desk.root / ".claude" / "skills" / "release notes"
    desk.add("release", "Run ${CLAUDE_SKILL_DIR}/x.py for ${CODER_SESSION_ID}", kind="skill", folder=folder)
    text = (await desk.texts("/release"))[1]
    assert text.startswith(f"Base folder of this skill: {folder} ")
    assert text.endswith(f"\n\nRun {folder}/x.py for s-1")


@pytest.mark.behaviour("B-1157")
async def test_several_commands_in_one_line(desk: Desk) -> None:
    for number in range(8):
        desk.add(f"c{number}", f"Body {number}.")
    texts = await desk.texts("/c0 /c1 /etc/passwd and /c2")
    assert texts == [
        "<command-name>/c0</command-name>\n<command-args>/c1 /etc/passwd and /c2</command-args>",
        "Body 0.",
        "Body 1.\n\nARGUMENTS: /etc/passwd and /c2",
    ]
    texts = await desk.texts(" ".join(f"/c{number}" for number in range(8)))
    assert len(texts) == 7 and texts[-1] == "Body 5.\n\nARGUMENTS: /c6 /c7"


@pytest.mark.behaviour("B-1158")
async def test_the_same_text_is_sent_once(desk: Desk) -> None:
    desk.add("style", "Write short sentences about $ARGUMENTS.")
    await desk.send("/style cats")
    assert (await desk.texts("/style cats"))[
        1
    ] == "The text of style stands above and has not changed. Follow it again."
    assert (await desk.texts("/style dogs"))[1] == "Write short sentences about dogs."
    desk.messages.clear()  # as after a compaction
    assert (await desk.texts("/style cats"))[1] == "Write short sentences about cats."


@pytest.mark.behaviour("B-1159")
async def test_commands_of_a_text_run_before_it_is_sent(desk: Desk) -> None:
    (desk.root / "a b.txt").write_text("one !`touch pwned` @a\n")
    desk.add("look", "Files: !`ls`\n\n```!\ncat $ARGUMENTS\n```\nEnd")
    texts = await desk.texts("/look 'a b.txt'")
    assert texts[1] == "Files: a b.txt\n\none !`touch pwned` @a\nEnd"
    assert not (desk.root / "pwned").exists() and not desk.asked
    assert [event.call.name for event in desk.events if isinstance(event, ToolFinished)] == ["Bash", "Bash"]


@pytest.mark.behaviour("B-1160")
async def test_a_command_that_may_not_run_ends_it(desk: Desk) -> None:
    desk.add("bad", "First !`touch made` and !`touch never`")
    with pytest.raises(
        SessionError, match=r'^Shell command permission check failed for pattern "!`touch made`": '
    ) as why:
        await desk.commands.expand("/bad")
    assert "\n" not in str(why.value) and not (desk.root / "made").exists()
    assert [request.summary for request in desk.asked] == ["Bash touch made"]
    desk.answer = Allow()
    await desk.commands.expand("/bad")
    assert (desk.root / "made").exists() and (desk.root / "never").exists()


@pytest.mark.behaviour("B-1160")
async def test_a_rule_that_denies_bash_denies_it_here_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path, rules=[("deny", "Bash(ls *)"), ("deny", "Bash(touch *)")])
    desk.add("look", "!`ls`", grants=("Bash",))
    desk.add("make", "!`touch a`", grants=("Bash(touch *)",))
    desk.answer = Allow()
    for line in ("/look", "/make"):
        with pytest.raises(SessionError, match="permission check failed"):
            await desk.commands.expand(line)
    assert not desk.asked and not (desk.root / "a").exists()


@pytest.mark.behaviour("B-1160")
async def test_without_the_bash_tool_nothing_runs(tmp_path: Path) -> None:
    desk = Desk(tmp_path, without=("Bash",))
    desk.add("look", "!`ls`")
    with pytest.raises(SessionError, match=r"permission check failed .*: a rule denies Bash"):
        await desk.commands.expand("/look")


@pytest.mark.behaviour("B-1160")
async def test_a_command_that_fails_ends_it(desk: Desk) -> None:
    desk.add("bad", "!`cat missing.txt`")
    with pytest.raises(SessionError, match=r'^Shell command failed for pattern "!`cat missing.txt`": .*No such file'):
        await desk.commands.expand("/bad")


@pytest.mark.behaviour("B-1160")
async def test_where_texts_may_run_nothing_it_says_so(desk: Desk) -> None:
    desk.add("look", "Files: !`touch made` and go on")
    desk.make(inline=None)
    text = (await desk.texts("/look"))[1]
    assert text == "Files: [shell command execution disabled by policy] and go on"
    assert not (desk.root / "made").exists()


@pytest.mark.behaviour("B-1154")
async def test_a_word_that_cannot_be_placed_is_refused(desk: Desk) -> None:
    desk.add("doc", "```!\ncat <<EOF\n$ARGUMENTS\nEOF\n```")
    assert (await desk.texts("/doc fine-1"))[1] == "fine-1"
    with pytest.raises(SessionError, match=r"permission check failed for pattern .*cannot be put there"):
        await desk.commands.expand("/doc $(touch pwned)")


@pytest.mark.behaviour("B-1161")
async def test_grants_hold_while_the_run_lasts_and_no_longer(desk: Desk) -> None:
    desk.add("make", "!`touch first`", grants=("Bash(touch *)",), without=("Bash(ls *)",))
    assert desk.verdict("touch x") == "ask" and desk.verdict("ls") == "allow"
    found = await desk.commands.expand("/make")
    assert found is not None and (desk.root / "first").exists() and not desk.asked
    assert desk.verdict("touch x") == "ask"
    with found.during:
        assert desk.verdict("touch x") == "allow" and desk.verdict("ls") == "deny"
        await desk.book.allow(("Bash(mkdir *)",))
    assert desk.verdict("touch x") == "ask" and desk.verdict("ls") == "allow" and desk.verdict("mkdir y") == "allow"
    assert desk.saved == ["Bash(mkdir *)"]


@pytest.mark.behaviour("B-1161")
async def test_an_untrusted_file_grants_nothing_but_still_forbids(desk: Desk) -> None:
    desk.add("make", "Go.", grants=("Bash(touch *)",), without=("Bash(ls *)",), trusted=False)
    found = await desk.commands.expand("/make")
    assert found is not None
    with found.during:
        assert desk.verdict("touch x") == "ask" and desk.verdict("ls") == "deny"


@pytest.mark.behaviour("B-1161")
async def test_an_administrators_rules_stay_the_only_ones(tmp_path: Path) -> None:
    desk = Desk(tmp_path, closed=True)
    desk.add("make", "Go.", grants=("Bash(touch *)",), without=("Bash(ls *)",))
    found = await desk.commands.expand("/make")
    assert found is not None
    with found.during:
        assert desk.verdict("touch x") == "ask" and desk.verdict("ls") == "deny"


@pytest.mark.behaviour("B-1162")
async def test_files_are_attached_that_the_text_or_the_person_names(desk: Desk) -> None:
    (desk.root / "guide.md").write_text("be kind\n")
    (desk.root / "typed.py").write_text("x = 1\n")
    (desk.root / "shot.png").write_bytes(b64decode(png(2, 2).data))
    desk.add("go", "Follow @guide.md for @$0 and `@typed.py` and @$1.")
    blocks = await desk.blocks("/go typed.py @shot.png @guide.md")
    texts = [block.text for block in blocks if isinstance(block, Text)]
    assert texts[1] == "Follow @guide.md for @typed.py and `@typed.py` and @@shot.png."
    assert [text.split("\n")[0] for text in texts[2:]] == [
        f'<attached-file path="{desk.root}/shot.png">',
        f'<attached-file path="{desk.root}/guide.md">',
        f'<attached-file path="{desk.root}/typed.py">',
    ]
    assert sum(isinstance(block, Image) for block in blocks) == 1


@pytest.mark.behaviour("B-1163")
async def test_model_effort_and_checks_are_those_of_the_file(desk: Desk) -> None:
    desk.add("a", "A", model="opus", effort="low", verify=("citations",))
    desk.add("b", "B", model="inherit")
    desk.add("c", "Please ultrathink.", effort="low")
    both, hard, harder = [await desk.commands.expand(line) for line in ("/a /b", "/c", "/b ULTRATHINK now")]
    assert both is not None and (both.model, both.effort, both.verify) == ("opus", "low", ("citations",))
    assert hard is not None and hard.effort == "high" and harder is not None and harder.effort == "high"
    desk.facts["EFFORT"] = "max"
    kept = await desk.commands.expand("/b ultrathink")
    assert kept is not None and kept.effort is None


@pytest.mark.behaviour("B-1164")
async def test_a_hook_may_refuse_an_expansion_or_add_to_it(desk: Desk) -> None:
    calls: list[tuple[str, str, str, str]] = []

    async def hook(name: str, arguments: str, source: str, line: str) -> Submitted:
        calls.append((name, arguments, source, line))
        return Submitted("not today" if name == "no" else "", ("a note",))

    desk.hooked(hook)
    desk.add("no", "!`touch made`", grants=("Bash",))
    desk.add("yes", "Body.")
    with pytest.raises(SessionError, match=r"^/no was not sent: not today$"):
        await desk.commands.expand("/no a b")
    assert not (desk.root / "made").exists()
    assert (await desk.texts("/yes"))[1:] == ["Body.", "a note"]
    assert calls == [("no", "a b", "project", "/no a b"), ("yes", "", "project", "/yes")]


async def test_what_only_the_model_may_use_cannot_be_typed(desk: Desk) -> None:
    desk.add("hidden", "Body.", person_may=False)
    desk.add("seen", "Body.")
    assert await desk.commands.expand("/hidden") is None and await desk.commands.expand("/SEEN") is not None
    assert [each.name for each in desk.commands.offered()] == ["seen"]


async def test_a_file_without_a_text_is_an_error_and_a_fork_says_so(desk: Desk) -> None:
    desk.add("empty", " \n")
    desk.add("fork", "Body.", forks=True)
    with pytest.raises(SessionError, match="says nothing"):
        await desk.commands.expand("/empty")
    await desk.commands.expand("/fork")
    assert len(desk.said) == 1 and "runs in this conversation" in desk.said[0]


@pytest.mark.behaviour("B-1306")
async def test_what_a_head_asks_for_and_does_not_get_yet_is_said_once(desk: Desk) -> None:
    desk.add("fork", "Body.", forks=True, agent="explorer")
    desk.add("named", "Body.", agent="explorer\x1b[2J")
    desk.add("plain", "Body.")
    for line in ("/fork", "/named", "/plain", "/fork again", "/named"):
        await desk.commands.expand(line)
    await desk.commands.use("fork", "")
    assert desk.said == [
        "/fork asks for a context of its own; it runs in this conversation for now, and not as the agent 'explorer'.",
        "/named names the agent 'explorer\\x1b[2J', which counts with `context: fork` only; it is ignored.",
    ]
