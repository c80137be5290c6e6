#!/bin/bash
cd "$CLAUDE_PROJECT_DIR" || exit 1
[ -f package.json ] && echo "Project: node" || echo "Project: bare"
echo "Today: sunny"
