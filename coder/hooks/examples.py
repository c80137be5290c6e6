"""An input of each event as it could come, to try a hook with. Must not know how hooks are run."""

from __future__ import annotations

from coder.core.messages import Json
from coder.hooks import inputs
from coder.hooks.inputs import Common

_BASH: Json = {"command": "npm test", "description": "Run the tests"}
_SHELL_OUTPUT: Json = {"stdout": "ok\n", "stderr": "", "interrupted": False, "isImage": False}


def examples(cwd: str) -> dict[str, Json]:
    common = Common("00000000-0000-4000-8000-000000000000", f"{cwd}/transcript.jsonl", cwd, prompt_id="example")
    edit: Json = {"file_path": f"{cwd}/app.py", "old_string": "a", "new_string": "b"}
    made = (
        inputs.session_start(common, "startup"),
        inputs.setup(common, "init"),
        inputs.session_end(common, "other"),
        inputs.instructions_loaded(common, f"{cwd}/CLAUDE.md", "Project", "session_start"),
        inputs.user_prompt_submit(common, "Fix the failing test"),
        inputs.user_prompt_expansion(common, "review", "main", "project", "Review the changes against main"),
        inputs.message_display(common, "turn-1", "msg_1", 0, "Done.", final=True),
        inputs.pre_tool_use(common, "Bash", _BASH, "toolu_example"),
        inputs.permission_request(common, "Bash", _BASH),
        inputs.permission_denied(common, "Bash", _BASH, "toolu_example", "It was not asked for."),
        inputs.post_tool_use(common, "Bash", _BASH, "toolu_example", _SHELL_OUTPUT, 1200),
        inputs.post_tool_use_failure(common, "Bash", _BASH, "toolu_example", "Exit code 1\n1 failed", 1200),
        inputs.post_tool_batch(common, [inputs.batch_call("Edit", edit, "toolu_example", "The file was changed.")]),
        inputs.notification(common, "coder needs your permission to use Bash", "permission_prompt"),
        inputs.subagent_start(common, "agent-1", "explorer"),
        inputs.subagent_stop(common, "agent-1", "explorer", f"{cwd}/agent.jsonl", "Found it.", active=False),
        inputs.task_created(common, "1", "Write the test"),
        inputs.task_completed(common, "1", "Write the test"),
        inputs.stop(common, "All tests pass.", active=False),
        inputs.stop_failure(common, "rate_limit"),
        inputs.teammate_idle(common, "tester", "team"),
        inputs.config_change(common, "project_settings", f"{cwd}/.claude/settings.json"),
        inputs.cwd_changed(common, cwd, f"{cwd}/src"),
        inputs.directory_added(common, f"{cwd}/lib", "flag"),
        inputs.file_changed(common, f"{cwd}/.env", "change"),
        inputs.worktree_create(common, "feature"),
        inputs.worktree_remove(common, f"{cwd}/feature"),
        inputs.pre_compact(common, "auto", ""),
        inputs.post_compact(common, "auto", "The test was fixed."),
        inputs.elicitation(common, "server", "Which account?", mode="form"),
        inputs.elicitation_result(common, "server", "accept"),
    )
    return {payload["hook_event_name"]: payload for payload in made}
