"""Reconciles, plans, adoptions and undoings: start one, watch it, read what it would do."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from admin import run_actions
from admin.access import require_sight, signed_in
from admin.pages.csv import csv_answer
from admin.pages.page import Page, changing, place, reading, text
from admin.pages.queries import one_of, orgs_of, visible
from sync.errors import NotAllowed
from sync.model import License
from sync.ports.browse import Change, ItemQuery, RunQuery, every
from sync.ports.runs import Run, RunKind, RunStatus
from sync.rows import ITEM_FIELDS, of_item

MOVING = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.APPLYING)


class Runs(Page):
    """Past runs, and one run with its items."""

    path = "/runs"
    menu_label = "Reconcile"

    @reading("")
    def index(self, request: Request) -> Response:
        """All runs, newest first, and what can be started."""
        person, chosen = signed_in(request), request.query_params
        kind = one_of(RunKind, chosen.get("kind", ""))
        query = RunQuery(
            orgs=visible(person, text(chosen, "org")), kinds=(kind,) if kind is not None else ()
        )
        listing = self.services.store.list_runs(query, place(request))
        return self.render(
            request,
            "pages/runs.html",
            chosen=chosen,
            listing=listing,
            kinds=[kind.value for kind in RunKind],
            orgs=orgs_of(self.services, person),
            is_moving=any(run.status in MOVING for run in listing.rows),
        )

    @reading("/{id:int}")
    def show(self, request: Request) -> Response:
        """One run: how far it is, what it would do to whom, and what can be done with it."""
        run = self._run(request)
        query = self._items(request, run)
        store = self.services.store
        waiting = store.waiting_of(run.id) if run.kind is RunKind.RECONCILE else 0
        expected = run_actions.expected_users(self.services, run)
        return self.render(
            request,
            "pages/run.html",
            run=run,
            chosen=request.query_params,
            listing=store.list_items(query, place(request)),
            totals=store.totals(run.id),
            expected=max(expected, run.users_read),
            waiting=waiting,
            is_moving=run.status in MOVING or waiting > 0,
            approvable=run_actions.approvable(self.services, run),
            undoable=run.kind is RunKind.RECONCILE or run.applied_at is not None,
        )

    @reading("/{id:int}/csv")
    def csv(self, request: Request) -> Response:
        """The items that the filters find, as CSV."""
        run = self._run(request)
        rows = (
            of_item(item)
            for item in every(self.services.store.list_items, self._items(request, run))
        )
        return csv_answer(f"run-{run.id}", ITEM_FIELDS, rows)

    @changing("/start")
    def start(self, request: Request, form: FormData) -> str:
        """Queue a plan or a reconcile of an org."""
        org = text(form, "org")
        kind = one_of(RunKind, text(form, "kind"))
        if kind is None:
            raise NotAllowed("Choose a plan or a reconcile.")
        run_id = run_actions.start_run(self.services, signed_in(request), org, kind)
        return f"Run {run_id} waits for a worker: it shows below."

    @changing("/{id:int}/approve")
    def approve(self, request: Request, form: FormData) -> str:
        """Approve a plan: all of it, or only what it grants."""
        run_id = request.path_params["id"]
        only_grants = text(form, "scope") == "grants"
        applying = run_actions.approve(
            self.services, signed_in(request), run_id, only_grants=only_grants
        )
        what = "its grants are" if only_grants else "it is"
        return f"Plan {run_id} is approved: {what} carried out by run {applying}."

    @changing("/{id:int}/stop")
    def stop(self, request: Request, _form: FormData) -> str:
        """Stop a run."""
        run_id = request.path_params["id"]
        run_actions.stop_run(self.services, signed_in(request), run_id)
        return f"Run {run_id} is stopped: what it wrote stays, whom it noticed is parked."

    @changing("/{id:int}/undo")
    def undo(self, request: Request, _form: FormData) -> str:
        """Plan the undoing of a run."""
        run_id = request.path_params["id"]
        new = run_actions.undo_run(self.services, signed_in(request), run_id)
        return f"Run {new} plans how to undo run {run_id}: nothing is written until it is approved."

    def _run(self, request: Request) -> Run:
        run = self.services.store.run(request.path_params["id"])
        require_sight(request, run.org)
        return run

    def _items(self, request: Request, run: Run) -> ItemQuery:
        chosen = request.query_params
        return ItemQuery(
            run_id=run.id,
            change=one_of(Change, chosen.get("change", "")),
            license=one_of(License, chosen.get("license", "")),
            search=text(chosen, "q"),
        )
