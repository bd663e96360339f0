"""The daily API allotment and the header that reports it. The rolling window is not modeled."""

from __future__ import annotations

from simulator.database import Database

APP_NAME = "license-sync"


class Quota:
    def __init__(self, database: Database) -> None:
        self._db = database
        self.max = int(database.setting("api_max"))
        self.used = int(database.setting("api_used", "0"))
        self.per_app = database.setting("api_per_app") == "1"

    def spend(self, calls: int) -> None:
        self.used += calls
        self._db.set_setting("api_used", str(self.used))

    def configure(self, most: int | None, used: int | None, per_app: bool | None) -> None:
        self.max = self.max if most is None else most
        self.used = self.used if used is None else used
        self.per_app = self.per_app if per_app is None else per_app
        self._db.set_setting("api_max", str(self.max))
        self._db.set_setting("api_used", str(self.used))
        self._db.set_setting("api_per_app", str(int(self.per_app)))

    @property
    def exhausted(self) -> bool:
        return self.used >= self.max

    def header(self) -> str:
        """Both forms are documented; the second comes with per-app limits."""
        plain = f"api-usage={self.used}/{self.max}"
        return (
            f"{plain}; per-app-api-usage={self.used}/{self.max}(appName={APP_NAME})"
            if self.per_app
            else plain
        )
