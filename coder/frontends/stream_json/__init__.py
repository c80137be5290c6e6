"""`-p` as JSON: one result object, or one line per message. Knows the SDK's wire shapes; never text or the REPL."""
