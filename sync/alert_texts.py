"""What alerts say. They go into mails and chats: what others wrote is made harmless here.

Names and sentences may come from Salesforce records, where an admin or an attacker typed them.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sync.ports.alerts import PROGRAM, Alert, AlertKind, Gathered
from sync.ports.brake import Brake

NAME, SENTENCE = 80, 400
"""The longest name and the longest sentence, in characters."""

_MARKUP = str.maketrans(
    {"@": "(at)", "<": "‹", ">": "›", "[": "(", "]": ")", "`": "'", "*": "·", "~": "-"}
    | {"|": "/", "\\": "/", "#": "·"}
)
"""What makes a mention, a link, a tag or emphasis in some mail or chat."""

_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*:/+", re.IGNORECASE)
_EMPHASIS = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])|__+")


def harmless(text: str, longest: int = NAME) -> str:
    """The text on one short line: no mention, no markup, no link, nothing that turns it around."""
    shown = "".join(letter if _is_visible(letter) else " " for letter in text)
    shown = unicodedata.normalize("NFKC", shown).translate(_MARKUP)
    shown = _EMPHASIS.sub("-", _ADDRESS.sub("", shown))
    shown = " ".join(shown.split())
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def _is_visible(letter: str) -> bool:
    """Not a control, format or private character, nor half of one."""
    return unicodedata.category(letter)[0] != "C"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: plain text. `is_good` says that it brings no bad news."""

    title: str
    body: str
    is_good: bool = False


_HEADS = {
    AlertKind.CONFLICTS: "new conflicts",
    AlertKind.PARKED: "parked users",
    AlertKind.BRAKE: "the brake holds",
    AlertKind.TROUBLE: "the org cannot be worked on",
    AlertKind.BACKLOG: "users wait too long",
    AlertKind.WORKERS: "a worker is silent",
    AlertKind.CREDENTIALS: "credentials expire",
}

_MENDS = {
    AlertKind.CONFLICTS: "Decide each: on the page, or with license-sync conflicts list.",
    AlertKind.PARKED: "Run license-sync parked list: it says why and what to mend; then try again.",
    AlertKind.BRAKE: "Look at who would lose what; then release the brake or correct the records.",
    AlertKind.TROUBLE: "Run license-sync check: it says line by line what to mend.",
    AlertKind.BACKLOG: "Run license-sync status: it says what is wrong; see that the workers run.",
    AlertKind.WORKERS: "Look at its log, and start it again; what is pending waits.",
    AlertKind.CREDENTIALS: "Make new ones, set them and their date, and restart.",
}

_ENDS = {
    AlertKind.CONFLICTS: "None of them waits any more.",
    AlertKind.PARKED: "None of them is parked any more.",
    AlertKind.BRAKE: "The brake does not hold any more.",
    AlertKind.TROUBLE: "The org is worked on again.",
    AlertKind.BACKLOG: "Nobody has to wait that long any more.",
    AlertKind.WORKERS: "It works again.",
    AlertKind.CREDENTIALS: "Another date is set.",
}


def message_of(alert: Alert, page_url: str | None) -> Message:
    """What is to be told of an alert now: that it began, or that it is over."""
    over = alert.over_at is not None
    who = "" if alert.org == PROGRAM else f" {harmless(alert.org)}:"
    lines = [alert.summary, _ENDS[alert.kind] if over else _MENDS[alert.kind]]
    times = f"Since {alert.since:%Y-%m-%d %H:%M} UTC"
    if alert.over_at is not None:
        times += f", over {alert.over_at:%Y-%m-%d %H:%M} UTC"
    lines.append(f"{times}.")
    if page_url:
        lines.append(page_url)
    title = f"license-sync:{who} {'over: ' if over else ''}{_HEADS[alert.kind]}"
    return Message(title, "\n".join(lines), over)


def trial(org: str | None, page_url: str | None) -> Message:
    """What is sent to try the targets."""
    whose = f"of {harmless(org)} " if org else ""
    body = f"This is a test: alerts {whose}reach you here. Nothing is wrong."
    return Message("license-sync: a test", f"{body}\n{page_url}" if page_url else body, True)


def news(gathered: Gathered) -> str:
    """How many users there are of late, and the names of a few."""
    noun = "new conflict" if gathered.kind is AlertKind.CONFLICTS else "newly parked user"
    count = gathered.count
    who = f"{noun} waits" if count == 1 else f"{noun}s wait"
    return f"{count} {who} for a person: {_named(gathered.names, count)}."


def _named(names: Sequence[str], count: int) -> str:
    """A few names out of so many."""
    shown = ", ".join(harmless(name) or "a user without a name" for name in names)
    more = count - len(names)
    return f"{shown} and {more} more" if more > 0 else shown


def held(brake: Brake) -> str:
    """What the brake holds and why."""
    much = f"{brake.licenses} licenses of {brake.users} users"
    return harmless(f"The removal of {much} waits for an approval: {brake.reason}", SENTENCE)


def expires(on: date, days: int) -> str:
    """How soon the credentials expire. `days` is the warning's number of days."""
    within = "within a day" if days == 1 else f"within {days} days"
    return f"The credentials of this org expire on {on.isoformat()}, {within}."
