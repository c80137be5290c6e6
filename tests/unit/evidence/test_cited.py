"""What a report cites is looked up: what is wrong is found, what is right never doubted."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.evidence.cited import checked, cited, findings
from coder.evidence.sources import Files

ROOT = Path(__file__).parents[3]
CART = """def total(prices):
    return sum(prices[1:])  # the first is lost


def lines(cart):
    return [row for row in cart]
"""
LONG = "".join(f"value_{number} = compute({number})\n" for number in range(1, 101))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "cart.py").write_text(CART)
    (tmp_path / "shop" / "long.py").write_text(LONG)
    (tmp_path / "Makefile").write_text("all:\n\tpython -m shop\n")
    (tmp_path / "app" / "(group)" / "[id]").mkdir(parents=True)
    (tmp_path / "app" / "(group)" / "[id]" / "page.tsx").write_text("export default 1\n")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "secret.env").write_text("TOKEN=very-secret-token\n")
    return tmp_path


RIGHT = [
    "See shop/cart.py:2 and shop/cart.py:1-6, shop/cart.py#L2, shop/cart.py#L1-L6, ./shop/cart.py:2:5.",
    "`shop/cart.py:2`",
    "[cart](shop/cart.py#L2) and [shop/cart.py:2](shop/cart.py#L2): `return sum(prices[1:])`",
    "cart.py:2 is short for shop/cart.py.",
    "Makefile:2 and app/(group)/[id]/page.tsx:1 (and app/(group)/[id]/page.tsx:1)",
    "`return sum(prices[1:])` (shop/cart.py:2) loses one.",
    "`return sum(prices[1:])` in `shop/cart.py:2` loses one.",
    "- shop/cart.py:2: `return sum(prices[1:])` loses one.\n- shop/cart.py:6 — `[row for row in cart]`",
    'shop/cart.py:2 says "the first is lost".',
    "shop/cart.py:2 says “the first is lost.”",
    "shop/cart.py:1-2\n```python\ndef total(prices):\n    return sum(prices[1:])  # the first is lost\n```",
    "As shop/cart.py:1 has it:\n\n```py\n1 | def total(prices):\n2 |     return sum(prices[1:])\n```\n",
    "```py\ndef total(prices):\n    ...\ndef lines(cart):\n```\n(shop/cart.py:1-6)",
    "> the first is lost\n\n— shop/cart.py:2",
    "shop/long.py:50: `value_45 = compute(45)` and `value_50 = … compute(52)` (shop/long.py:50)",
    "Fix shop/cart.py:2 so:\n```python\n    return sum(prices)\n```",
    "```diff\n- return sum(prices)\n+ return prices\n```\nshop/cart.py:2",
    "shop/cart.py:2 fails with:\n```\nAssertionError: 5 != 6 in tests\n```",
    "It should be `return sum(prices)` in shop/cart.py:2, and there is no `validate_all(cart)` in shop/cart.py:5.",
    "`validate_all(cart)` is called nowhere near shop/cart.py:2. shop/cart.py:2 — `validate_all(cart)` is missing.",
    "At 12:30 localhost:8080, example.com:443, http://127.0.0.1:8080/a.py:12, node:18, library/node:18, 1.2.3:4.",
    "HEAD:1 std::vector::push_back Foo::Bar:3 sha256:1234567 key: 12 a:1 C:12",
    "/etc/hostname.txt:3, ~/notes.md:1, ../other/file.py:9, /usr/lib/python3/os.py:1 are elsewhere.",
    "secret.env:1 says `TOKEN=not-what-is-there`, and secret.env:99.",
    'https://example.org/a reads "something that nobody checks"',
    "",
    "shop/cart.py",
    ":1",
    "`",
    "```\nnever closed shop/cart.py:2",
    "\ud800 shop/cart.py:1",
]
WRONG = [
    ("shop/cart.py:7", "shop/cart.py:7 (the file has 6 lines)", 1),
    ("\nshop/cart.py:0", "shop/cart.py:0 (the file has 6 lines)", 2),
    ("shop/cart.py:5-2", "shop/cart.py:5-2 (the file has 6 lines)", 1),
    ("shop/cart.py:2-9", "shop/cart.py:2-9 (the file has 6 lines)", 1),
    ("a shop/cart.py#L99.", "shop/cart.py#L99 (the file has 6 lines)", 1),
    ("`shop/basket.py:2`", "shop/basket.py:2 (no such file)", 1),
    ("basket.py:2", "basket.py:2 (no such file)", 1),
    ("shop/tool:2", "shop/tool:2 (no such file)", 1),
    ("Dockerfile:2", "Dockerfile:2 (no such file)", 1),
    ("shop:2 shop/:2 empty.txt:1", "empty.txt:1 (the file has 0 lines)", 1),
    ("[x](shop/cart.py#L70)", "shop/cart.py#L70 (the file has 6 lines)", 1),
    ("`return sum(prices[2:])` (shop/cart.py:2)", "return sum(prices[2:]) (not in shop/cart.py)", 1),
    ("- shop/cart.py:2: `return sum(prices[2:])`", "return sum(prices[2:]) (not in shop/cart.py)", 1),
    ("`return sum(prices[2:])` in [cart](shop/cart.py#L2)", "return sum(prices[2:]) (not in shop/cart.py)", 1),
    ('x\nshop/cart.py:2 says "the second is lost".', "the second is lost (not in shop/cart.py)", 2),
    ("`value_80 = compute(80)` (shop/long.py:12)", "value_80 = compute(80) (in shop/long.py, but not near line 12)", 1),
    ("shop/cart.py:1\n```py\ndef total(price):\n    return\n```", "def total(price): return (not in shop/cart.py)", 2),
    (
        "```py\ndef total(price):\n    return\n```\n\n(shop/cart.py:1)",
        "def total(price): return (not in shop/cart.py)",
        1,
    ),
    ("> the second is lost\n\n— shop/cart.py:2", "the second is lost (not in shop/cart.py)", 1),
    ("shop/long.py:50: `value_50 = … compute(43)`", "value_50 = … compute(43) (not in shop/long.py)", 1),
    ("```\nshop/cart.py:99: something\n```", "shop/cart.py:99 (the file has 6 lines)", 2),
]


@pytest.mark.behaviour("B-1999")
@pytest.mark.parametrize("report", RIGHT)
def test_what_is_right_is_not_doubted(shop: Path, report: str) -> None:
    found = cited(report, (shop,), lambda path: path.name != "secret.env")
    assert [str(each) for each in found if each.is_wrong] == []


@pytest.mark.behaviour("B-1999")
@pytest.mark.parametrize("report, said, line", WRONG)
def test_what_is_wrong_is_found(shop: Path, report: str, said: str, line: int) -> None:
    found = [each for each in cited(report, (shop,)) if each.is_wrong]
    assert [(str(each), each.line) for each in found] == [(said, line)]


@pytest.mark.behaviour("B-1999")
def test_what_may_not_be_read_is_never_opened(shop: Path) -> None:
    (shop / "alias.py").symlink_to("secret.env")
    (shop / "out.py").symlink_to("/etc/passwd")
    os.mkfifo(shop / "pipe.py")
    assert [each.is_wrong for each in cited(f"{shop}/none.py:1, {shop}/shop/cart.py:2", (shop,))] == [True]
    report = "secret.env:1, alias.py:1 `TOKEN=very-secret-token`, out.py:1, pipe.py:1, shop/../secret.env:5, shop.py:1"
    found = cited(report, (shop,), lambda path: path.name != "secret.env")
    assert {each.what: (each.why, each.is_wrong) for each in found} == {
        "secret.env:1": ("not to be read", False),
        "alias.py:1": ("not to be read", False),
        "out.py:1": ("outside of what can be looked up", False),
        "pipe.py:1": ("no file that can be read", False),
        "shop/../secret.env:5": ("not to be read", False),
        "shop.py:1": ("no such file", True),
    }


PAGES = {"https://example.org/docs/": "The timeout is 30 seconds, as https://example.org/other says."}


@pytest.mark.parametrize(
    "report, said",
    [
        ('https://example.org/docs#part says "The timeout is 30 seconds".', ""),
        ("“The timeout is 30 seconds” ([docs](https://example.org/docs/)), see (https://example.org/other).", ""),
        ('https://example.org/docs says "The timeout is 60 seconds".', "not on the page https://example.org/docs"),
        ("See https://example.org/made-up.", "no page of this address was read"),
    ],
)
@pytest.mark.behaviour("B-1999")
def test_addresses_are_among_the_pages_that_were_read(shop: Path, report: str, said: str) -> None:
    assert [each.why for each in cited(report, (shop,), pages=PAGES)] == ([said] if said else [])
    assert cited(report, (shop,)) == ()


@pytest.mark.behaviour("B-1999")
async def test_the_note_names_what_is_wrong_and_nothing_is_said_of_what_is_right(shop: Path) -> None:
    assert await checked("shop/cart.py:2", (shop,)) == ""
    note = await checked("\n".join(["shop/cart.py:2", *(f"shop/cart.py:{line}" for line in range(50, 90))]), (shop,))
    assert "- line 2: shop/cart.py:50 (the file has 6 lines)\n" in note and note.endswith("- and 20 more")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "(a/" * 60_000,
            "a/" * 100_000,
            "`" * 200_000,
            "` " * 100_000,
            "[" * 200_000,
            "```\n" * 50_000,
            ">" * 200_000,
        ),
        *("x.py:1 " * 50_000, " " * 200_000 + "..." + " " * 200_000, '"' * 200_000, "http://" * 30_000),
        *("\n> a" * 50_000, f"x.py:1\n```\n{' ' * 300_000}\n```", "x.py:1 `aaaaaaaaaaaaa` " * 20_000),
    ],
    ids=lambda text: repr(text[:8]),
)
def test_no_text_is_too_odd(tmp_path: Path, text: str) -> None:
    cited(text, (tmp_path,), pages={})


SOURCES = sorted(
    path for path in (ROOT / "coder" / "core").glob("*.py") if len(path.read_text("utf-8").split("\n")) > 60
)
FORMS = (
    "{place}: `{quote}` is wrong.",
    "`{quote}` ({place}) is wrong.",
    "- **high** `{quote}` in `{place}`: loses data",
    "{place}\n\n```python\n{quote}\n```\n",
    "```\n{quote}\n```\n— {place}",
    "[{place}]({link}): `{quote}`",
)


@st.composite
def claims(draw: st.DrawFn) -> tuple[str, str, int, str]:
    """A form, the path of a file of ours, a line of it, and what stands there."""
    path = draw(st.sampled_from(SOURCES))
    lines = path.read_text("utf-8").split("\n")
    fit = [at for at, text in enumerate(lines, 1) if len(text.strip()) > 20 and not re.search(r"`|…|\.\.\.", text)]
    at = draw(st.sampled_from(fit))
    return draw(st.sampled_from(FORMS)), str(path.relative_to(ROOT)), at, lines[at - 1].strip()


def report_of(form: str, path: str, line: int, quote: str) -> str:
    return f"# Review\n\nAll of it:\n\n{form.format(place=f'{path}:{line}', link=f'{path}#L{line}', quote=quote)}\n"


@pytest.mark.behaviour("B-1999")
@given(claims(), st.sampled_from(("path", "line", "word", "far")), st.data())
@settings(max_examples=120, deadline=None)
def test_a_true_report_is_right_and_a_changed_one_is_not(
    claim: tuple[str, str, int, str], what: str, data: st.DataObject
) -> None:
    form, path, line, quote = claim
    files = Files((ROOT,))
    assert findings(report_of(form, path, line, quote), files) == ()
    lines = (ROOT / path).read_text("utf-8").split("\n")
    if what == "path":
        path = path.replace("coder/", "coders/")
    elif what == "line":
        line += data.draw(st.integers(len(lines), 10_000))
    elif what == "word":
        at = data.draw(st.integers(0, len(quote) - 1).filter(lambda at: quote[at].isalnum()))
        quote = f"{quote[:at]}{'X' if quote[at] != 'X' else 'Y'}{quote[at + 1 :]}"
    else:
        far = (line + 30) % (len(lines) - 1) + 1
        stands = [at for at, text in enumerate(lines, 1) if quote in text]
        if any(abs(at - far) < 25 for at in stands):
            return
        line = far
    found = findings(report_of(form, path, line, quote), files)
    assert [each for each in found if each.is_wrong], (form, path, line, quote)
