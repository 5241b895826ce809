"""Logs: to standard error, readable or as JSON, without anything that a mail says."""

import logging
import sys
import traceback
from collections.abc import Callable
from typing import Literal, TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger


def configure(form: Literal["console", "json"], level: int = logging.INFO) -> None:
    """Send our logs and those of libraries to standard error in one form.

    Ours don't go through the standard library: a line would cost more than twice as much.
    """
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
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_named(sys.stderr),
        cache_logger_on_first_use=True,
    )


class _Named(structlog.WriteLogger):
    def __init__(self, file: TextIO, name: str) -> None:
        super().__init__(file)
        self.name = name


def _named(file: TextIO) -> Callable[..., _Named]:
    return lambda name: _Named(file, name)


def frames_only(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Write where an error came from without its message: that of a database error quotes what a mail said."""
    wanted = event.pop("exc_info", None)
    problem = sys.exc_info()[1] if wanted is True else wanted[1] if isinstance(wanted, tuple) else wanted
    if isinstance(problem, BaseException):
        frames = traceback.extract_tb(problem.__traceback__)
        event["exception"] = type(problem).__qualname__
        event["frames"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return event
