#!/usr/bin/env bash
# Denies by JSON; reads its input with cat.
set -euo pipefail
input=$(cat)
if [[ "$input" == *'"/etc/'* ]]; then
  cat <<'JSON'
{
  "hookSpecificOutput": {
    "hookEventName": "PreToolUse",
    "permissionDecision": "deny",
    "permissionDecisionReason": "outside of the project"
  }
}
JSON
fi
exit 0
