"""Keeps secrets out of everything that is logged or said: messages, arguments, exceptions, structured fields."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"

_SysExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_STANDARD_FIELDS = frozenset(logging.makeLogRecord({}).__dict__)


def _forms(secret: str) -> set[str]:
    """Return the spellings under which a secret may appear in a text."""
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }


class Redactor:
    """Knows the secrets, and replaces every spelling of each, longest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        """Hide this value from now on. An empty one is ignored."""
        if not secret:
            return
        with self._lock:
            self._secrets |= _forms(secret)
            longest_first = sorted(self._secrets, key=lambda form: (-len(form), form))
            # Case is ignored for percent-encoding (%2f, %2F) and GUIDs, which some layers lower.
            self._pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)

    def redact(self, text: str) -> str:
        """Return the text with every secret replaced by ``***``."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def clear(self) -> None:
        """Forget all secrets."""
        with self._lock:
            self._secrets.clear()
            self._pattern = None

    def value(self, value: Any) -> Any:
        """Return a log field without secrets; containers are searched, other objects judged by their text."""
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, dict):
            return {self.value(key): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return (
                [self.value(item) for item in value] if not isinstance(value, tuple) else tuple(map(self.value, value))
            )
        try:
            text = str(value)
        except Exception as error:  # noqa: BLE001 - whatever its __str__ raises, a log line must not fail for it
            return f"<unprintable {type(value).__name__}: {type(error).__name__}>"
        clean = self.redact(text)
        return value if clean == text else clean

    def exception(self, error: BaseException | None, _depth: int = 0) -> BaseException | None:
        """Return the exception, or a copy of its name and text without secrets, causes included."""
        if error is None or _depth > 8:
            return None
        cause = self.exception(error.__cause__, _depth + 1)
        context = None if error.__suppress_context__ else self.exception(error.__context__, _depth + 1)
        text = str(error)
        clean = self.redact(text)
        unchanged = cause is error.__cause__ and (error.__suppress_context__ or context is error.__context__)
        if clean == text and unchanged:
            return error
        kind = type(type(error).__name__, (Exception,), {"__module__": type(error).__module__})
        copy: BaseException = kind(clean)
        copy.__traceback__, copy.__cause__, copy.__context__ = error.__traceback__, cause, context
        copy.__suppress_context__ = error.__suppress_context__
        return copy

    def record(self, record: logging.LogRecord) -> logging.LogRecord:
        """Clean a log record in place: message, arguments, exception, stack and added fields."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a bad format string: logging would print message and arguments raw
            record.msg, record.args = self.redact(f"{record.msg} {record.args!r}"), ()
        else:
            if (clean := self.redact(message)) != message:
                record.msg, record.args = clean, ()
        info: _SysExcInfo | None = record.exc_info
        if info and info[1] is not None and (error := self.exception(info[1])) is not info[1] and error is not None:
            record.exc_info = (type(error), error, info[2])
        for field in ("exc_text", "stack_info"):
            if text := getattr(record, field, None):
                setattr(record, field, self.redact(text))
        for name, value in record.__dict__.items():
            if name not in _STANDARD_FIELDS:
                record.__dict__[name] = self.value(value)
        return record


_REDACTOR = Redactor()


class RedactionFilter(logging.Filter):
    """A filter for handlers: every record passes, cleaned of secrets."""

    def __init__(self, redactor: Redactor = _REDACTOR) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record and let it pass."""
        self._redactor.record(record)
        return True


class _CleaningFactory:
    """Makes log records that are clean from the start, for handlers that are added later than the filter."""

    def __init__(self, inner: Callable[..., logging.LogRecord], redactor: Redactor) -> None:
        self._inner = inner
        self._redactor = redactor

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        return self._redactor.record(self._inner(*args, **kwargs))


def install_redaction(secrets: Iterable[str], *, loggers: Iterable[str] = ()) -> None:
    """Hide these values in everything that is logged from now on; may be called again, for more of both.

    Every record is cleaned as it is made, whatever handler sees it later, and once more by a filter on the handlers
    there are (of the root logger, the SDK's and those named), because a record's added fields come after its making.

    Args:
        secrets: The values to hide. What is derived from them otherwise than by percent-encoding or JSON (such as
            the base64 of ``client:secret``) is to be given too.
        loggers: Further loggers whose own handlers are to be covered.
    """
    for secret in secrets:
        add_secret(secret)
    factory = logging.getLogRecordFactory()
    if not isinstance(factory, _CleaningFactory):
        logging.setLogRecordFactory(_CleaningFactory(factory, _REDACTOR))
    existing = [logging.getLogger(name) for name in {"singer_sdk", "urllib3", "py.warnings", *loggers}]
    for logger in (logging.getLogger(), *existing):
        for handler in logger.handlers:
            if not any(isinstance(known, RedactionFilter) for known in handler.filters):
                handler.addFilter(RedactionFilter())


def add_secret(secret: str) -> None:
    """Hide this value too, for example a token that was fetched during the run."""
    _REDACTOR.add(secret)


def redact(text: str) -> str:
    """Return a text, such as an error sentence, without the secrets made known."""
    return _REDACTOR.redact(text)
