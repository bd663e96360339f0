"""What the rules say, as findings with one sentence for an admin: no times, no ids."""

from sync.model import NONE, Finding, FindingKind, Licenses
from sync.policy import HOLD, Policy, removed_code

_CONFLICTS = ("mutually_exclusive", "both_held")
KEPT_FOR_SWAP = "kept_for_swap"
_NOTICES = ("implied", KEPT_FOR_SWAP, "released_inactive")


def finding(policy: Policy, code: str, licenses: Licenses, granted: Licenses) -> Finding:
    """The finding `code` about these licenses in a decision that grants `granted`."""
    return Finding(_kind(policy, code), code, licenses, _message(policy, code, licenses, granted))


def labels(licenses: Licenses) -> str:
    """The licenses as people list them: "CTI, Freedom and Record"."""
    *most, last = [name.label for name in licenses]
    return f"{', '.join(most)} and {last}" if most else last


def _kind(policy: Policy, code: str) -> FindingKind:
    if code in _CONFLICTS:
        return FindingKind.CONFLICT
    hints = [hint.code for hint in policy.hints]
    removals = [removed_code(i.license) for i in policy.implies]
    if code in (*_NOTICES, *hints, *removals):
        return FindingKind.NOTICE
    return FindingKind.REFUSAL


def _message(policy: Policy, code: str, licenses: Licenses, granted: Licenses) -> str:
    if code in _CONFLICTS:
        return _conflict(policy, licenses, granted)
    if code == "implied":
        return _implied(policy, licenses, granted)
    for implication in policy.implies:
        if code == removed_code(implication.license):
            gone = implication.license.label
            return f"{labels(licenses)} {_verb(licenses, 'goes', 'go')} with {gone}."
    return _own(code, licenses) or _policys(policy, code, licenses)


def _own(code: str, licenses: Licenses) -> str:
    """The sentence for what every policy can say."""
    names = labels(licenses)
    return {
        "unknown": f"Nothing is written while {names} cannot be read on this user.",
        "inactive": f"{names} {_verb(licenses, 'is', 'are')} not granted to an inactive user.",
        "released_inactive": f"{names} {_verb(licenses, 'is', 'are')} taken from an inactive user.",
        KEPT_FOR_SWAP: f"{names} stays because what was requested instead is not granted.",
    }.get(code, "")


def _policys(policy: Policy, code: str, licenses: Licenses) -> str:
    """The sentences that the policy has for this code, each once."""
    needs = [n.message for n in policy.needs if n.code == code and n.license in licenses]
    requires = [r.message for r in policy.requires if r.code == code and r.license in licenses]
    hints = [h.message for h in policy.hints if h.code == code]
    return " ".join(dict.fromkeys((*needs, *requires, *hints)))


def _conflict(policy: Policy, pair: Licenses, granted: Licenses) -> str:
    stays = pair & granted
    start = f"{labels(pair)} exclude each other"
    if policy.on_conflict != HOLD:
        return f"{start}: {labels(stays)} is preferred until one of the requests is taken back."
    if len(stays) > 1:
        return f"{start} but both are held: both stay until one of the requests is taken back."
    if stays:
        return f"{start}: {labels(stays)} stays until one of the requests is taken back."
    return f"{start}: neither is granted until one of the requests is taken back."


def _implied(policy: Policy, licenses: Licenses, granted: Licenses) -> str:
    sources = NONE
    for name in granted:
        if policy.comes_with(name) & licenses:
            sources |= Licenses.of(name)
    verb = _verb(licenses, "comes", "come")
    return f"{labels(licenses)} {verb} with {labels(sources - licenses)}."


def _verb(licenses: Licenses, one: str, several: str) -> str:
    return one if len(licenses) == 1 else several
