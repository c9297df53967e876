"""How many requests may be in flight: slow start, then trials of a neighbouring level, led by the answers. Pure.

The limit doubles per round of good answers until the server refuses or its answers grow slow. From then on a
neighbouring level is tried now and then, right after the present one was measured, and the two are compared: where
answers are slower in proportion to the requests in flight, the added requests merely wait at the server; where they
are as fast as before, it has room. Means that are taken close in time and over enough answers tell a queue from answers
that vary by their nature, and from a server or a mix of requests that changed meanwhile. A level that was refused is
tried again only after a growing while.
"""

from __future__ import annotations

import math

_STEP = 1.5  # ratio of a trial's level to the present one
_FINE_STEP = 1.25  # the same, where neither neighbour at that distance is better
_WAITING, _WORKING = 0.65, 0.5  # share of added requests that only wait: go down above, up below
_SLOW = 2.5  # rise of latency since the fastest round that ends slow start
_AS_FAST = 1.1  # the same, up to which no added request waits at the server, so that fewer would not help
_LEAST_EVIDENCE = 8  # answers below which a round's mean says nothing
_SAMPLES, _MOST_SAMPLES = 32, 256  # answers by which a level is measured, by how much they vary
_CERTAIN = 0.005  # square of the relative error of a mean that is good enough
_FIRST_REST, _LONGEST_REST = 2.0, 30.0  # seconds of rest after trials that changed nothing
_REST_SHARE = 8.0  # times as long a rest as such a trial took, so that trials cost little where answers are slow
_FIRST_PROBE, _LONGEST_PROBE = 5.0, 120.0  # seconds before a refused level is tried again
_BURST = 1.0  # seconds in which refusals count as one


