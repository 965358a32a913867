"""The case log: every call's events in SQLite, chained so that later changes show (docs/case-log.md)."""
