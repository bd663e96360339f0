"""One org: observing, armed or paused; its plan, its brake, and what a person can do about them."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin import actions, run_actions
from admin.access import require_sight, signed_in
from admin.pages.page import Page, changing, reading, text
from admin.pages.queries import day
from sync.errors import NotAllowed, UnknownReference
from sync.ports.browse import RunQuery
from sync.ports.runs import RunKind

SHOWN = 50
"""Users of the brake that the page lists; the parked list has all of them."""


class Orgs(Page):
    """The page of one org."""

    path = "/orgs"
    menu_label = "Orgs"

    @reading("")
    def index(self, _request: Request) -> Response:
        """The overview lists the orgs."""
        return RedirectResponse("/", status_code=303)

    @reading("/{org}")
    def show(self, request: Request) -> Response:
        """State, plan, brake, pause."""
        org = request.path_params["org"]
        require_sight(request, org)
        if org not in self.services.runtime.org_names:
            raise UnknownReference(f"There is no org {org}.")
        store, only = self.services.store, frozenset({org})
        brake = next((brake for brake in store.brakes() if brake.org == org), None)
        return self.render(
            request,
            "pages/org.html",
            org=self.services.org(org),
            brake=brake,
            held=store.held_removals(org, limit=SHOWN) if brake is not None else [],
            plan=run_actions.newest_plan(self.services, org),
            runs=store.list_runs(RunQuery(orgs=only)).rows[:10],
        )

    @changing("/{org}/plan")
    def plan(self, request: Request, form: FormData) -> str:
        """Queue a plan, a reconcile or an adoption's plan."""
        kinds = {"plan": RunKind.PLAN, "reconcile": RunKind.RECONCILE, "adopt": RunKind.ADOPT}
        kind = kinds.get(text(form, "kind"))
        if kind is None:
            raise NotAllowed("Choose what is to be started.")
        org = request.path_params["org"]
        run_id = run_actions.start_run(self.services, signed_in(request), org, kind)
        return f"Run {run_id} waits for a worker: it shows below."

    @changing("/{org}/pause")
    def pause(self, request: Request, _form: FormData) -> str:
        """Stop writing to this org."""
        org = request.path_params["org"]
        actions.pause(self.services.store, signed_in(request), org)
        return f"Nothing is written to {org} from now on; what changes there waits."

    @changing("/{org}/resume")
    def resume(self, request: Request, _form: FormData) -> str:
        """Let writes go on."""
        org = request.path_params["org"]
        actions.resume(self.services.store, signed_in(request), org)
        return f"{org} goes on."

    @changing("/{org}/release")
    def release(self, request: Request, _form: FormData) -> str:
        """Approve what the brake holds."""
        org = request.path_params["org"]
        count = actions.release_brake(self.services.store, signed_in(request), org)
        return f"Released: the licenses of {count} users are removed now."

    @changing("/{org}/hold")
    def hold(self, request: Request, form: FormData) -> str:
        """Trip the brake by hand."""
        org, reason = request.path_params["org"], text(form, "reason")
        actions.hold_removals(self.services.store, signed_in(request), org, reason)
        return f"No license is removed in {org} until somebody releases the brake."

    @changing("/{org}/undo")
    def undo(self, request: Request, form: FormData) -> str:
        """Plan the undoing of a stretch of history."""
        since, until = day(text(form, "since")), day(text(form, "until"))
        if since is None:
            raise NotAllowed("Say since when, as 2026-11-24T14:00 in UTC.")
        org = request.path_params["org"]
        run_id = run_actions.undo_stretch(self.services, signed_in(request), org, since, until)
        return f"Run {run_id} plans the undoing: nothing is written until it is approved."
