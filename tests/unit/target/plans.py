"""Plans driven by hand: answers are scripted, pauses are counted, nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

from target_optiply.client import Answer, Request
from target_optiply.dispatch import Pause, Plan
from target_optiply.wire import Wire
from target_optiply.writes import Witness, Writer

NOW = datetime(2025, 7, 1, 4, 0, tzinfo=timezone.utc)


class Book:
    """What plans ask and note."""

    def __init__(self) -> None:
        self.intents: dict[int, tuple[str, str]] = {}
        self.repeated: list[tuple[str, str]] = []
        self.known: set[str] = set()
        self.gone: list[tuple[str, str]] = []
        self.others = True
        self.witnesses: list[Witness] = []
        self._number = 0

    def intend(self, entity: str, remote_id: str) -> int:
        self._number += 1
        self.intents[self._number] = (entity, remote_id)
        return self._number

    def settle_intent(self, number: int) -> None:
        del self.intents[number]

    def note_repeated(self, entity: str, remote_id: str, since: datetime, key: Any) -> None:
        assert since < NOW
        assert key
        self.repeated.append((entity, remote_id))

    def is_known(self, entity: str, optiply_id: str) -> bool:
        del entity
        return optiply_id in self.known

    def note_gone(self, entity: str, optiply_id: str) -> None:
        self.gone.append((entity, optiply_id))

    def others_succeed(self, since: float) -> bool:
        del since
        return self.others

    def witness(self, entity: str, but_not: str | None) -> Witness | None:
        del entity, but_not
        return self.witnesses.pop() if self.witnesses else None

    def server_now(self) -> datetime:
        return NOW


class Script:
    """Drives one plan with answers given in order, and notes what was asked."""

    def __init__(self, book: Book | None = None) -> None:
        self.book = book or Book()
        self.writer = Writer(Wire("1380", "77"), self.book)
        self.requests: list[Request] = []
        self.steps: list[str] = []

    def run(self, plan: Plan[Any], answers: Iterable[Answer] | Callable[[Request], Answer]) -> Any:
        scripted = None if callable(answers) else iter(answers)
        answer: Answer | None = None
        try:
            while True:
                step = plan.send(answer)
                if isinstance(step, Pause):
                    assert 0 <= step.seconds <= 15
                    self.steps.append("pause")
                    answer = None
                    continue
                self.requests.append(step)
                self.steps.append("look" if step.method == "GET" else step.method)
                answer = answers(step) if scripted is None else _next(scripted, step)  # type: ignore[operator]
        except StopIteration as end:
            assert scripted is None or next(scripted, None) is None, "answers are left over"
            return end.value


def _next(scripted: Iterator[Answer], request: Request) -> Answer:
    answer = next(scripted, None)  # running out must not look like the end of the plan
    assert answer is not None, f"no answer is left for {request.method} {request.path}"
    return answer


def row(identity: int | str, **attributes: Any) -> dict[str, Any]:
    return {"id": str(identity), "attributes": attributes}


def one(identity: int | str, status: int = 201, **attributes: Any) -> Answer:
    return Answer(status, json.dumps({"data": row(identity, **attributes)}).encode())


def listed(*rows: dict[str, Any]) -> Answer:
    return Answer(200, json.dumps({"data": rows}).encode())


def error(status: int, detail: str = "no") -> Answer:
    return Answer(status, json.dumps({"errors": [{"detail": detail}]}).encode())


BROKEN = Answer(0, problem="the connection broke")
NEVER_LEFT = Answer(0, problem="no connection within the time limit", reached=False)
HTML = Answer(200, b"<html>hello</html>")
