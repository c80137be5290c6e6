#!/bin/sh
# Any other service: what branch a change is meant for, and what is proposed. ANTHROPIC_API_KEY is in the environment.
set -eu
git fetch --no-tags origin main
coder ci review --base origin/main --head HEAD --max-budget-usd 2 > review.md
