"""Sessions of real processes in which coder writes as many kinds of lines as it has. Must not know who reads them."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.wire_others import hooks, permissions, servers
from tests.support.wire_played import Scene
from tests.support.wire_tools import agents, shells, tools, web
from tests.support.wire_turns import ends, failures, requests, sessions, talk

SCENES: Mapping[str, Scene] = {
    scene.__name__: scene
    for scene in (tools, web, shells, agents, permissions, hooks, failures, ends, talk, requests, servers, sessions)
}
