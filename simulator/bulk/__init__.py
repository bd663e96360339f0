"""Bulk API 2.0: jobs that load and query records in the background."""
