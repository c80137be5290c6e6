"""The work trees that coder makes: found, made, looked through, kept, removed. Must not know sessions."""
