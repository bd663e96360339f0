"""The conflict log: what waits for a decision, one entry with its reasons, and the deciding."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from admin import actions
from admin.access import SignedIn, require_sight, signed_in
from admin.pages.csv import csv_answer
from admin.pages.page import Page, changing, place, reading, text
from admin.pages.queries import day, one_of, orgs_of
from sync.errors import NotAllowed, SyncError
from sync.model import CATALOGUE, FindingKind, License, Licenses
from sync.phrases import counted, names
from sync.ports.browse import EntryQuery, EntrySort, HistoryQuery, Listing, Place, every
from sync.ports.conflict_log import LIVE_STATUSES, Entry, EntryStatus
from sync.ports.history import HistoryOutcome, HistoryRow
from sync.rows import ENTRY_FIELDS, of_entry

AGES = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "7d": timedelta(days=7)}
AT_ONCE = 500
"""Entries that one press of a button decides; more are decided by pressing again."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a decision has come. `hint` says why it is not further, if that is known."""

    decided: bool
    written: bool
    settled: bool
    hint: str | None


class Conflicts(Page):
    """The list, an entry, and what can be done to entries."""

    path = "/conflicts"
    menu_label = "Conflicts"

    @reading("")
    def index(self, request: Request) -> Response:
        """The list with its filters."""
        person = signed_in(request)
        query = self._query(person, request.query_params)
        listing = self.services.store.list_entries(query, place(request))
        return self.render(
            request,
            "pages/conflicts.html",
            query=query,
            chosen=request.query_params,
            listing=listing,
            names=self._names(listing),
            orgs=orgs_of(self.services, person),
            keeps=_keeps(listing.rows),
            is_moving=any(e.status is EntryStatus.DECIDING for e in listing.rows),
        )

    @reading("/csv")
    def csv(self, request: Request) -> Response:
        """Everything that the filters find, as CSV."""
        query = self._query(signed_in(request), request.query_params)
        rows = (of_entry(entry) for entry in self._every(query))
        return csv_answer("conflicts", ENTRY_FIELDS, rows)

    @reading("/{id:int}")
    def show(self, request: Request) -> Response:
        """One entry: both sets of flags with the rules' sentences, history, what came before."""
        store = self.services.store
        entry = store.entry(request.path_params["id"])
        require_sight(request, entry.org)
        history = store.list_history(
            HistoryQuery(orgs=frozenset({entry.org}), user_id=entry.user_id), Place(limit=20)
        )
        others = store.list_entries(
            EntryQuery(
                orgs=frozenset({entry.org}), user_id=entry.user_id, statuses=tuple(EntryStatus)
            ),
            Place(limit=20),
        )
        return self.render(
            request,
            "pages/conflict.html",
            entry=entry,
            known=store.known_user(entry.org, entry.user_id),
            explained=actions.explained(self.services, entry.org, entry.user_id),
            progress=self._progress(entry, history.rows),
            history=history.rows,
            actors=self.actors(history.rows),
            others=[other for other in others.rows if other.id != entry.id],
            record_url=actions.record_url(self.services, entry.org, entry.user_id),
        )

    @changing("/{id:int}/resolve")
    def resolve(self, request: Request, form: FormData) -> str:
        """Decide one conflict."""
        person, entry = signed_in(request), _chosen(str(request.path_params["id"]), form)
        keep = _keep(form)
        decided = actions.resolve(
            self.services.store, person, entry.id, keep, text(form, "note", 1000), entry.seen
        )
        what = names(keep) if keep else "none of them"
        return f"{decided.username} keeps {what}: the worker carries it out."

    @changing("/{id:int}/dismiss")
    def dismiss(self, request: Request, form: FormData) -> str:
        """Put one entry aside."""
        id_, note = request.path_params["id"], text(form, "note", 1000)
        entry = actions.dismiss(self.services.store, signed_in(request), id_, note)
        return f"Entry {entry.id} is put aside until its request changes."

    @changing("/{id:int}/look-again")
    def look_again(self, request: Request, _form: FormData) -> str:
        """Have the worker look at the user again now."""
        id_ = request.path_params["id"]
        entry = actions.look_again(self.services.store, signed_in(request), id_)
        return f"The worker looks at {entry.username or entry.user_id} again."

    @changing("/many")
    def many(self, request: Request, form: FormData) -> str:
        """Do the same to many entries: those ticked, or all that the filters find."""
        person, store, what = signed_in(request), self.services.store, text(form, "do")
        note, keep = text(form, "note", 1000), _keep(form)
        done, not_done = 0, list[str]()
        for chosen in self._chosen(person, form):
            try:
                match what:
                    case "resolve":
                        actions.resolve(store, person, chosen.id, keep, note, chosen.seen)
                    case "dismiss":
                        actions.dismiss(store, person, chosen.id, note)
                    case "look-again":
                        actions.look_again(store, person, chosen.id)
                    case _:
                        raise NotAllowed("Choose what is to be done.")
            except SyncError as error:
                not_done.append(str(error))
            else:
                done += 1
        return _outcome(done, not_done)

    def _chosen(self, person: SignedIn, form: FormData) -> list["_Chosen"]:
        if form.get("every"):
            query = self._shown(person, form)
            found = [_Chosen(entry.id, None) for entry in islice(self._every(query), AT_ONCE)]
        else:
            found = [_chosen(str(value), form) for value in form.getlist("id")][:AT_ONCE]
        if not found:
            raise NotAllowed("Nothing is chosen: tick the rows that you mean.")
        return found

    def _shown(self, person: SignedIn, form: FormData) -> EntryQuery:
        """What the filters found when the page was loaded, and of that what is open."""
        query = self._query(person, QueryParams(text(form, "query", 4000)))
        shown_at = day(text(form, "shown_at"))
        if shown_at is None:
            raise NotAllowed("The page did not say when it was loaded: load it again.")
        older = [at for at in (query.opened_before, shown_at) if at is not None]
        return replace(query, statuses=(EntryStatus.OPEN,), opened_before=min(older))

    def _every(self, query: EntryQuery) -> Iterator[Entry]:
        return every(self.services.store.list_entries, query)

    def _query(self, person: SignedIn, chosen: QueryParams) -> EntryQuery:
        status, age = chosen.get("status", ""), chosen.get("age", "")
        statuses = tuple(EntryStatus) if status == "all" else LIVE_STATUSES
        if one := one_of(EntryStatus, status):
            statuses = (one,)
        older = AGES.get(age)
        org = text(chosen, "org")
        return EntryQuery(
            orgs=person.orgs if not org else frozenset({org} if person.sees(org) else ()),
            kind=one_of(FindingKind, chosen.get("kind", "")),
            statuses=statuses,
            license=one_of(License, chosen.get("license", "")),
            opened_before=self.services.store.now() - older if older else None,
            search=text(chosen, "q"),
            sort=one_of(EntrySort, chosen.get("sort", "")) or EntrySort.NEWEST,
        )

    def _names(self, listing: Listing[Entry]) -> dict[tuple[str, str], str]:
        return self.services.store.names_of([(e.org, e.user_id) for e in listing.rows])

    def _progress(self, entry: Entry, history: tuple[HistoryRow, ...]) -> Progress:
        waiting = self.services.store.waiting(entry.org, entry.user_id)
        mine = [row for row in history if row.intent.conflict_id == entry.id]
        written = any(row.outcome is HistoryOutcome.CONFIRMED for row in mine)
        settled = entry.status is EntryStatus.RESOLVED
        hint = waiting.error if waiting is not None and not settled else None
        if hint is None and mine and not written:
            hint = mine[0].error
        decided = entry.resolution is not None
        return Progress(decided, written or (settled and decided), settled, hint)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """An entry somebody means, with the flags it showed them (requested, held), if it did."""

    id: int
    seen: tuple[Licenses, Licenses] | None


