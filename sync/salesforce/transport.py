"""What simple-salesforce sends its requests through: everything about a call but its meaning.

simple-salesforce retries a 401 without the call's headers, or without end, and knows no timeouts
(https://github.com/simple-salesforce/simple-salesforce/issues/804). So it gets a session that
never lets it see a 401, or any refusal: each becomes CallFailed in here.
"""

import random
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import sleep
from typing import Any

import requests

from sync.errors import CallFailed, Failure, Remedy
from sync.ports.salesforce import ApiUsage
from sync.salesforce.error_codes import classify_call
from sync.salesforce.exchange import Deadline, Exchange, Timeouts
from sync.salesforce.login import Session

INSTANCE = "https://instance.invalid"
"""Where simple-salesforce believes the org to be. The transport puts the session's instance in its
place at each request: no login is needed to build the client, an org may move, and a token goes
nowhere else."""

CLIENT_NAME = "license-sync"

_PAUSES = (0.2, 0.8)
_WORTH_ANOTHER_TRY = frozenset({"connection_lost", "connection_refused"})
_BUSY_STATUSES = frozenset({502, 503, 504})
_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")

SignIn = Callable[[Exchange, Deadline], Session]


class Transport(Exchange):
    """A requests session that logs in, renews, repeats, and turns refusals into CallFailed.

    Threads may share it: together they log in once. `usage` is what the last answer that said so
    said, None before that.
    """

    def __init__(self, sign_in: SignIn, ca_file: str | Path | None, timeouts: Timeouts) -> None:
        super().__init__(ca_file, timeouts)
        self.headers["Sforce-Call-Options"] = f"client={CLIENT_NAME}"
        self.usage: ApiUsage | None = None
        self._sign_in = sign_in
        self._session: Session | None = None
        self._lock = threading.Lock()
        self._answered = threading.local()

    def request(  # type: ignore[override]
        self, method: str, url: str, *, safe: bool | None = None, **kwargs: Any
    ) -> requests.Response:
        """Send a request of simple-salesforce's; the answer has a status below 300.

        `safe` says that repeating does no harm; None means that it does not for a GET. Raises
        CallFailed, with `maybe_arrived` for an unsafe request that may have been carried out.
        """
        harmless = method == "GET" if safe is None else safe
        deadline = Deadline(self.timeouts)
        for pause in (*(_PAUSES if harmless else ()), None):
            try:
                return self._accepted(method, url, deadline, harmless, kwargs)
            except _Busy as busy:
                error = busy.error
            if pause is None or deadline.remaining < 2 * pause + 1:
                break
            sleep(random.uniform(pause / 2, pause * 1.5))  # noqa: S311
        raise error

    def session(self) -> Session:
        """The session in use; logs in if there is none."""
        return self._any_session(Deadline(self.timeouts))

    def forget_session(self) -> None:
        """The next call logs in."""
        with self._lock:
            self._session = None

    @property
    def server_time(self) -> datetime | None:
        """The Date of the last answer that this thread got, aware and UTC; None without one."""
        value: datetime | None = getattr(self._answered, "at", None)
        return value

    def _accepted(
        self, method: str, url: str, deadline: Deadline, harmless: bool, kwargs: dict[str, Any]
    ) -> requests.Response:
        try:
            response = self._authorized(method, url, deadline, kwargs)
        except CallFailed as error:
            error.maybe_arrived = error.maybe_arrived and not harmless
            if error.failure.code in _WORTH_ANOTHER_TRY:
                raise _Busy(error) from None
            raise
        status = response.status_code
        if status < 300:
            return response
        maybe_arrived = not harmless and (status >= 500 or status == 408)
        failure = classify_call(status, response.content)
        refused = CallFailed(failure, maybe_arrived=maybe_arrived)
        if status in _BUSY_STATUSES:
            raise _Busy(refused)
        raise refused

    def _authorized(
        self, method: str, url: str, deadline: Deadline, kwargs: dict[str, Any]
    ) -> requests.Response:
        """The answer under a session that is accepted; one renewal, then it is a failure."""
        session = self._any_session(deadline)
        response = self._under(session, method, url, deadline, kwargs)
        if not _says_expired(response):
            return response
        response = self._under(self._renewed(session, deadline), method, url, deadline, kwargs)
        if _says_expired(response):
            raise CallFailed(classify_call(401, _EXPIRED))
        return response

    def _under(
        self, session: Session, method: str, url: str, deadline: Deadline, kwargs: dict[str, Any]
    ) -> requests.Response:
        if not url.startswith(INSTANCE + "/"):
            raise CallFailed(_elsewhere())
        headers = dict(kwargs.get("headers") or {})
        headers.pop(
            "X-PrettyPrint", None
        )  # simple-salesforce always asks for it: bytes for nothing
        headers["Authorization"] = f"Bearer {session.access_token}"
        there = session.instance_url + url.removeprefix(INSTANCE)
        response = self.exchange(method, there, deadline, **{**kwargs, "headers": headers})
        self._note(response)
        return response

    def _note(self, response: requests.Response) -> None:
        self._answered.at = _date(response.headers.get("Date"))
        found = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if found:
            self.usage = ApiUsage(int(found[1]), int(found[2]))

    def _any_session(self, deadline: Deadline) -> Session:
        if self._session is None:
            with self._lock:
                if self._session is None:
                    self._session = self._signed_in(deadline)
        return self._session

    def _renewed(self, expired: Session, deadline: Deadline) -> Session:
        """Another session than `expired`; whoever comes first logs in for all."""
        with self._lock:
            if self._session is expired or self._session is None:
                self._session = self._signed_in(deadline)
            session = self._session
        if session.organization_id != expired.organization_id:
            raise CallFailed(_other_organization(expired, session))
        return session

    def _signed_in(self, deadline: Deadline) -> Session:
        try:
            return self._sign_in(self, deadline)
        except CallFailed as error:
            error.maybe_arrived = False  # the login may have; the call that needs it has not
            raise


class _Busy(Exception):
    """A failure that another try may mend."""

    def __init__(self, error: CallFailed) -> None:
        super().__init__()
        self.error = error


_EXPIRED = b'[{"errorCode":"INVALID_SESSION_ID","message":"also after a new login"}]'


def _says_expired(response: requests.Response) -> bool:
    """401 whatever its body; the userinfo endpoint says 403 and `Bad_OAuth_Token` instead."""
    if response.status_code == 403:
        return response.content[:100].strip() == b"Bad_OAuth_Token"
    return response.status_code == 401


def _date(header: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)


def _elsewhere() -> Failure:
    return Failure(
        "odd_answer",
        "Salesforce named an address on another host as the next one; it is asked again.",
        Remedy.RETRY,
        30,
    )


def _other_organization(before: Session, now: Session) -> Failure:
    return Failure(
        "other_organization",
        f"Another organization answers than before ({now.organization_id}, it was"
        f" {before.organization_id}), so nothing is written: correct LOGIN_URL, or look at the new"
        " one with `license-sync orgs plan` and approve it with `license-sync orgs approve`.",
        Remedy.STOP_ORG,
        60,
    )