class ConcurrencyLimit:
    """The number of requests allowed in flight.

    Args:
        maximum: Upper bound.
        start: The first limit.
    """

    def __init__(self, maximum: int, *, start: int = 2) -> None:
        self.maximum = max(1, maximum)
        self.limit = min(start, self.maximum)
        self._slow_start = True
        self._proven = 0  # the level of the last good round of slow start
        self._fastest: float | None = None  # mean latency of the fastest round of slow start
        self._ceiling = self.maximum + 1  # a level that was refused
        self._probe_at = 0.0
        self._probe_wait = _FIRST_PROBE
        self._burst_until = 0.0
        self._base: tuple[int, float] | None = None  # during a trial: the level tried against, and its mean
        self._upwards = True
        self._step = _STEP
        self._trial_began = 0.0
        self._in_vain = 0  # trials in a row, one in each direction, that changed nothing
        self._rest_until = 0.0
        self._rest = _FIRST_REST
        self._passing = 0  # answers to requests that were sent under another limit
        self._count = 0
        self._sum = self._squares = 0.0

    def answered(self, latency: float, *, in_flight: int, now: float) -> None:
        """Note a good answer.

        Args:
            latency: Seconds from sending to the answer's head.
            in_flight: Requests in flight when it came, itself included.
            now: Monotonic seconds.
        """
        if in_flight < self.limit:  # the limit was not what held us back, so nothing was learnt about it
            return
        if self._passing:
            self._passing -= 1
            return
        self._count += 1
        latency = max(latency, 1e-4)
        self._sum += latency
        self._squares += latency * latency
        if self._slow_start:
            if self._count >= self.limit - self._proven:  # a round: the others were sent under the level before
                self._end_round(now)
        elif self._count >= max(_SAMPLES, 2 * self.limit) and self._is_measured():
            self._end_measurement(now)

    def refused(self, *, in_flight: int, now: float) -> None:
        """Note that the server asked for restraint (429, or 503 with Retry-After)."""
        if now < self._burst_until:
            return
        self._burst_until = now + _BURST
        refused = max(2, min(self.limit, in_flight))
        if self._base is not None and self._base[0] < refused:
            level = self._base[0]
        elif self._slow_start:
            level = min(self._proven, refused - 1)
        else:
            level = min(refused - 1, int(refused / _STEP))
        self._ceiling = refused
        self._probe_at = now + self._probe_wait
        self._probe_wait = min(_LONGEST_PROBE, self._probe_wait * 2)
        self._slow_start = False
        self._base, self._upwards = None, True
        self._rest_until = self._burst_until
        self._move(level)

    def _end_round(self, now: float) -> None:
        """A round of slow start is over: double, unless answers have grown slow."""
        mean = self._take_mean()
        enough = self.limit >= _LEAST_EVIDENCE
        if enough and self._fastest is not None and mean > self._fastest * _SLOW:
            self._slow_start, self._upwards = False, False
            return
        if self.limit >= min(_LEAST_EVIDENCE, self.maximum) // 2:
            self._fastest = mean if self._fastest is None else min(self._fastest, mean)
        self._proven = self.limit
        if self.limit == self.maximum:
            self._slow_start, self._upwards = False, False
            if self._is_best(mean):
                self._rest_until = now + self._rest
            return
        self._move(min(self.maximum, self.limit * 2), passing=self.limit)

    def _end_measurement(self, now: float) -> None:
        """A level is measured: begin a trial of a neighbour, or judge the one that is under way."""
        mean = self._take_mean()
        if self._base is not None:
            self._judge(*self._base, mean, now)
        elif now >= self._rest_until and not self._is_best(mean):
            self._try_neighbour(mean, now)

    def _is_best(self, mean: float) -> bool:
        """Whether there is nothing to try: more are not allowed, and answers are as fast as when few were in flight."""
        return self.limit == self.maximum and self._fastest is not None and mean <= self._fastest * _AS_FAST

    def _try_neighbour(self, mean: float, now: float) -> None:
        level = self._neighbour(now)
        if level != self.limit:
            self._base, self._trial_began = (self.limit, mean), now
            self._move(level)

    def _neighbour(self, now: float) -> int:
        """Return the level to try next; the present one where there is none."""
        top = self._ceiling if now >= self._probe_at else self._ceiling - 1
        up = min(self.maximum, top, max(self.limit + 1, int(self.limit * self._step)))
        down = max(1, int(self.limit / self._step))
        if self._upwards and up > self.limit:
            return up
        self._upwards = False
        return down

    def _judge(self, base: int, base_mean: float, mean: float, now: float) -> None:
        """Compare a trial's level with the one before it, and stay at the better."""
        self._base = None
        slower = math.log(mean / base_mean) / math.log(self.limit / base)  # 0: no waiting, 1: all that was added waits
        if self.limit >= self._ceiling:  # what was refused once is not refused any more
            self._ceiling = math.ceil(self.limit * _STEP)
            self._probe_wait = _FIRST_PROBE
        if slower < _WORKING if self.limit > base else slower > _WAITING:
            self._rest, self._in_vain = _FIRST_REST, 0
            self._try_neighbour(mean, now)  # further the same way
            return
        self._upwards = not self._upwards
        self._in_vain += 1
        is_highest = base >= min(self.maximum, self._ceiling - 1)
        if self._in_vain >= 2 and self._step > _FINE_STEP and not is_highest:
            self._step, self._in_vain = _FINE_STEP, 0
        elif self._in_vain >= 2 or is_highest:
            self._rest_until = now + min(_LONGEST_REST, max(self._rest, _REST_SHARE * (now - self._trial_began)))
            self._rest, self._in_vain, self._step = self._rest * 2, 0, _STEP
        self._move(base)

    def _is_measured(self) -> bool:
        mean = self._sum / self._count
        variance = self._squares / self._count - mean * mean
        return variance < _CERTAIN * self._count * mean * mean or self._count >= _MOST_SAMPLES

    def _take_mean(self) -> float:
        mean = self._sum / self._count
        self._start_over()
        return mean

    def _start_over(self) -> None:
        self._count, self._sum, self._squares = 0, 0.0, 0.0

    def _move(self, level: int, *, passing: int | None = None) -> None:
        self._passing = max(level, self.limit) if passing is None else passing
        self._start_over()
        self.limit = max(1, min(self.maximum, level))
