"""Logs: to standard error, readable or as JSON, without anything that a mail says."""

import logging
import sys
import traceback
from typing import Literal

import structlog
from structlog.types import EventDict, Processor, WrappedLogger


def configure(form: Literal["console", "json"], level: int = logging.INFO) -> None:
    """Send our logs and those of libraries to standard error in one form."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        frames_only,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[output], level=logging.WARNING, force=True)
    logging.getLogger("maildock").setLevel(level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def frames_only(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Write where an error came from without its message: that of a database error quotes what a mail said."""
    wanted = event.pop("exc_info", None)
    problem = sys.exc_info()[1] if wanted is True else wanted[1] if isinstance(wanted, tuple) else wanted
    if isinstance(problem, BaseException):
        frames = traceback.extract_tb(problem.__traceback__)
        event["exception"] = type(problem).__qualname__
        event["frames"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return event
