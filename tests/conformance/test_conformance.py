"""`coder conformance` against this coder, and against some with a defect."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from coder.conformance.catalogue import CHECKS, chosen
from coder.core.errors import ConfigError
from tests.support.cli import Done, Place

BROKEN = Path(__file__).with_name("broken.py")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
SAMPLE = ("output-lines", "control-unknown", "end-while-running")

RESULT = {
    "output-json",
    "output-one-result",
    "output-max-turns",
    "output-no-partial",
}
DEFECTS: dict[str, set[str]] = {
    "honest": set(),
}


def conforms(place: Place, *args: str, timeout: float = 170.0) -> Done:
    return place.coder("conformance", "--json", *args, timeout=timeout)


def states(done: Done) -> dict[str, str]:
    found: dict[str, Any] = json.loads(done.stdout)
    return {check["name"]: check["state"] for check in found["checks"]}
