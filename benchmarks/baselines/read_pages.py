"""Headroom: read the same pages over a bare socket, without parsing a row. Arguments: host, port, how many rows."""

from __future__ import annotations

import re
import socket
import sys

from benchmarks.pages import SIZE

KEY = re.compile(rb'"productId":"([^"]+)"')
host, port, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
after = b""
with socket.create_connection((host, port)) as line:
    for _ in range(0, number + 1, SIZE):
        line.sendall(b"GET /products?count=100" + (b"&after=" + after if after else b"") + b" HTTP/1.1\r\n\r\n")
        data = line.recv(1 << 20)
        head, __, start = data.partition(b"\r\n\r\n")
        length = int(head.rpartition(b" ")[2])
        pieces, have = [start], len(start)
        while have < length:
            pieces.append(line.recv(1 << 20))
            have += len(pieces[-1])
        # The last row's own key is followed by those of its relations' rows, which repeat it.
        found = KEY.findall(b"".join(pieces)[-6000:])
        after = bytes(found[-1]) if found else b""
