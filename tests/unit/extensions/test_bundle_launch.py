"""From a manifest and values to a command line: literal, once, and nothing left to guess."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.extensions.errors import LaunchError
from coder.extensions.launch import Launch, Need
from coder.extensions.launching import launch_of, preview_of
from coder.extensions.manifest import Author, Manifest, Override, ServerPart
from coder.extensions.runtimes import check_runtimes, find_program, needs
from coder.extensions.substitute import Variables, fill, fill_args, fill_env
from coder.extensions.unpack import unpack
from coder.extensions.user_config import Field, Value
from coder.extensions.versions import satisfies
from tests.support.echo_bundles import KINDS, Config, packed, shown_config

HERE = Path("/bundles/x/1.0.0")
ENV = {"HOME": "/home/ann", "PATH": "/nowhere:.:relative"}
SECRET = Field("token", "string", "Token", sensitive=True)
FOLDERS = Field("folders", "directory", "Folders", multiple=True)


def made(server: ServerPart, *fields: Field) -> Manifest:
    return Manifest("x", "1.0.0", "X", "d", Author("a"), server, "0.3", fields)


def node(*args: str, env: Mapping[str, str] | None = None, **overrides: Override) -> ServerPart:
    return ServerPart("node", "server/index.js", "node", args, env or {}, overrides)


def launched(manifest: Manifest, values: Mapping[str, Value] | None = None, platform: str = "linux") -> Launch:
    return launch_of(manifest, HERE, values or {}, ENV, platform)


AWKWARD = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20) | st.lists(
    st.sampled_from(
        ["$", "&", "${HOME}", "${user_config.token}", "$&", "$1", "\\", '"', "'", "\n", "%PATH%", "{", "}", "$$"]
    ),
    max_size=5,
).map("".join)


@pytest.mark.behaviour("B-1686")
@settings(max_examples=150, deadline=None)
@given(AWKWARD, AWKWARD, AWKWARD)
def test_a_value_arrives_as_it_is_whatever_it_holds(token: str, other: str, beside: str) -> None:
    beside = beside.replace("$", "").replace("{", "")
    fields = (SECRET, Field("other", "string", "Other"))
    server = node(
        f"--a={beside}${{user_config.token}}|${{user_config.other}}",
        "${user_config.other}",
        env={"T": "${user_config.token}"},
    )
    found = launched(made(server, *fields), {"token": token, "other": other})
    assert found.args == (f"--a={beside}{token}|{other}", other)
    assert found.env["T"] == token


def test_a_secret_reaches_a_process_unchanged_through_the_environment(tmp_path: Path) -> None:
    token = "a$b&c${HOME}d\\e\"f'g\nh%i$$j`k"
    server = ServerPart(
        "python",
        "main.py",
        "python",
        ("-c", "import os; print(os.environ['T'], end='')"),
        {"T": "${user_config.token}"},
    )
    found = launch_of(made(server, SECRET), tmp_path, {"token": token}, {"HOME": "/h"}, "linux")
    done = subprocess.run(
        [found.command, *found.args], env=dict(found.env), capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == token and not found.secrets_in_args
    assert token not in repr(found)


def test_the_variables_of_the_machine_are_filled_in() -> None:
    args = tuple(
        f"${{{name}}}" for name in ("__dirname", "HOME", "DESKTOP", "DOCUMENTS", "DOWNLOADS", "/", "pathSeparator")
    )
    manifest = made(node(*args))
    assert launched(manifest).args == (
        str(HERE), "/home/ann", "/home/ann/Desktop", "/home/ann/Documents", "/home/ann/Downloads", "/", "/",
    )  # fmt: skip
    own = {**ENV, "XDG_DOWNLOAD_DIR": "/data/down", "XDG_DESKTOP_DIR": "relative"}
    assert launch_of(manifest, HERE, {}, own, "linux").args[2:5] == (
        "/home/ann/Desktop",
        "/home/ann/Documents",
        "/data/down",
    )


@pytest.mark.behaviour("B-1687")
@pytest.mark.parametrize(
    ("server", "fields", "values", "said"),
    [
        (node("${NOPE}"), (), {}, "server.mcp_config.args[0] names ${NOPE}, which has no value here"),
        (node("a", "x${user_config.typo}"), (SECRET,), {}, "args[1] names ${user_config.typo}"),
        (node("${user_config}"), (), {}, "names ${user_config}"),
        (node(env={"A": "${PATH}"}), (), {}, "server.mcp_config.env.A names ${PATH}"),
        (node("${HOME}/x${}"), (), {}, "names ${}"),
        (node("${user_config.token}${NOPE}"), (SECRET,), {}, "names ${NOPE}"),
        (node("--d=${user_config.folders}"), (FOLDERS,), {"folders": ("/a",)}, "the list ${user_config.folders} into"),
        (node(env={"D": "x:${user_config.folders}"}), (FOLDERS,), {"folders": ("/a",)}, "puts the list"),
        (node(env={"D": "${user_config.folders}"}), (FOLDERS,), {"folders": ("/a:b", "/c")}, "values holds : itself"),
        (node("${user_config.token}"), (SECRET,), {"token": "a\0b"}, "would hold a NUL"),
        (node(), (Field("key", "string", "Key", required=True),), {}, "X needs a value for: Key (key)"),
        (node(), (Field("key", "string", "Key", required=True),), {"key": ""}, "needs a value for"),
        (node(), (Field("f", "file", "F", required=True, multiple=True),), {"f": ()}, "needs a value for"),
        (node(), (Field("f", "file", "F", default="${user_config.f}"),), {}, "user_config.f.default names"),
        (ServerPart("binary", "x", "../x"), (), {}, "leads out of the bundle"),
        (ServerPart("binary", "x", None, (), {}, {}), (), {}, ""),
        (ServerPart("node", "x", "${user_config.token}"), (SECRET,), {}, "command is empty on linux"),
    ],
)  # fmt: skip
def test_what_cannot_be_filled_in_is_an_error(
    server: ServerPart, fields: tuple[Field, ...], values: dict[str, Value], said: str
) -> None:
    if not said:
        assert launched(made(server, *fields), values).command == str(HERE / "x")
        return
    with pytest.raises(LaunchError) as caught:
        launched(made(server, *fields), values)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_required_value_may_be_the_default() -> None:
    fields = (
        Field("d", "directory", "D", required=True, default="${HOME}/x"),
        Field("n", "number", "N", required=True, default=0),
    )
    assert launched(made(node("${user_config.d}", "${user_config.n}"), *fields)).args == ("/home/ann/x", "0")


def test_only_defaults_are_filled_in_not_what_a_person_wrote() -> None:
    folder = Field("d", "directory", "D", default="${HOME}/x")
    assert launched(made(node("${user_config.d}"), folder), {"d": "${HOME}"}).args == ("${HOME}",)


@pytest.mark.behaviour("B-1688")
def test_lists_are_arguments_or_joined_and_what_is_not_set_is_left_out() -> None:
    fields = FOLDERS, SECRET, Field("n", "number", "N"), Field("b", "boolean", "B")
    server = node(
        "${user_config.folders}", "--t=${user_config.token}", "-n", "${user_config.n}", "${user_config.b}",
        env={"D": "${user_config.folders}", "T": "x ${user_config.token}", "K": "k"},
    )  # fmt: skip
    full = launched(made(server, *fields), {"folders": ("/a b", "/c"), "token": "t", "n": 2.0, "b": True})
    assert full.args == ("/a b", "/c", "--t=t", "-n", "2", "true") and full.secrets_in_args
    assert full.env == {"D": "/a b:/c", "T": "x t", "K": "k"}
    bare = launched(made(server, *fields), {"folders": ()})
    assert (bare.args, dict(bare.env)) == (("-n",), {"K": "k"})
    windows = launched(made(node(env={"D": "${user_config.folders}"}), FOLDERS), {"folders": ("C:/a", "D:/b")}, "win32")
    assert windows.env["D"] == "C:/a;D:/b"


@pytest.mark.behaviour("B-1689")
def test_overrides_replace_command_and_arguments_and_add_to_the_environment() -> None:
    server = node(
        "a", "b", env={"A": "1", "B": "1"},
        linux=Override("deno", ("c",), {"B": "2", "C": "2"}), darwin=Override(env={"A": "3"}), win32=Override(args=()),
    )  # fmt: skip
    manifest = made(server)
    assert (launched(manifest).command, launched(manifest).args) == ("deno", ("c",))
    assert dict(launched(manifest).env) == {"A": "1", "B": "2", "C": "2"}
    mac = launched(manifest, platform="darwin")
    assert (mac.command, mac.args, dict(mac.env)) == ("node", ("a", "b"), {"A": "3", "B": "1"})
    assert launched(manifest, platform="win32").args == ()
    assert needs(manifest, "linux") == (Need("deno"),) and needs(manifest, "darwin") == (Need("node"),)


@pytest.mark.parametrize(
    ("server", "command", "args"),
    [
        (ServerPart("node", "./server/index.js"), "node", ("{}/server/index.js",)),
        (ServerPart("binary", "bin/x"), "{}/bin/x", ()),
        (ServerPart("uv", "src/s.py"), "uv", ("run", "--frozen", "--project", "{}", "{}/src/s.py")),
        (ServerPart("python", "main.py"), sys.executable, ("{}/main.py",)),
        (ServerPart("node", "x", "server/run.sh", ("server/x",)), "{}/server/run.sh", ("server/x",)),
        (ServerPart("node", "x", "/usr/bin/env", ("node",)), "/usr/bin/env", ("node",)),
    ],
)
def test_the_program_is_what_the_manifest_means(server: ServerPart, command: str, args: tuple[str, ...]) -> None:
    found = launched(made(server))
    assert found.command == command.format(HERE)
    assert found.args == tuple(arg.format(HERE) for arg in args)
    assert found.cwd == HERE


def test_a_program_of_windows_ends_in_exe(tmp_path: Path) -> None:
    server = ServerPart("binary", "bin/x", "bin/x")
    assert launched(made(server), platform="win32").command == f"{HERE}/bin/x.exe"
    assert (
        launched(made(ServerPart("binary", "bin/x.bat", "bin/x.bat")), platform="win32").command == f"{HERE}/bin/x.bat"
    )
    (tmp_path / "x").touch()
    assert launch_of(made(ServerPart("binary", "x", "x")), tmp_path, {}, ENV, "win32").command == str(tmp_path / "x")


def test_python_finds_its_packages_and_leaves_the_bundle_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "server/lib").mkdir(parents=True)
    server = ServerPart("python", "main.py", "python3", ())
    found = launch_of(made(server), tmp_path, {}, ENV, "linux")
    assert dict(found.env) == {"PYTHONPATH": str(tmp_path / "server/lib"), "PYTHONDONTWRITEBYTECODE": "1"}
    own = ServerPart("python", "main.py", "python3", (), {"PYTHONPATH": "/own"})
    assert launch_of(made(own), tmp_path, {}, ENV, "linux").env["PYTHONPATH"] == "/own"
    uv = launch_of(made(ServerPart("uv", "s.py")), tmp_path / "1.0.0", {}, ENV, "linux", venv=Path("/venvs/x"))
    assert uv.env["UV_PROJECT_ENVIRONMENT"] == "/venvs/x" and uv.env["UV_FROZEN"] == "1"
    plain = launch_of(made(ServerPart("uv", "s.py")), tmp_path / "1.0.0", {}, ENV, "linux")
    assert not Path(plain.env["UV_PROJECT_ENVIRONMENT"]).is_relative_to(tmp_path / "1.0.0")


@pytest.mark.behaviour("B-1690")
def test_a_preview_shows_no_secret_and_needs_no_values() -> None:
    fields = (
        SECRET,
        Field("key", "string", "Key", required=True),
        Field("keys", "string", "Keys", sensitive=True, multiple=True),
    )
    server = node(
        "--t=${user_config.token}", "${user_config.key}", "${user_config.keys}", env={"T": "${user_config.token}"}
    )
    shown = preview_of(made(server, *fields), HERE, {"token": "s3cret", "keys": ("s3cret",)}, ENV, "linux")
    assert shown.args == ("--t=<token>", "<key>", "<keys>") and shown.env["T"] == "<token>"
    assert shown.secrets_in_args
    in_env = preview_of(made(node(env={"T": "${user_config.token}"}), SECRET), HERE, {}, ENV, "linux")
    assert not in_env.secrets_in_args


@given(st.lists(AWKWARD, max_size=4), AWKWARD)
def test_text_without_variables_is_never_touched(values: list[str], text: str) -> None:
    variables = Variables({}, {"l": tuple(values)})
    plain = text.replace("${", "$ {")
    assert fill(plain, variables, "w") == plain
    assert fill_args((plain, "${user_config.l}"), variables, "w") == (plain, *values)
    assert fill_env({"A": plain}, variables, "w", ":") == {"A": plain}


@pytest.mark.parametrize(
    ("server", "runtimes", "wanted"),
    [
        (ServerPart("node", "x"), {"node": ">=16"}, (Need("node", ">=16"),)),
        (ServerPart("python", "x", "python3"), {"python": ">=3.8"}, (Need("python", ">=3.8"),)),
        (ServerPart("python", "x", "uvx"), {"python": ">=3.8"}, (Need("uvx"),)),
        (ServerPart("uv", "x"), {"python": ">=3.8"}, (Need("uv"),)),
        (ServerPart("binary", "x"), {}, ()),
        (ServerPart("binary", "x", "x"), {}, ()),
        (ServerPart("node", "x", "${__dirname}/node"), {"node": ">=16"}, ()),
    ],
)
def test_what_has_to_be_there_besides_the_bundle(server: ServerPart, runtimes: dict[str, str], wanted: object) -> None:
    manifest = made(server)
    assert wanted == needs(
        Manifest(**{
            **{name: getattr(manifest, name) for name in Manifest.__dataclass_fields__},
            "compatibility": type(manifest.compatibility)(runtimes=runtimes),
        }),
        "linux",
    )  # fmt: skip


def program(folder: Path, name: str, prints: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.behaviour("B-1691")
def test_programs_are_asked_for_their_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "node", "v18.19.1")
    program(tmp_path, "odd", "no idea")
    program(tmp_path, "python", "Python 2.7.18")
    env = {"PATH": f"{tmp_path}:/bin:/usr/bin:."}
    asked = (
        Need("node", ">=16 <19"), Need("node", "^20"), Need("node"), Need("odd", "1"), Need("node", "whatever"),
        Need("gone", ">=1"),
    )  # fmt: skip
    fine, old, any_, odd, unclear, gone = check_runtimes(asked, env)
    assert (fine.version, fine.problem, fine.doubt) == ("18.19.1", "", "")
    assert f"{tmp_path}/node is 18.19.1, and the extension wants ^20; install Node.js" in old.problem
    assert (any_.problem, any_.doubt, any_.path) == ("", "", f"{tmp_path}/node")
    assert "does not say its version" in odd.doubt and "cannot be understood" in unclear.doubt
    assert not odd.problem and not unclear.problem
    assert gone.problem == "gone is not installed, or not in PATH; install gone"
    assert find_program("python3", {"PATH": str(tmp_path)}) == f"{tmp_path}/python"
    assert find_program("python3", {"PATH": "."}) == sys.executable
    # Not what lies where one happens to stand.
    monkeypatch.chdir(tmp_path)
    assert find_program("node", {"PATH": "."}) == "" and find_program("node", {"PATH": f":{tmp_path.name}"}) == ""
    assert find_program("node", {}) == "" and find_program("node", {"PATH": ""}) == ""


@pytest.mark.parametrize(
    ("version", "wanted", "verdict"),
    [
        ("16.0.0", ">=16.0.0", True), ("15.9.9", ">=16.0.0", False), ("3.11.7", ">=3.8,<4.0", True),
        ("4.0.0", ">=3.8,<4.0", False), ("3.8.0", ">=3.8.0 <4", True), ("1.9.9", "^1.2.3", True),
        ("2.0.0", "^1.2.3", False),
        ("0.2.9", "^0.2.3", True), ("0.3.0", "^0.2.3", False), ("0.0.4", "^0.0.3", False), ("1.2.9", "~1.2.3", True),
        ("1.3.0", "~1.2.3", False), ("1.9.0", "~1", True), ("3.9.0", "~=3.8", True), ("4.0.0", "~=3.8", False),
        ("3.8.9", "~=3.8.1", True), ("3.9.0", "~=3.8.1", False), ("18.1.0", "18", True), ("18.1.0", "18.x", True),
        ("18.1.0", "18.2", False), ("20.0.0", "16 || 20", True), ("18.0.0", "16 || >=20", False), ("9.9.9", "*", True),
        ("9.9.9", "", True), ("3.11.0", "<=3.11", True), ("3.11.9", "<=3.11", True), ("3.12.0", "<=3.11", False),
        ("3.11.9", ">3.11", False), ("3.12.0", ">3.11", True), ("1.5.0", "1.2 - 2.0", True),
        ("2.0.5", "1.2 - 2.0", True),
        ("2.1.0", "1.2 - 2.0", False), ("3.10.0", "!=3.10.0", False), ("3.10.1", ">=3.8, !=3.10.0", True),
        ("3.10.1", "==3.10.*", True), ("1.0.0", ">= 1.0.0-beta.1", True), ("1.0.0", "v1", True),
        ("1.0.0", "latest", None),
        ("1.0.0", ">=1 and <2", None), ("1.0.0", "2 || latest", None), ("1.0.0", "1 || latest", True),
        ("x", ">=1", None),
        ("1.2.3", "=1.2.3", True), ("1.2.3", ">=" + "9" * 12, None), ("1.2.3", "1." * 400, None),
    ],
)  # fmt: skip
def test_version_ranges_are_those_of_npm_and_of_python(version: str, wanted: str, verdict: bool | None) -> None:
    assert satisfies(version, wanted) is verdict


@given(st.text("0123456789.<>=~^!|x*, -v", max_size=30))
def test_every_range_is_judged_or_not_understood(wanted: str) -> None:
    assert satisfies("1.2.3", wanted) in (True, False, None)


@pytest.mark.behaviour("B-1692")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "uv"])
def test_our_own_extensions_show_the_configuration_they_were_given(kind: str, tmp_path: Path) -> None:
    import os

    from coder.extensions.content import digest_of
    from coder.extensions.manifest import read_manifest

    if kind == "node" and not find_program("node", os.environ):
        pytest.skip("no node here")
    folder = tmp_path / "store" / kind
    unpack(packed(kind, tmp_path), folder)
    before = digest_of(folder)
    manifest = read_manifest((folder / "manifest.json").read_bytes(), kind)
    token = "a$b&c${HOME}d\\e\"f'g\nh%i$$jé"
    found = launch_of(manifest, folder, {"token": token, "folders": ("/a b", "/c")}, os.environ, sys.platform)
    assert shown_config(found) == Config(token, "10", "false", ("/a b", "/c"))
    assert digest_of(folder) == before
