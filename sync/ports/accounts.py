"""Who may use the review page and its API: accounts, their sessions, and tokens for programs."""

from enum import StrEnum


class Role(StrEnum):
    """What an account may do."""

    VIEWER = "viewer"
    ADMIN = "admin"