def _chosen(value: str, form: FormData) -> _Chosen:
    """From `ID` or `ID:REQUESTED:HELD`, letters as on the record; NotAllowed."""
    id_, _, codes = value.partition(":")
    codes = codes or text(form, "seen")
    try:
        number = int(id_)
        if not codes:
            return _Chosen(number, None)
        requested, _, held = codes.partition(":")
        return _Chosen(number, (Licenses.from_code(requested), Licenses.from_code(held)))
    except ValueError as error:
        raise NotAllowed("The page sent a row that is none: load it again.") from error


def _keep(form: FormData) -> Licenses:
    keep = text(form, "keep")
    if keep in ("", "none"):
        return Licenses()
    license = one_of(License, keep)
    if license is None:
        raise NotAllowed(f"There is no license {keep!r}.")
    return Licenses.of(license)


def _keeps(entries: tuple[Entry, ...]) -> list[License]:
    """The sides that somebody can choose for the conflicts on this page."""
    named = Licenses()
    for entry in entries:
        if entry.kind is FindingKind.CONFLICT:
            named |= entry.licenses
    return [license for license in CATALOGUE if license in named]


def _outcome(done: int, not_done: list[str]) -> str:
    sentence = f"{counted(done, 'entry') if done == 1 else f'{done} entries'} done."
    if not not_done:
        return sentence
    sentence += f" {len(not_done)} not: {not_done[0]}"
    if not done:
        raise NotAllowed(sentence)
    return sentence
