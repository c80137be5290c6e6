"""The system prompt of a session: its sections, what a style, a language and the tools make of them. Read once: what
changes afterwards counts for the next session. Must not know requests.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from coder.app.attribution import commit_trailer, pr_trailer
from coder.core import prompts
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.app import styling
else:  # most sessions have no style
    styling = LazyModule("coder.app.styling")

# Left out where a style replaces them. Who one is, the tools, care, whom to trust and how to talk always stay.
CODING = frozenset({"How to work", "Finishing"})
_NEEDS = {"Long work": "TodoWrite"}  # a section that means nothing without this tool
_CARE = "Care"
_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
_LONGEST_LANGUAGE = 200


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SystemPrompt:
    """`texts` in order, the same for every request of a session. `warnings` are for people."""

    texts: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def system_prompt(config: Config, model: str, tools: Collection[str]) -> SystemPrompt:
    """A prompt of the person's own replaces all of ours, style and language too; what is appended stands last."""
    if config.system_prompt is not None:
        return SystemPrompt(_filled((config.system_prompt, config.append_system_prompt)))
    warnings: list[str] = []
    style, language = _style(config, warnings), _language(config, warnings)
    left_out = CODING if style is not None and not style.keeps_coding else frozenset()
    texts = ["\n\n".join(_sections(config, model, tools, left_out))]
    if style is not None:
        texts.append(prompts.load("style", name=style.name, text=style.text))
    if language:
        texts.append(prompts.load("language", language=language))
    return SystemPrompt(_filled((*texts, config.append_system_prompt)), tuple(warnings))


def _sections(config: Config, model: str, tools: Collection[str], left_out: Collection[str]) -> Iterator[str]:
    for name, text in sections():
        if name in left_out or _NEEDS.get(name, "") not in ("", *tools):
            continue
        yield text
        if name == _CARE and config.guidance.git:
            yield from _attribution(config, model)
    if "Think" in tools:
        yield prompts.load("think")


def sections() -> tuple[tuple[str, str], ...]:
    """Each section of our own prompt by its heading, which is part of the text; "" for what stands before the first."""
    text = prompts.load("system")
    starts = [0, *(found.start() for found in _HEADING.finditer(text))]
    names = ["", *_HEADING.findall(text)]
    ends = [*starts[1:], len(text)]
    cut = [(name, text[start:end].strip()) for name, start, end in zip(names, starts, ends, strict=True)]
    return tuple((name, part) for name, part in cut if part)


def _attribution(config: Config, model: str) -> Iterator[str]:
    if trailer := commit_trailer(config, model):
        yield prompts.load("attribution_commit", trailer=trailer)
    if trailer := pr_trailer(config, model):
        yield prompts.load("attribution_pr", trailer=trailer)


def _style(config: Config, warnings: list[str]) -> styling.Style | None:
    is_default = config.guidance.style.strip().casefold() == "default"
    if is_default and (config.plugins is None or not config.plugins.loaded):
        return None
    style: styling.Style | None = styling.forced(config) if is_default else styling.chosen(config, warnings)
    return style


def _language(config: Config, warnings: list[str]) -> str:
    text = config.guidance.language.strip()
    if len(text) > _LONGEST_LANGUAGE or not all(each.isprintable() for each in text):
        warnings.append(
            f"language is not used: it must be one line of at most {_LONGEST_LANGUAGE} characters, such as German."
        )
        return ""
    return text


def _filled(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for text in texts if text.strip())
