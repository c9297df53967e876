"""Before an entity's first row is created, read what of it stands in Optiply that the state does not know."""

from __future__ import annotations

import logging
from datetime import datetime

from target_optiply.dispatch import Dispatcher, Plan
from target_optiply.entities import ENTITIES, Entity
from target_optiply.errors import ConfigProblem, Outage
from target_optiply.jobs import Job, Key, Lanes
from target_optiply.opening import Opening
from target_optiply.store import Store
from target_optiply.writes import Writer

ENOUGH = 100  # rows, and records, from which on it is told whether an earlier integration used the same ids


class Takeover:
    """Opens each entity once. Who comes meanwhile waits in the entity's own lane.

    Args:
        writer: Makes the requests.
        store: Where rows are put.
        lanes: Where jobs wait.
        dispatcher: Carries the reading out.
        logger: Where it is said.
        adopts: Whether rows of an entity of which nothing is known are taken over.
        since: From when on rows may stand in Optiply that the state does not know; None where there can be none.
    """

    def __init__(
        self,
        writer: Writer,
        store: Store,
        lanes: Lanes,
        dispatcher: Dispatcher,
        logger: logging.Logger,
        *,
        adopts: bool,
        since: datetime | None,
    ) -> None:
        self._writer = writer
        self._store = store
        self._lanes = lanes
        self._dispatcher = dispatcher
        self._log = logger
        self._adopts = adopts
        self._since = since
        self._adopted: set[str] = set()
        self._caught_up: set[str] = set()
        self._doubted: dict[str, list[Job]] = {}  # creations held until a record of the entity matches a row

    def adoption(self, entity: str) -> Key | None:
        """Return the lane to wait in while all of an entity is taken over; None where that is done or not due."""
        lane = Key(entity, "")
        if self._lanes.is_busy(lane):
            return lane
        if not self._adopts or entity in self._adopted or self._store.meta(f"opened:{entity}"):
            return None
        self._adopted.add(entity)
        return self._read(lane, self._adopt(ENTITIES[entity]))

    def catching_up(self, entity: str) -> Key | None:
        """Return the lane to wait in while an entity's newest rows are read; None where that is done or not due."""
        if self._since is None or entity in self._adopted or entity in self._caught_up:
            return None
        self._caught_up.add(entity)
        opening = Opening(self._writer, self._store, ENTITIES[entity])
        return self._read(Key(entity, ""), opening.catch_up(self._since))

    def knows_lines_of(self, entity: Entity) -> bool:
        """Whether the lines of an entity's orders were taken over with them, so that they need not be read."""
        return entity.line_entity in self._adopted

    def holds(self, job: Job) -> bool:
        """Whether a creation is held, because nothing has matched the many rows that stand under our coupling yet.

        Raises:
            ConfigProblem: None of the first hundred records matches: the earlier integration used other ids.
        """
        held = self._doubted.get(job.record.entity)
        if held is None:
            return False
        held.append(job)
        if len(held) >= ENOUGH:
            raise ConfigProblem(
                f"{job.record.entity} of an earlier integration stand under this coupling with other remote ids: none of "
                f"the first {ENOUGH} records matches one, for example {job.record.remote_id}; nothing of it was written"
            )
        return True

    def matched(self, entity: str) -> list[Job]:
        """Note that a record matches a row of its entity (or that there are no more records); returns who was held."""
        return self._doubted.pop(entity, [])

    @property
    def doubted(self) -> list[str]:
        """The entities of which nothing has matched yet."""
        return list(self._doubted)

    def _read(self, lane: Key, plan: Plan[bool]) -> Key | None:
        self._lanes.enter(lane)
        self._dispatcher.submit(plan, lambda read: self._opened(lane, read=read))
        return lane if self._lanes.is_busy(lane) else None

    def _adopt(self, entity: Entity) -> Plan[bool]:
        opening = Opening(self._writer, self._store, entity)
        if not (yield from opening.adopt()):
            return False
        if opening.adopted and entity.line_entity is not None:
            lines = Opening(self._writer, self._store, ENTITIES[entity.line_entity])
            if not (yield from lines.adopt()):
                return False
            self._adopted.add(entity.line_entity)
        if opening.under_coupling >= ENOUGH:
            self._doubted[entity.name] = []
        if opening.adopted:
            self._log.info("%s: %d rows that stand in Optiply are taken over", entity.name, opening.adopted)
        return True

    def _opened(self, lane: Key, *, read: bool) -> None:
        if not read:
            raise Outage(f"{lane.entity} could not be read, so nothing of it can be written without doubling it")
        self._store.put_meta(f"opened:{lane.entity}", "1")
        self._lanes.free(lane)
