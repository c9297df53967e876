"""Ready-made bodies of requests that create products."""

from __future__ import annotations

_TEMPLATE = (
    b'{"data":{"type":"products","attributes":{"name":"Chair no. %d","stockLevel":5,"unlimitedStock":false,'
    b'"skuCode":"C-%d","articleCode":"A-%d","price":"19.95","status":"enabled","assembled":false,'
    b'"minimumStock":3,"maximumStock":1000,"stockMeasurementUnit":"piece","remoteId":"3f1d%08d",'
    b'"remoteDataSyncedToDate":"2026-03-01T10:00:00Z"}}}'
)


def ready_made(number: int) -> list[bytes]:
    """Return so many bodies, each of a product of its own."""
    return [_TEMPLATE % ((index,) * 4) for index in range(number)]
