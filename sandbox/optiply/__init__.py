"""The Optiply half of the sandbox: a JSON:API server with OAuth, its data in memory."""

from __future__ import annotations
