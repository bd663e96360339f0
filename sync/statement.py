"""What is written on the record and into the history about a decision: pure functions of it."""

from sync.model import Decision, FindingKind, Status

MESSAGE_LIMIT = 255


def status_of(decision: Decision) -> Status:
    """What the record says about this decision."""
    kinds = {finding.kind for finding in decision.findings}
    if FindingKind.CONFLICT in kinds:
        return Status.CONFLICT
    return Status.CORRECTED if FindingKind.REFUSAL in kinds else Status.IN_SYNC


def message_of(decision: Decision) -> str:
    """What the record says is wrong with the request; empty where nothing is.

    Notices are left out: they belong to the history, and some of them end with the write that they
    are about, so that a record which holds them would never be settled by one write.
    """
    return _fitted(" ".join(finding.message for finding in decision.to_log))


def reason_of(decision: Decision) -> str:
    """Everything that the decision says, most important first: for the history and for plans."""
    return _fitted(" ".join(finding.message for finding in decision.findings))


def failed_message(reason: str) -> str:
    """What the record says when it was given up on."""
    return _fitted(reason)


def same_text(a: str | None, b: str | None) -> bool:
    """Whether Salesforce could have made one of the other by storing it.

    It trims text, stores empty text as null and may change line ends.
    """
    return _normal(a) == _normal(b)


def _normal(text: str | None) -> str:
    return " ".join((text or "").split())


def _fitted(text: str) -> str:
    text = _normal(text)
    if len(text) <= MESSAGE_LIMIT:
        return text
    # One character is for the ellipsis, one more for the space that a whole word is followed by.
    cut = text[:MESSAGE_LIMIT]
    words = cut.rpartition(" ")[0]
    return f"{words or cut[:-1]}…"
