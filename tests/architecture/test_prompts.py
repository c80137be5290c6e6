"""R24: every text the model reads is a file that loads, with a purpose line that is not sent."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from coder.core import prompts
from coder.core.errors import ConfigError

FILES = sorted(prompts.folder().rglob("*.md"))
NAMES = [str(path.relative_to(prompts.folder()).with_suffix("")) for path in FILES]


@pytest.mark.parametrize("name", NAMES)
def test_every_prompt_renders(name: str) -> None:
    raw = (prompts.folder() / f"{name}.md").read_text(encoding="utf-8")
    first, second, *_ = raw.split("\n")
    if first == "---":  # a head with settings: the purpose is a comment in it
        assert second.startswith("# ") and "\n---\n" in raw
    else:
        assert first.startswith("<!-- ") and first.endswith(" -->")
    values = {key: f"<{key}>" for key in set(re.findall(r"\{\{(\w+)\}\}", raw))}
    text = prompts.load(name, **values)
    assert text and "{{" not in text and "<!--" not in text
    assert all(value in text for value in values.values())


def test_an_unknown_placeholder_or_an_unused_value_is_an_error() -> None:
    with pytest.raises(ConfigError, match="placeholders"):
        prompts.load("system", nonsense="x")
    with pytest.raises(ConfigError, match="placeholders"):
        prompts.load("context")


def test_a_missing_prompt_names_itself() -> None:
    with pytest.raises(ConfigError, match="no_such_prompt"):
        prompts.load("no_such_prompt")


def test_no_long_string_stands_in_the_code_that_talks_to_the_model() -> None:
    code = Path(prompts.__file__).parent.parent
    offenders = [
        f"{path.name}:{node.lineno}"
        for package in ("agent", "app", "tools")
        for path in (code / package).rglob("*.py")
        for node in _long_literals(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not offenders


def _long_literals(tree: ast.Module) -> list[ast.Constant]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and _has_doc(node)}  # type: ignore[attr-defined]  # _has_doc made sure
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [node for node in strings if str(node.value).count("\n") > 2 and id(node) not in docs]


def _has_doc(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return bool(node.body) and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
