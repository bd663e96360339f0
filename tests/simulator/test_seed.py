from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from simulator.org import Org, OrgSettings
from simulator.schema.metadata import read_schema
from simulator.seed.population import Population
from tests.simulator.running import ROOT

LICENSES = ["CTI", "Freedom", "SCV", "PBX", "Contact_Center", "Record", "PCI", "Insight"]
Users = list[dict[str, Any]]


def users(
    folder: Path,
    seed: int,
    *,
    brownfield: bool = False,
    count: int = 600,
    cache: Path | None = None,
) -> Users:
    folder.mkdir()
    population = Population(count, seed, brownfield)
    settings = OrgSettings(folder, population, 60, seed_cache=cache)
    org = Org(settings, read_schema(ROOT / "sfdx"))
    names = org.schema.objects["user"].columns
    rows = org.db.execute('SELECT * FROM "so_User" ORDER BY Id').fetchall()
    org.close()
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_a_kept_org_is_the_same_and_another_seed_is_not_it(clean: Users, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert users(tmp_path / "first", 7, cache=cache) == clean
    [kept] = cache.iterdir()
    stamp = kept.stat().st_mtime_ns
    assert users(tmp_path / "second", 7, cache=cache) == clean
    assert (list(cache.iterdir()), kept.stat().st_mtime_ns) == ([kept], stamp)
    with sqlite3.connect(kept) as changed:
        changed.execute("UPDATE \"so_User\" SET Title = 'from the cache'")
    changed.close()
    assert {u["Title"] for u in users(tmp_path / "third", 7, cache=cache)} == {"from the cache"}
    assert users(tmp_path / "other", 8, cache=cache) != clean
    assert len(list(cache.iterdir())) == 2


def held(user: dict[str, Any], kind: str = "Effective") -> set[str]:
    return {name for name in LICENSES if user[f"{kind}_{name}__c"]}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Users:
    return users(tmp_path_factory.mktemp("seed") / "clean", 7)


@pytest.fixture(scope="module")
def brownfield(tmp_path_factory: pytest.TempPathFactory) -> Users:
    return users(tmp_path_factory.mktemp("seed") / "brown", 7, brownfield=True)


def test_the_seed_decides(clean: Users, tmp_path: Path) -> None:
    assert users(tmp_path / "again", 7) == clean
    assert users(tmp_path / "other", 8) != clean


def test_as_many_standard_users_as_asked_for_and_the_system_s_own(clean: Users) -> None:
    kinds = [u["UserType"] for u in clean]
    assert kinds.count("Standard") == 600
    assert {"AutomatedProcess", "CloudIntegrationUser", "CsnOnly", "Guest"} <= set(kinds)
    inactive = sum(not u["IsActive"] for u in clean)
    assert 0.03 < inactive / 600 < 0.14
    assert len({u["Username"] for u in clean}) == len(clean)


def test_names_as_people_have_them(clean: Users) -> None:
    names = " ".join(str(u["Name"]) for u in clean)
    for part in ("O'Brien", "<script>", "王", "محمد", "כהן", "Иван", "สมชาย", "🎧"):
        assert part in names
    assert any(len(u["Name"]) > 100 for u in clean)
    assert any(u["FirstName"] is None for u in clean)
    assert all(len(u["LastName"]) <= 80 and len(u["Alias"]) <= 8 for u in clean)


def test_many_share_a_stamp(clean: Users) -> None:
    stamps = [u["SystemModstamp"] for u in clean]
    assert len(set(stamps)) < len(stamps) / 5


def test_a_clean_org_already_agrees_with_itself(clean: Users) -> None:
    for user in clean:
        assert held(user) == held(user, "Requested")
        assert not held(user) & {"SCV", "PCI"}
        assert ("CTI" in held(user)) == ("Freedom" in held(user))
    holders = sum(bool(held(u)) for u in clean)
    assert 0.2 < holders / 600 < 0.45


def test_a_brownfield_org_holds_what_nobody_asked_for(brownfield: Users) -> None:
    assert not any(held(u, "Requested") for u in brownfield)
    assert all(
        u["License_Sync_Status__c"] is None and u["License_Sync_Decided__c"] is None
        for u in brownfield
    )
    both = sum({"Freedom", "SCV"} <= held(u) for u in brownfield)
    alone = sum("CTI" in held(u) and "Freedom" not in held(u) for u in brownfield)
    assert 0.01 < both / 600 < 0.08
    assert alone > 5
    assert any("SCV" in held(u) and "Freedom" not in held(u) for u in brownfield)
    assert any(held(u) and not u["IsActive"] for u in brownfield)
