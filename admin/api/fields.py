"""What a request may say, as types: whatever is none of these is refused before anything reads it.

They keep out what no database takes (NUL, numbers beyond its range, times that are none in UTC)
and what nobody means (a filter of a million characters).
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from sync.phrases import plain

LARGEST_ID = 2**53
"""Numbers up to here are whole in every JSON reader, and fit into every database."""

LONGEST_LISTING = 200
MOST_USERS = 2000

_NO_NUL = r"^[^\x00]*$"


def _moment(said: object) -> datetime:
    try:
        moment = datetime.fromisoformat(said if isinstance(said, str) else "")
    except ValueError:
        raise ValueError("write a time as 2026-11-24T14:00:00Z, a + in it as %2B") from None
    if moment.tzinfo is None:
        raise ValueError("say the time's zone: end it with a Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is beyond the calendar") from None


def _one_line(text: str) -> str:
    return plain(text).strip()


Moment = Annotated[
    datetime,
    PlainValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Org = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$", examples=["acme"])]
UserId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9]{15}[A-Z0-5]{3}$", examples=["005000000000001AAA"])
]
RecordNumber = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Words = Annotated[str, Field(max_length=255, pattern=_NO_NUL)]
Note = Annotated[str, Field(max_length=1000, pattern=_NO_NUL), AfterValidator(_one_line)]
Mark = Annotated[str, Field(max_length=2000, pattern=_NO_NUL)]

OrgPath = Annotated[Org, Path(description="A configured org's name.")]
UserPath = Annotated[UserId, Path(description="A user's id of 18 characters.")]
NumberPath = Annotated[RecordNumber, Path(description="Its number.")]


class Strict(BaseModel):
    """What a request says; a name that is none of the fields is a mistake, not nothing."""

    model_config = ConfigDict(extra="forbid")


class PageOf(Strict):
    """Which page of a listing, and of which org."""

    org: Org | None = Field(None, description="Only this org.")
    after: Mark | None = Field(None, description="`following` of the page before this one.")
    limit: int = Field(50, ge=1, le=LONGEST_LISTING, description="How many rows at most.")
