"""Why a message is not acknowledged: Salesforce then sends it again, for a day."""

from enum import StrEnum


class Reason(StrEnum):
    """In one word, as metrics have it."""

    TOKEN = "token"  # noqa: S105 - a word, no token
    METHOD = "method"
    CERTIFICATE = "certificate"
    NOT_XML = "not_xml"
    RATE = "rate"
    SIZE = "size"
    SLOW = "slow"
    ODD = "odd"
    ORGANIZATION = "organization"
    NOT_KNOWN = "not_known"
    DATABASE = "database"


class Refusal(Exception):
    """A message that is not taken; the text is a sentence that quotes nothing of it."""

    def __init__(self, status: int, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.reason = reason
