"""Both APIs of the pair, inFlow and Optiply, as one local program to try, test and measure against."""

from __future__ import annotations
