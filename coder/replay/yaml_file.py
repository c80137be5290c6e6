"""Parses YAML. Alone in its module: importing the parser costs time that JSON scripts need not pay."""

from __future__ import annotations

import yaml

from coder.core.errors import ConfigError


def parse(text: str, source: str) -> object:
    """Plain data from YAML text. Raises ConfigError with line and column."""
    try:
        data: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{source}: not valid YAML: {' '.join(str(error).split())}") from error
    return data
