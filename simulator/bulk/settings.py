"""What a test may want otherwise than it is by default."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BulkSettings:
    """`delay`: seconds that a job stays UploadComplete, and InProgress before its first row.

    `page_rows`: rows of a page where the client does not say; 0 is all of them, and
    50,000 for parallel results.
    """

    delay: float = 0.0
    page_rows: int = 0
