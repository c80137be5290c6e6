"""What "from now on" saves: one narrow rule for each part that needs leave, and never the text itself (P8)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.policy import policy, project

COMMIT = """git add a && \\
git commit -m "$(cat <<'EOF'
feat: a change

with a body
EOF
)\""""


@pytest.mark.behaviour("B-665")
def test_p8_one_rule_for_each_part_and_not_the_text(tmp_path: Path) -> None:
    judged = policy(project(tmp_path)).bash(COMMIT)
    assert (judged.verdict, judged.suggestions) == ("ask", ("Bash(git add *)", "Bash(git commit *)"))
    assert policy(project(tmp_path), allow=judged.suggestions).bash(COMMIT).verdict == "allow"


@pytest.mark.behaviour("B-665")
def test_the_rules_of_a_plain_compound_allow_it(tmp_path: Path) -> None:
    text = "git add a && git commit -m x"
    judged = policy(project(tmp_path)).bash(text)
    assert judged.suggestions == ("Bash(git add *)", "Bash(git commit *)")
    assert policy(project(tmp_path), allow=judged.suggestions).bash(text).verdict == "allow"
