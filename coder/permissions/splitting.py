"""Takes the value of a flag with several rules apart. Must not know what a rule is."""

from __future__ import annotations


def split_rules(text: str) -> list[str]:
    """The rules of an `--allowedTools` value: separated by commas and blanks outside parentheses."""
    rules: list[str] = []
    current, depth = "", 0
    for char in text:
        if depth == 0 and (char == "," or char.isspace()):
            rules.append(current)
            current = ""
            continue
        depth = max(0, depth + (char == "(") - (char == ")"))
        current += char
    rules.append(current)
    return [rule for rule in rules if rule]
