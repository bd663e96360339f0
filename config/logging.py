"""How log lines look, and what never gets into one."""

import logging
import logging.config
import re

import structlog

from config.settings import Settings

_SECRET = re.compile(
    r"00D\w{12,15}(?:!|%21)[\w.]+"  # a Salesforce access token or session id
    r"|lsync_[\w-]{20,}"  # a token of the API
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JWT
    r"|-----BEGIN[^-]*PRIVATE KEY-----(?:.*?-----END[^-]*PRIVATE KEY-----|[^\"]*)"
    r"|(?i:(?<=/outbound/))[^\s\"'?#\\]+"  # where messages come in: token at its end
    r"|(?<=://)[^/\s\"']+(?=@)",  # user and password of a URL
    re.DOTALL,
)
_QUOTE = r"(?:\\*[\"'])"
_NAMED = re.compile(
    r"((?:client_secret|access_token|refresh_token|assertion|password|passwd)"
    rf"(?:{_QUOTE}\s*:|{_QUOTE}?\s?=)\s*{_QUOTE}?"  # in JSON or a dict; in a form or a DSN
    r"|\b(?:Bearer|OAuth|Basic) )"
    r"[^\s\"'&,;\\]+",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """The text with everything that looks like a secret taken out."""
    return _NAMED.sub(r"\1[secret]", _SECRET.sub("[secret]", text))


def configure_logging(settings: Settings) -> None:
    """Log to standard error: lines for people, or one JSON object a line."""
    renderers: list[structlog.types.Processor] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
    if settings.log_format == "console":
        renderers = [_console()]
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
                        *renderers,
                    ],
                }
            },
            "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "all"}},
            "root": {"handlers": ["err"], "level": settings.log_level.upper()},
            "loggers": {
                name: {"level": "WARNING"}
                for name in ("celery", "kombu", "urllib3", "alembic", "amqp", "starlette_admin")
            },
        }
    )


def _console() -> structlog.types.Processor:
    """Tracebacks are plain: the default ones show local variables, and secrets are among them."""
    return structlog.dev.ConsoleRenderer(
        colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
    )


class _SafeFormatter(structlog.stdlib.ProcessorFormatter):
    """The last hand a log line passes through, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))
