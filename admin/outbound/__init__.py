"""Where orgs without change events tell of edits: outbound messages, taken by this process."""
