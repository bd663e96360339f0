"""The values that a decision is made of and made into. All of them are frozen."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self


class License(StrEnum):
    """A license of the vendor's catalogue, in catalogue order; the value is its name everywhere."""

    CTI = "CTI"
    FREEDOM = "Freedom"
    SCV = "SCV"
    PBX = "PBX"
    CONTACT_CENTER = "ContactCenter"
    RECORD = "Record"
    PCI = "PCI"
    INSIGHT = "Insight"

    @property
    def label(self) -> str:
        """The name that people know."""
        return _LABELS[self]

    @property
    def letter(self) -> str:
        """One letter for each license: what `Licenses.code` is made of."""
        return _LETTERS[self]

    @property
    def bit(self) -> int:
        """The license's bit in `Licenses.bits`."""
        return _BITS[self]


CATALOGUE: tuple[License, ...] = tuple(License)

_BITS: dict[License, int] = {name: 1 << i for i, name in enumerate(CATALOGUE)}
_LABELS: dict[License, str] = dict(
    zip(
        CATALOGUE,
        (
            "CTI",
            "Freedom",
            "Service Cloud Voice",
            "Cloud PBX",
            "Contact Center",
            "Record",
            "PCI",
            "Insight",
        ),
        strict=True,
    )
)
_LETTERS: dict[License, str] = dict(zip(CATALOGUE, "CFSBQRPI", strict=True))
_BY_LETTER: dict[str, License] = {letter: name for name, letter in _LETTERS.items()}

NOTHING_CODE = "-"


@dataclass(frozen=True, slots=True)
class Licenses:
    """A set of licenses. `bits` has one bit for each license, in catalogue order."""

    bits: int = 0

    @classmethod
    def of(cls, *licenses: License) -> Self:
        """The set of these licenses."""
        return cls.union(licenses)

    @classmethod
    def union(cls, licenses: Iterable[License]) -> Self:
        """The set of these licenses."""
        bits = 0
        for name in licenses:
            bits |= _BITS[name]
        return cls(bits)

    @classmethod
    def from_names(cls, names: Iterable[str]) -> Self:
        """The set named by `names`; ValueError for a name that is no license."""
        return cls.union(License(name) for name in names)

    @classmethod
    def from_code(cls, code: str) -> Self:
        """The set that `code` was made of; ValueError for a letter that stands for none."""
        if code == NOTHING_CODE:
            return cls()
        try:
            return cls.union(_BY_LETTER[letter] for letter in code)
        except KeyError as error:
            raise ValueError(f"{code!r} holds a letter that stands for no license") from error

    @property
    def code(self) -> str:
        """One letter for each license in catalogue order, `-` for none of them."""
        return "".join(_LETTERS[name] for name in self) or NOTHING_CODE

    @property
    def names(self) -> list[str]:
        """Names in catalogue order."""
        return [name.value for name in self]

    def __iter__(self) -> Iterator[License]:
        return (name for name in CATALOGUE if self.bits & _BITS[name])

    def __contains__(self, license: License) -> bool:
        return bool(self.bits & _BITS[license])

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __bool__(self) -> bool:
        return self.bits != 0

    def __or__(self, other: "Licenses") -> "Licenses":
        return Licenses(self.bits | other.bits)

    def __and__(self, other: "Licenses") -> "Licenses":
        return Licenses(self.bits & other.bits)

    def __sub__(self, other: "Licenses") -> "Licenses":
        return Licenses(self.bits & ~other.bits)

    def __xor__(self, other: "Licenses") -> "Licenses":
        return Licenses(self.bits ^ other.bits)


NONE = Licenses()
EVERY = Licenses.union(CATALOGUE)

INTERFACES = Licenses.of(License.CTI, License.FREEDOM, License.SCV)
"""Written together always: the design's step 3."""


@dataclass(frozen=True, slots=True)
class Flags:
    """Eight flags as they were read: on, unknown (absent or null), and the rest off."""

    on: Licenses = NONE
    unknown: Licenses = NONE


class Status(StrEnum):
    """What the record says about its last sync."""

    IN_SYNC = "In sync"
    CORRECTED = "Corrected"
    CONFLICT = "Conflict"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A Salesforce user record as it was read just now.

    `user_id` has 18 characters. `active` and `in_recording_group` are None where the layout or
    the answer does not say. `modstamp` is SystemModstamp, `modified_at` is LastModifiedDate (what
    If-Unmodified-Since is compared with), both in whole seconds of the server's clock;
    `modified_by` is the id of the user who made the last change. `status`, `message` and `decided`
    are what we wrote there, None where empty.
    """

    user_id: str
    username: str
    name: str
    active: bool | None
    requested: Flags
    held: Flags
    in_recording_group: bool | None
    status: str | None
    message: str | None
    decided: str | None
    modstamp: datetime
    modified_at: datetime
    modified_by: str | None


class FindingKind(StrEnum):
    """Who has to do something about a finding: a person, nobody but the asker, nobody."""

    CONFLICT = "conflict"
    REFUSAL = "refusal"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a decision says, about at least one license. At most one per code."""

    kind: FindingKind
    code: str
    licenses: Licenses
    message: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules answer for one record. `effective` is None where nothing may be written."""

    effective: Licenses | None
    findings: tuple[Finding, ...]

    @property
    def conflicts(self) -> tuple[Finding, ...]:
        """The findings that only a person can decide."""
        return tuple(f for f in self.findings if f.kind is FindingKind.CONFLICT)

    @property
    def to_log(self) -> tuple[Finding, ...]:
        """The findings that the conflict log lists: conflicts and refusals."""
        return tuple(f for f in self.findings if f.kind is not FindingKind.NOTICE)
