"""Before an entity's first row is created, read what of it stands in Optiply that the state does not know."""

from __future__ import annotations

import logging
from datetime import datetime

from target_optiply.books import Books
from target_optiply.dispatch import Dispatcher, Plan
from target_optiply.entities import ENTITIES, Entity
from target_optiply.errors import ConfigProblem, Outage
from target_optiply.jobs import Job, Key, Lanes
from target_optiply.opening import Opening
from target_optiply.tables import Entry
from target_optiply.verification import Verification
from target_optiply.writes import Writer

ENOUGH = 100  # rows, and records, from which on it is told whether an earlier integration used the same ids
_LINES_OR_ORDERS = {
    **{entity.name: entity.line_entity for entity in ENTITIES.values() if entity.line_entity is not None},
    **{entity.line_entity: entity.name for entity in ENTITIES.values() if entity.line_entity is not None},
}


class Takeover:
    """Opens each entity once. Who comes meanwhile waits in the entity's own lane.

    Args:
        writer: Makes the requests.
        lanes: Where jobs wait.
        dispatcher: Carries the reading out.
        books: What is known.
        adopts: Whether rows of an entity of which nothing is known are taken over.
        verifies: Whether what is known of an entity is held against what stands in Optiply.
        since: From when on rows may stand in Optiply that the state does not know; None where there can be none.
    """

    def __init__(
        self,
        writer: Writer,
        books: Books,
        lanes: Lanes,
        dispatcher: Dispatcher,
        *,
        adopts: bool,
        verifies: bool,
        since: datetime | None,
    ) -> None:
        self._writer = writer
        self._books = books
        self._store = books.store
        self._lanes = lanes
        self._dispatcher = dispatcher
        self._adopts = adopts
        self._verifies = verifies
        self._since = since
        self._adopted: set[str] = set()
        self._caught_up: set[str] = set()
        self.newer: dict[Key, Entry] = {}  # what a run that died wrote in place of rows that the state knows
        self._under_coupling = 0  # rows read that stand under our coupling
        self._matched = False
        self._held: list[Job] = []  # creations held until a record matches one of these rows

    def is_due(self, entity: str) -> bool:
        """Whether what is known of an entity is still to be held against what stands in Optiply."""
        return self._verifies and (entity not in self._adopted or self._lanes.is_busy(Key(entity, "")))

    def adoption(self, entity: str) -> Key | None:
        """Return the lane to wait in while all of an entity is taken over; None where that is done or not due."""
        lane = Key(entity, "")
        if self._lanes.is_busy(lane):
            return lane
        if entity in self._adopted:
            return None
        if (other := Key(_LINES_OR_ORDERS.get(entity, ""), "")).entity and self._lanes.is_busy(other):
            return other  # orders and their lines are read together
        if self._store.meta(f"opened:{entity}"):
            if not self._verifies:
                return None
            plan = Verification(self._writer, self._books, ENTITIES[entity]).run()
            self._adopted.add(ENTITIES[entity].line_entity or "")
        elif self._adopts:
            plan = self._adopt(ENTITIES[entity])
        else:
            return None
        self._adopted.add(entity)
        return self._read(lane, plan)

    def catching_up(self, entity: str) -> Key | None:
        """Return the lane to wait in while an entity's newest rows are read; None where that is done or not due."""
        if self._since is None or entity in self._adopted or entity in self._caught_up:
            return None
        self._caught_up.add(entity)
        opening = Opening(self._writer, self._store, ENTITIES[entity])
        opening.newer = self.newer
        return self._read(Key(entity, ""), opening.catch_up(self._since))

    def knows_lines_of(self, entity: Entity) -> bool:
        """Whether the lines of an entity's orders were taken over with them, so that they need not be read."""
        return entity.line_entity in self._adopted

    def holds(self, job: Job) -> bool:
        """Whether a creation is held: rows stand under our coupling, and no record has matched one yet.

        Raises:
            ConfigProblem: None of the first hundred records matches: the earlier integration used other ids.
        """
        if self._matched or not self._under_coupling:
            return False
        self._held.append(job)
        if len(self._held) >= ENOUGH and self._under_coupling >= ENOUGH:
            self._store.forget_adopted()  # so that the next run tells the same
            for name in self._adopted:
                self._store.put_meta(f"opened:{name}", "")
            raise ConfigProblem(
                "what an earlier integration wrote under this coupling has other remote ids: none of the first "
                f"{ENOUGH} records matches a row, for example {' '.join(job.key)}; nothing was written"
            )
        return True

    @property
    def has_held_enough(self) -> bool:
        """Whether so many creations are held that the few rows under our coupling prove nothing."""
        return len(self._held) >= ENOUGH

    def matched(self) -> list[Job]:
        """Note that a record matches a row (or that waiting for one is over); returns who was held."""
        self._matched = True
        held, self._held = self._held, []
        return held

    def _read(self, lane: Key, plan: Plan[bool]) -> Key | None:
        self._lanes.enter(lane)
        self._dispatcher.submit(plan, lambda read: self._opened(lane, read=read))
        return lane if self._lanes.is_busy(lane) else None

    def _adopt(self, entity: Entity) -> Plan[bool]:
        opening = Opening(self._writer, self._store, entity)
        if not (yield from opening.adopt()):
            return False
        if opening.adopted and entity.line_entity is not None and entity.line_entity not in self._adopted:
            lines = Opening(self._writer, self._store, ENTITIES[entity.line_entity])
            if not (yield from lines.adopt()):
                return False
            self._adopted.add(entity.line_entity)
        self._under_coupling += opening.under_coupling
        if opening.adopted:
            message = f"{entity.name}: {opening.adopted} rows that stand in Optiply are taken over"
            self._books.say(message, level=logging.INFO)
        return True

    def _opened(self, lane: Key, *, read: bool) -> None:
        if not read:
            raise Outage(f"{lane.entity} could not be read, so nothing of it can be written without doubling it")
        self._store.put_meta(f"opened:{lane.entity}", "1")
        self._lanes.free(lane)
