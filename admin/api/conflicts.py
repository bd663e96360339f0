"""The conflict log: what only a person can decide, and the deciding."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query
from pydantic import Field

from admin import actions
from admin.api.caller import Caller, TheServices, TokenRoute, orgs_to_read
from admin.api.fields import Moment, Note, NumberPath, PageOf, Strict, UserId, Words
from admin.api.shapes import EntryShape, Page, page
from sync.errors import NotAllowed
from sync.model import FindingKind, License, Licenses
from sync.phrases import names
from sync.ports.browse import EntryQuery, EntrySort, Place
from sync.ports.conflict_log import LIVE_STATUSES, Entry, EntryStatus
from sync.rows import of_entry

router = APIRouter(prefix="/conflicts", tags=["conflicts"], route_class=TokenRoute)


class Filters(PageOf):
    """Which entries."""

    kind: FindingKind | None = None
    code: Words | None = Field(None, description="The rule's code, as `mutually_exclusive`.")
    status: list[EntryStatus] = Field(
        list(LIVE_STATUSES), max_length=10, description="Repeat it for several."
    )
    license: License | None = None
    opened_before: Moment | None = None
    user_id: UserId | None = None
    search: Words = Field("", description="The beginning of a username or a name, or an id.")
    sort: EntrySort = EntrySort.NEWEST


class SeenFlags(Strict):
    """The record's flags as you saw them when you decided."""

    requested: list[License] = Field(max_length=len(License))
    held: list[License] = Field(max_length=len(License))


class Choice(Strict):
    """What stays requested. With `seen`, it is refused if the entry has moved since."""

    keep: License | Literal["none"]
    note: Note = ""
    seen: SeenFlags | None = None


class Dismissal(Strict):
    """Why an entry may stay as it is."""

    note: Note


@router.get("", response_model=Page[EntryShape])
def list_conflicts(
    services: TheServices, caller: Caller, filters: Annotated[Filters, Query()]
) -> object:
    """List entries of the conflict log; those that live, unless `status` says otherwise."""
    query = EntryQuery(
        orgs=orgs_to_read(caller, filters.org),
        kind=filters.kind,
        code=filters.code,
        statuses=tuple(filters.status),
        license=filters.license,
        opened_before=filters.opened_before,
        user_id=filters.user_id,
        search=filters.search,
        sort=filters.sort,
    )
    listing = services.store.list_entries(query, Place(after=filters.after, limit=filters.limit))
    return page(listing, of_entry)


@router.get("/{entry_id}", response_model=EntryShape)
def show_conflict(services: TheServices, caller: Caller, entry_id: NumberPath) -> object:
    """Show one entry."""
    return of_entry(actions.entry_of(services.store, caller, entry_id))


@router.post("/{entry_id}/resolve", response_model=EntryShape)
def resolve(
    services: TheServices, caller: Caller, entry_id: NumberPath, choice: Annotated[Choice, Body()]
) -> object:
    """Decide a conflict; the worker unticks the other side's request."""
    entry = actions.entry_of(services.store, caller, entry_id)
    seen = _as_seen(entry, choice.seen)
    keep = Licenses() if choice.keep == "none" else Licenses.of(choice.keep)
    return of_entry(actions.resolve(services.store, caller, entry.id, keep, choice.note, seen))


@router.post("/{entry_id}/dismiss", response_model=EntryShape)
def dismiss(
    services: TheServices,
    caller: Caller,
    entry_id: NumberPath,
    dismissal: Annotated[Dismissal, Body()],
) -> object:
    """Put an entry aside until its request or the policy changes."""
    return of_entry(actions.dismiss(services.store, caller, entry_id, dismissal.note))


@router.post("/{entry_id}/look-again", status_code=202, response_model=EntryShape)
def look_again(services: TheServices, caller: Caller, entry_id: NumberPath) -> object:
    """Have the worker read the entry's user now, and decide again."""
    return of_entry(actions.look_again(services.store, caller, entry_id))


def _as_seen(entry: Entry, said: SeenFlags | None) -> actions.Seen:
    """The flags to decide by. NotAllowed if the caller saw others; who came first is told first."""
    if said is None:
        return entry.requested, entry.held
    seen = Licenses.of(*said.requested), Licenses.of(*said.held)
    undecided = entry.status in (EntryStatus.OPEN, EntryStatus.DISMISSED)
    if undecided and seen != (entry.requested, entry.held):
        raise NotAllowed(
            f"The record has moved since: it requests {names(entry.requested)} and has "
            f"{names(entry.held)} now. Read entry {entry.id} again, then decide."
        )
    return seen
