"""Rows as a file for a spreadsheet, streamed; cells that it would run are made harmless."""

from collections.abc import Iterable, Mapping, Sequence

from starlette.responses import StreamingResponse

from sync.spreadsheet import csv_lines


def csv_answer(
    name: str, fields: Sequence[str], rows: Iterable[Mapping[str, object]]
) -> StreamingResponse:
    """The answer that a browser stores as NAME.csv."""
    return StreamingResponse(
        csv_lines(fields, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
