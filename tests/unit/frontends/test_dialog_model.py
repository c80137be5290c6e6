"""The question as data: what it says, what it offers, what an answer means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coder.core.messages import ToolUse
from coder.core.requests import Allow, Deny, Effect, Part, PermissionRequest, Reason
from coder.frontends.dialog import GRACE_MS, NO_AND_STOP, answer, echo
from tests.support.questions import HOME, SHOP, asked, command, edit, parts

RULES = ("Bash(git add *)", "Bash(git commit *)")


def labels(request: PermissionRequest) -> dict[str, str]:
    return {choice.key: choice.label for choice in asked(request).choices}


def other(name: str, **given: object) -> PermissionRequest:
    return PermissionRequest(ToolUse("t1", name, given), f"{name} x", (Reason("default", "it"),), (name,))


@pytest.mark.behaviour("B-665")
def test_always_shows_every_rule_it_saves() -> None:
    dialog = asked(command("git add a && git commit", rules=RULES))
    assert dialog.choices[1].label == "Yes, and allow  git add *  and  git commit *  in this project from now on"
    assert answer(dialog, "2") == Allow(remember=RULES)
    assert labels(other("mcp__jira__get"))["2"] == "Yes, and allow  mcp__jira__get  in this project from now on"


@pytest.mark.behaviour("B-665")
@pytest.mark.parametrize(
    "request_",
    [
        command("make"),
        command("rm -rf ~", rules=("Bash(rm *)",), confirm="rm"),
        command("echo " + "x" * 12_000, rules=("Bash(echo *)",)),
    ],
    ids=["no rule", "irreversible", "not shown whole"],
)
def test_always_is_not_offered(request_: PermissionRequest) -> None:
    dialog = asked(request_)
    assert "2" not in {choice.key for choice in dialog.choices}
    assert answer(dialog, "2") is None


@pytest.mark.behaviour("B-661")
def test_of_a_huge_command_both_ends_are_shown_and_the_rest_is_counted() -> None:
    text = "".join(piece.text for piece in asked(command("first " + "x" * 20_000 + "; last")).body)
    assert text.startswith("first ") and text.endswith("; last")
    assert "[10,012 characters are not shown]" in text


@pytest.mark.behaviour("B-675")
def test_an_edit_offers_the_mode_where_the_mode_would_do() -> None:
    dialog = asked(edit("Edit", "app.py", old_string="a", new_string="b"), {"app.py": "a"})
    assert answer(dialog, "2") == Allow(mode="acceptEdits")
    assert "2" not in labels(edit("Edit", "app.py", old_string="a", new_string="b", accept=False))


@pytest.mark.behaviour("B-667")
def test_no_is_what_every_way_out_means() -> None:
    for request in (command("make"), command("rm -rf ~", confirm="rm")):
        dialog = asked(request)
        assert dialog.otherwise == answer(dialog, "esc") == NO_AND_STOP == Deny("", interrupt=True)
        for typed in ("", " ", "yes", "y", "0", "5", "11", "\x1b", "rm -rf ~", "RM"):
            assert answer(dialog, typed) is None
    dialog = asked(command("make"))
    assert answer(dialog, "1") == answer(dialog, " 1 ") == Allow()
    assert answer(dialog, "4") == NO_AND_STOP


@pytest.mark.behaviour("B-667")
def test_a_no_takes_words_along() -> None:
    dialog = asked(command("npm test"))
    assert [choice.takes_words for choice in dialog.choices] == [False, True, False]
    assert answer(dialog, "3", " use make test ") == Deny("use make test")
    assert answer(dialog, "3") == Deny("")


@pytest.mark.behaviour("B-666")
def test_only_the_word_says_yes_to_what_cannot_be_undone() -> None:
    dialog = asked(command("git push -f", rules=("Bash(git push *)",), confirm="push"))
    assert dialog.choices == ()
    assert [answer(dialog, typed) for typed in ("1", "2", "", "pus", "push it")] == [None] * 5
    assert answer(dialog, "push") == Allow()


def test_hasty_keys_are_the_front_ends_to_drop() -> None:
    assert asked(command("make")).grace_ms == GRACE_MS == 300


@pytest.mark.behaviour("B-663")
def test_marks_stand_where_the_raw_text_has_its_parts() -> None:
    text = "ls \u202e && rm\tx | wc"
    dialog = asked(command(text, parts=parts(text, "rm\tx", "wc")))
    assert [(piece.text, piece.asks) for piece in dialog.body] == [
        (r"ls \u202e && ", False),
        (r"rm\tx", True),
        (" | ", False),
        ("wc", True),
    ]


@pytest.mark.behaviour("B-663")
def test_a_command_cannot_bring_marks_of_its_own() -> None:
    text = "ls ▶x◀ && rm y"
    dialog = asked(command(text, parts=parts(text, "rm y")))
    assert dialog.body[0].text == r"ls \u25b6x\u25c0 && "


@pytest.mark.parametrize(
    "found",
    [
        (Part("a", 0, 1, True),),
        (Part("a", 0, 1, False), Part("b", -1, -1, True), Part("c", 10, 11, True)),
        (Part("a", 0, 1, False), Part("b", 5, 99, True)),
        (Part("a", 0, 1, False), Part("b", 5, 6, False)),
    ],
    ids=["one part", "unknown place", "beyond the end", "none needed"],
)
def test_nothing_is_marked_when_not_all_of_it_can_be(found: tuple[Part, ...]) -> None:
    body = asked(command("a && b || c", parts=found)).body
    assert [piece.asks for piece in body] == [False]


def test_parts_inside_one_another_are_one_mark() -> None:
    text = "a && b $(c) && d"
    found = (Part("a", 0, 1, False), Part("b $(c)", 5, 11, True), Part("c", 9, 10, True), Part("d", 15, 16, True))
    assert [piece.text for piece in asked(command(text, parts=found)).body if piece.asks] == ["b $(c)", "d"]


@pytest.mark.behaviour("B-663")
def test_effects_are_told_in_words_the_gravest_first() -> None:
    effects = (
        Effect("runs", "make"),
        Effect("runs", "npm run build"),
        Effect("reads", str(HOME / ".npmrc"), HOME / ".npmrc"),
        Effect("writes", str(SHOP / "out.txt"), SHOP / "out.txt"),
        Effect("writes", "/etc/x\u202e", None),
        Effect("deletes", f"{SHOP / 'build'} and all in it", SHOP / "build"),
    )
    assert asked(command("make out", effects=effects)).effects == (
        "deletes build and all in it",
        r"writes out.txt, /etc/x\u202e",
        "runs npm run build",
        "reads ~/.npmrc",
    )


def test_an_edit_that_lands_elsewhere_says_so() -> None:
    plain = edit("Edit", "app.py", old_string="a", new_string="b")
    reason = Reason("safety", "app.py is protected: .git can change what runs later")
    effects = (Effect("writes", str(SHOP / "app.py"), SHOP / "app.py"), Effect("writes", "/etc/passwd", None))
    linked = PermissionRequest(plain.call, plain.summary, (reason,), effects=effects)
    assert asked(plain).why == ""
    assert asked(linked).why == "Asks because app.py is protected: .git can change what runs later."
    assert asked(linked).effects == ("writes /etc/passwd",)


@pytest.mark.parametrize("name", ["../shop/x/../app.py", "it's.py"])
def test_an_edit_is_shown_of_the_file_that_would_be_opened(name: str) -> None:
    """The path as it was sent may be untidy, or the plain spelling of the only file it can mean."""
    opened = SHOP / ("it\u2019s.py" if "'" in name else "app.py")
    effects = (Effect("writes", str(opened), opened),)
    sent = replace(edit("Write", name, content="new\n"), effects=effects, opens=(opened,))
    dialog = asked(sent, {opened.name: "old\n"})
    assert dialog.title == f"Make this edit to {opened.name}? (+1 -1, shown above)"
    assert dialog.subject == f"Write {opened.name}"
    assert dialog.effects == ()


def test_an_untidy_path_is_tidied_even_when_nobody_has_judged_it() -> None:
    dialog = asked(edit("Write", "x/../app.py", content="new\n"), {"app.py": "old\n"})
    assert dialog.title == "Make this edit to app.py? (+1 -1, shown above)"


def test_an_edit_through_a_link_names_both_ends() -> None:
    link, target = SHOP / "link.py", SHOP / "app.py"
    effects = (Effect("writes", f"{link} (really {target})", link),)
    sent = replace(edit("Write", "link.py", content="new\n"), effects=effects, opens=(target,))
    dialog = asked(sent, {"app.py": "old\n"})
    assert dialog.title == "Make this edit to app.py? (+1 -1, shown above)"
    assert dialog.effects == (f"writes link.py (really {target})",)


@pytest.mark.parametrize(
    ("request_", "kind", "title", "body"),
    [
        (
            other("WebFetch", url="https://x.org/\u200b", prompt="p"),
            "fetch",
            "Fetch this page?",
            r"https://x.org/\u200b",
        ),
        (other("mcp__jira__get", id=3, x="a\nb: 1"), "server", "Use get of the server jira?", 'id: 3\nx: "a\\nb: 1"'),
        (other("ExitPlanMode", plan="# Plan\nDo it."), "other", "Start on this plan?", "# Plan\nDo it."),
        (other("Strange\x1b"), "other", r"Use Strange\x1b?", ""),
        (other("Bash"), "other", "Use Bash?", ""),
    ],
)
def test_every_kind_of_call_shows_what_it_is_about(
    request_: PermissionRequest, kind: str, title: str, body: str
) -> None:
    dialog = asked(request_)
    assert (dialog.kind, dialog.title, "".join(piece.text for piece in dialog.body)) == (kind, title, body)


@pytest.mark.behaviour("B-673")
@pytest.mark.parametrize(
    ("reply", "row"),
    [
        (Allow(), "✓ Bash npm test · allowed once"),
        (Allow(remember=("Bash(npm test *)",)), "✓ Bash npm test · allowed, and from now on: npm test *"),
        (Allow(mode="acceptEdits"), "✓ Bash npm test · allowed, and all edits in this folder"),
        (Deny("use make\ntest"), "✗ Bash npm test · you said no: use make test"),
        (Deny(""), "✗ Bash npm test · you said no"),
        (NO_AND_STOP, "✗ Bash npm test · you said no"),
        (Deny("", nobody=True), "✗ Bash npm test · there was nobody to ask"),
    ],
)
def test_an_answer_leaves_one_row(reply: Allow | Deny, row: str) -> None:
    assert echo(asked(command("npm test")), reply) == row


@pytest.mark.behaviour("B-673")
def test_the_row_of_a_long_command_keeps_its_end() -> None:
    row = echo(asked(command("echo " + "x" * 500 + "\n; rm -rf ~")), Allow())
    assert row.endswith("; rm -rf ~ · allowed once") and len(row) < 160
    edited = asked(edit("Edit", "app.py", old_string="a", new_string="b"), {"app.py": "a"})
    assert echo(edited, Deny("use hello")) == "✗ Edit app.py · you said no: use hello"
