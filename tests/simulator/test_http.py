"""What goes over the wire around an answer: forms, compression, limits, broken bodies."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from simulator.encoding import compress, encode
from tests.simulator.running import Client, Simulator

PRETTY = """{
  "compositeResponse" : [ {
    "body" : [ {
      "errorCode" : "NOT_FOUND",
      "message" : "é\\n"
    } ],
    "httpHeaders" : { },
    "count" : 1.5,
    "done" : true
  }, {
    "none" : null,
    "empty" : [ ]
  } ]
}"""


def test_the_pretty_form_is_that_of_recorded_answers() -> None:
    assert encode(json.loads(PRETTY), pretty=True).decode() == PRETTY


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate", "gzip"),
        ("deflate;q=0.5", "deflate"),
        ("br", None),
        ("", None),
    ],
)
def test_compression_is_what_the_client_takes(accepted: str, encoding: str | None) -> None:
    content = b"x" * 5000
    packed, found = compress(content, accepted)
    unpack = {"gzip": gzip.decompress, "deflate": zlib.decompress, None: bytes}
    assert found == encoding
    assert unpack[found](packed) == content


def test_small_answers_stay_plain(sync: Client) -> None:
    small = sync.call("GET", "limits/recordCount?sObjects=User")
    assert "Content-Encoding" not in small.headers
    large = sync.call("GET", "sobjects/User/describe")
    assert large.headers["Content-Encoding"] == "gzip"
    assert large.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_compressed_requests(sync: Client, user: str, pack: object) -> None:
    assert callable(pack)
    encoding = "gzip" if pack is gzip.compress else "deflate"
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    path, body = f"sobjects/User/{user}", pack(b'{"Title": "packed"}')
    assert sync.call("PATCH", path, data=body, headers=headers).status_code == 204
    assert sync.call("GET", path).json()["Title"] == "packed"
    bad = sync.call("PATCH", path, data=b"not packed", headers=headers)
    assert bad.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"", "application/json", 400, "JSON_PARSER_ERROR"),
        (b'{"a": tru', "application/json", 400, "JSON_PARSER_ERROR"),
        (b"a,b\n", "text/csv", 415, "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_bodies_that_are_no_json(
    sync: Client, user: str, body: bytes, kind: str, status: int, code: str
) -> None:
    headers = {"Content-Type": kind}
    answer = sync.call("PATCH", f"sobjects/User/{user}", data=body, headers=headers)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


def test_long_headers(sync: Client) -> None:
    answer = sync.call("GET", "limits", headers={"X-Long": "x" * 16_400})
    assert answer.status_code == 431


def test_head_has_the_headers_alone(sync: Client) -> None:
    answer = sync.call("HEAD", "sobjects/User/describe")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["ETag"]


def test_limits_have_the_recorded_names(org: Simulator, sync: Client) -> None:
    limits = sync.call("GET", "limits").json()
    assert list(limits) == sorted(limits)
    assert limits["DailyBulkV2QueryFileStorageMB"] == {"Max": 976562, "Remaining": 976562}
    assert {"HourlyPublishedPlatformEvents", "PermissionSets", "SingleEmail"} <= limits.keys()


def test_relationship_paths(sync: Client, user: str) -> None:
    profile = sync.call("GET", f"sobjects/User/{user}/Profile?fields=Name").json()
    assert profile["attributes"]["type"] == "Profile"
    users = sync.call("GET", f"sobjects/Profile/{profile['Id']}/Users?fields=Id").json()
    assert users["done"]
    assert users["totalSize"] == len(users["records"]) > 0
    missing = sync.call("GET", f"sobjects/User/{user}/Nothing")
    assert missing.status_code == 404
