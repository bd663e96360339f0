"""How log lines look, and what never gets into one."""

import logging
import logging.config
import re

import structlog

from config.settings import Settings

_SECRET = re.compile(
    r"00D\w{12,15}![\w.]+"  # a Salesforce access token or session id
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]+"  # a JWT
    r"|-----BEGIN[^-]*PRIVATE KEY-----.*?(?:-----END[^-]*PRIVATE KEY-----|$)"
    r"|(?<=client_secret=)[^&\s]+"
    r"|(?<=Bearer )\S+"
    r"|(?<=://)[^/@\s]+(?=@)",  # user and password of a URL
    re.DOTALL,
)


def without_secrets(text: str) -> str:
    """The text with everything that looks like a secret taken out."""
    return _SECRET.sub("[secret]", text)


def configure_logging(settings: Settings) -> None:
    """Log to standard error: lines for people, or one JSON object a line."""
    renderer: structlog.types.Processor = structlog.processors.JSONRenderer()
    if settings.log_format == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "all": {
                    "()": _SafeFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        renderer,
                    ],
                }
            },
            "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "all"}},
            "root": {"handlers": ["err"], "level": settings.log_level.upper()},
            "loggers": {
                name: {"level": "WARNING"}
                for name in ("celery", "kombu", "urllib3", "alembic", "amqp")
            },
        }
    )


class _SafeFormatter(structlog.stdlib.ProcessorFormatter):
    """The last hand a log line passes through, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))
