"""What is said when the settings cannot be used. Nothing of a setting's value is in it."""

from sync.errors import SyncError


class BadSettings(SyncError):
    """The settings cannot be used; one sentence for each problem is in `problems`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
