"""What looks like a credential leaves this machine in no export. They are put together here so that no scanner of
repositories takes them for real ones."""

from __future__ import annotations

import json

import pytest

from coder.telemetry.credentials import without_credentials

pytestmark = pytest.mark.behaviour("B-513")
RUN = "a1B2c3D4e5F6g7H8i9J0" * 2
SAMPLES = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "aws_secret_access_key = " + "wJalrXUtnFEMI/K7MDENG/bPx",
    "ghp_" + RUN,
    "github_pat_" + RUN,
    "glpat-" + RUN,
    "xoxb-" + "123456789012-" + RUN,
    "AIza" + RUN,
    "npm_" + RUN,
    "sk-proj-" + RUN,
    "sk_live_" + RUN,
    "eyJ" + RUN + "." + RUN + "." + RUN,
    "postgres://shop:" + "p4ssw0rd@db/x",
    f"https://{RUN}@github.com/a/b",
    f"https://example.com/?access_token={RUN}&x=1",
    f"https://bucket.example.com/b?X-Amz-Signature={RUN}",
    'export PASSWORD="correct horse battery"',
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nxyz1\n-----END RSA PRIVATE KEY-----",
]
PARTS = ("FODNN7", "MDENG", RUN, "p4ssw0rd", "horse", "battery", "MIIE", "xyz1")


@pytest.mark.parametrize("sample", SAMPLES)
def test_credentials_are_hidden_plain_and_quoted_in_json(sample: str) -> None:
    once = json.dumps({"command": f"{sample} && ls"})
    for text in (f"before {sample} after", once, json.dumps({"content": once})):
        shown = without_credentials(text)
        assert "[hidden]" in shown and not [part for part in PARTS if part in shown], shown


@pytest.mark.parametrize(
    "text",
    [
        "token = tokenizer.next_token()",
        "max_tokens=4096, the token budget: 30000",
        "git@github.com:a/b and https://example.com/a@b?page=1 and ssh://git@host/x",
        "sk-short, task-based-thinking-about-things, a commit 0123456789abcdef0123456789abcdef01234567",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert without_credentials(text) == text


@pytest.mark.parametrize("piece", ["a", "a-", "eyJa.", "a://", "http://a:", "-----BEGIN PRIVATE KEY-----", "?a="])
def test_a_long_text_is_read_once(piece: str) -> None:
    """Quadratic time would be half an hour here."""
    assert without_credentials(piece * (300_000 // len(piece)))
