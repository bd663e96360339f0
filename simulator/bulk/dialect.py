"""How the CSV of a job is written: delimiters and line endings (names: Bulk API 2.0 guide)."""

from __future__ import annotations

DELIMITERS = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
EITHER = "EITHER"  # Bulk API 1.0: nobody says beforehand which one it is
CSV = "text/csv; charset=UTF-8"  # without the charset, clients guess Latin-1
