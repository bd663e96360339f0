"""Sends alerts through Apprise: the one place that knows their URLs, which hold passwords.

Nothing of a URL but its scheme and host is shown, logged or stored, and of what Apprise says about
a failure only the number of an HTTP status is taken: the rest may quote the URL.
https://github.com/caronc/apprise/wiki
"""

import logging
import re
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from config.errors import BadSettings
from config.settings import PREFIX, Settings
from config.values import alert_urls
from sync.alert_texts import Message, trial

if TYPE_CHECKING:
    from apprise import AppriseAsset

SEND_SECONDS = 15.0
"""How long all targets of a message together may take."""

_STATUS = re.compile(r"\berror=(\d{3})\b")
_UNKNOWN = "is no URL that Apprise understands"
_LATE = "did not answer in time"
_REFUSED = "could not be reached or refused it"


@dataclass(frozen=True, slots=True)
class Target:
    """Who is told. `name` is scheme and host, numbered where several have the same."""

    name: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether a target took a message: `error` is a sentence if it did not."""

    target: str
    error: str | None


class AppriseMessenger:
    """Implements `Messenger` with the targets of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def targets(self, org: str) -> Sequence[str]:
        """Who hears of this org: those of all orgs, then its own."""
        return [target.name for target in targets_of(self._settings, org)]

    def send(self, org: str, targets: Sequence[str], message: Message) -> Mapping[str, str | None]:
        """Send to these targets at once; why each did not take it, or None."""
        known = [one for one in targets_of(self._settings, org) if one.name in targets]
        return deliver(known, message)


def send_test(settings: Settings, org: str | None, page_url: str | None = None) -> list[Taken]:
    """Send a test to the targets of an org, or of all orgs and each org's own; who took it."""
    orgs = [org] if org is not None else ["", *sorted(settings.orgs)]
    known = {target.url: target for name in orgs for target in targets_of(settings, name)}
    named = _numbered([target.url for target in known.values()])
    return [Taken(*answer) for answer in deliver(named, trial(org, page_url)).items()]


def targets_of(settings: Settings, org: str) -> list[Target]:
    """Who hears of this org. Files are read now, so that a new one needs no restart."""
    urls = _urls_of("ALERT_URLS_FILE", settings.alert_urls, settings.alert_urls_file)
    if org in settings.orgs:
        own, name = settings.orgs[org], f"ORGS__{org.upper()}__ALERT_URLS_FILE"
        urls += _urls_of(name, own.alert_urls, own.alert_urls_file)
    return _numbered(list(dict.fromkeys(urls)))


def _urls_of(setting: str, urls: Sequence[SecretStr], file: Path | None) -> list[str]:
    found = [url.get_secret_value() for url in urls]
    if file is None:
        return found
    try:
        return found + [url.get_secret_value() for url in alert_urls(file.read_text("utf-8"))]
    except UnicodeDecodeError:
        problem = "is no text; let it hold Apprise URLs, one a line"
    except ValueError as error:
        problem = f"cannot be used; {error}"
    except OSError as error:
        problem = f"cannot be read ({error.strerror}); grant that"
    raise BadSettings([f"{PREFIX}{setting}: {file} {problem}."])


def _numbered(urls: Sequence[str]) -> list[Target]:
    found: dict[str, str] = {}
    for url in urls:
        shown, number = label(url), 1
        name = shown
        while name in found:
            number += 1
            name = f"{shown} ({number})"
        found[name] = url
    return [Target(name, url) for name, url in found.items()]


def label(url: str) -> str:
    """Scheme and host. Of services that have no host, the place of it holds a token: not shown."""
    scheme = url.partition("://")[0].lower()
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    is_host = scheme in _WITH_HOST and re.fullmatch(r"[\w.:-]+", host, re.ASCII)
    return f"{scheme}://{host}" if is_host else f"{scheme}://…"


_WITH_HOST = frozenset(
    kind + tail
    for kind in ("json", "xml", "form", "http", "mailto", "gotify", "mmost", "rocket")
    for tail in ("", "s")
)
"""Schemes whose URLs always name a host there."""


def deliver(targets: Sequence[Target], message: Message) -> dict[str, str | None]:
    """Send to all at once, in a bounded time; why each target did not take it, or None.

    A target that is too slow may take it all the same.
    """
    if not targets:
        return {}
    _load()
    answers: dict[str, str | None] = {}
    threads = [
        threading.Thread(target=_send, args=(target, message, answers), daemon=True)
        for target in targets
    ]
    until = time.monotonic() + SEND_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = {target.name: f"{target.name} {_LATE}." for target in targets}
    return late | dict(answers)


def _send(target: Target, message: Message, answers: dict[str, str | None]) -> None:
    _heard.status = None
    try:
        problem = _attempt(target.url, message)
    except Exception:  # noqa: BLE001 - any of a hundred services; its error may quote the URL
        problem = _REFUSED
    if problem is not None and _heard.status:
        problem = f"answered with status {_heard.status}"
    answers[target.name] = None if problem is None else f"{target.name} {problem}."


def _attempt(url: str, message: Message) -> str | None:
    """Why it was not taken, or None."""
    from apprise import Apprise, NotifyFormat, NotifyType

    sender = Apprise(asset=_asset())
    if not sender.add(url) or len(sender) != 1:
        return _UNKNOWN
    taken = sender.notify(
        body=message.body,
        title=message.title,
        notify_type=NotifyType.SUCCESS if message.is_good else NotifyType.WARNING,
        body_format=NotifyFormat.TEXT,
    )
    return None if taken else _REFUSED


_heard = threading.local()


class _Listener(logging.Handler):
    """Takes the number of an HTTP status from what Apprise logs, and nothing else."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the number for the thread that sends."""
        found = _STATUS.search(record.getMessage())
        if found:
            _heard.status = found[1]


@cache
def _load() -> None:
    """Load Apprise and all its services, once, and keep what it logs away from our log."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import apprise

        apprise.Apprise.instantiate("json://localhost")
    log = logging.getLogger("apprise")
    log.propagate = False
    log.setLevel(logging.WARNING)
    log.handlers[:] = [_Listener()]


def _asset() -> "AppriseAsset":
    """What messages say of their sender: no picture from another host, nothing kept in files."""
    from apprise import AppriseAsset, PersistentStoreMode

    return AppriseAsset(
        app_id="license-sync",
        app_desc="license-sync",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        pgp_autogen=False,
        pem_autogen=False,
        storage_mode=PersistentStoreMode.MEMORY,
    )
