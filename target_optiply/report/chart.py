"""The timeline as a drawing: bars of writes per second, bands where Optiply asked to wait, and a scale. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from target_optiply.report.timeline import Timeline

HEIGHT = 100.0  # of the drawing, in its own units; a bar is one unit wide


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of the run.

    Attributes:
        since: When it begins, such as ``1:05``.
        writes: Writes in it.
        requests: Answers in it.
        rate: Writes per second.
        height: Of the bar, of ``HEIGHT``.
        waited: Seconds of restraint in it.
        share: The same as a share of the stretch, 0 to 1.
    """

    since: str
    writes: int
    requests: int
    rate: float
    height: float
    waited: float
    share: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing.

    Attributes:
        bars: From left to right.
        top: Writes per second at the upper edge.
        width: Seconds that a bar stands for.
        peak: The highest rate.
        mean: Writes per second over the whole run.
        end: When the last bar begins and the run ends, such as ``1:05``.
    """

    bars: list[Bar]
    top: float
    width: float
    peak: float
    mean: float
    end: str

    @property
    def writes(self) -> int:
        """Writes in all."""
        return sum(bar.writes for bar in self.bars)

    @property
    def waited(self) -> float:
        """Seconds of restraint in all."""
        return sum(bar.waited for bar in self.bars)


def draw(timeline: Timeline, now: float) -> Chart:
    """Return the drawing of a timeline that ends now."""
    buckets, width = timeline.buckets(now), timeline.width
    peak = max(each.writes for each in buckets) / width
    top = nice(peak)
    bars = [
        Bar(
            since=clock(number * width, fractions=width < 1),
            writes=each.writes,
            requests=each.requests,
            rate=each.writes / width,
            height=round(HEIGHT * each.writes / width / top, 2),
            waited=each.waited,
            share=round(min(1.0, each.waited / width), 3),
        )
        for number, each in enumerate(buckets)
    ]
    seconds = now - timeline.began
    writes = sum(each.writes for each in buckets)
    return Chart(bars, top, width, peak, writes / seconds if seconds > 1 else float(writes), clock(seconds))


def nice(number: float) -> float:
    """Return the next number from 1, 2, 5, 10, 20, … up: an upper edge that people can read."""
    if number <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(number))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= number * (1 - 1e-9))


def clock(seconds: float, *, fractions: bool = False) -> str:
    """Return a stretch of time as ``0:05``, ``12:40`` or ``3:00:05``; with hundredths as ``0:05.25``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    hundredths = f".{int(seconds % 1 * 100):02}" if fractions else ""
    return (f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}") + hundredths
