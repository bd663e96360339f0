"""What people were told of, and whether they can be reached."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from admin.access import Refused, signed_in
from admin.pages.page import Page, changing, reading, text
from admin.pages.queries import orgs_of
from config.alerting import send_test
from sync.errors import NotAllowed
from sync.phrases import counted
from sync.ports.alerts import PROGRAM

SHOWN = 200


class Alerts(Page):
    """The newest alerts, and the test."""

    path = "/alerts"
    menu_label = "Alerts"

    @reading("")
    def index(self, request: Request) -> Response:
        """Alerts of the orgs that somebody may see; those of the whole program are for all."""
        person = signed_in(request)
        found = self.services.store.alerts(limit=SHOWN)
        settings = self.services.runtime.settings
        orgs = orgs_of(self.services, person)
        return self.render(
            request,
            "pages/alerts.html",
            alerts=[one for one in found if one.org == PROGRAM or person.sees(one.org)],
            orgs=orgs,
            is_set=bool(settings.alert_urls or settings.alert_urls_file)
            or any(settings.orgs[org].alert_urls for org in orgs),
        )

    @changing("/test")
    def test(self, request: Request, form: FormData) -> str:
        """Send a test to whoever hears of an org, or to everybody."""
        person, org = signed_in(request), text(form, "org")
        if (org and not person.sees(org)) or (not org and person.orgs is not None):
            raise Refused("Your account does not reach everybody who would get this.")
        answers = send_test(self.services.runtime.settings, org or None)
        if not answers:
            raise NotAllowed("Nobody is told: set LICENSE_SYNC_ALERT_URLS, or an org's ALERT_URLS.")
        failed = [one.error for one in answers if one.error is not None]
        if failed:
            raise NotAllowed(" ".join(failed))
        return f"{counted(len(answers), 'target')} took the test message."
