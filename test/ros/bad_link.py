#!/usr/bin/env python3
"""The cable between two hosts, as a program: it loses packets and holds them back.

bad_link.py DEVICE ONE OTHER makes a device in each of two network namespaces (given by the ids of
processes in them), and takes each packet of one to the other. Lines on its standard input, such as
`0.1 0.05`, set the share of packets that are lost and the seconds that the others take, each way.
What the kernel's netem does, for kernels that were built without it.
"""

from __future__ import annotations

import fcntl
import os
import random
import selectors
import struct
import subprocess
import sys
import time
from collections import deque

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
LONGEST_QUEUE = 20_000  # packets, 30 MB; what comes then is lost, as in a router


def make_device(name: str, namespace: str) -> int:
    """A device that this process feeds, moved to a network namespace; its file descriptor."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    subprocess.run(["ip", "link", "set", name, "netns", namespace], check=True)
    return device


def main() -> None:
    name, *namespaces = sys.argv[1:]
    one, other = (make_device(name, namespace) for namespace in namespaces)
    loss, delay = 0.0, 0.0
    queue: deque[tuple[float, int, bytes]] = deque()  # when each is due, for whom
    selector = selectors.DefaultSelector()
    for source, to in ((one, other), (other, one), (sys.stdin.fileno(), -1)):
        selector.register(source, selectors.EVENT_READ, to)
    chance = random.Random(0)
    print("made", flush=True)
    while True:
        wait = max(0.0, queue[0][0] - time.monotonic()) if queue else None
        for key, _ in selector.select(wait):
            if key.data == -1:
                line = sys.stdin.readline()
                if not line:
                    return
                loss, delay = map(float, line.split())
                print("set", flush=True)
                continue
            try:
                for _ in range(64):
                    packet = os.read(key.fd, 65536)
                    if chance.random() >= loss and len(queue) < LONGEST_QUEUE:
                        queue.append((time.monotonic() + delay, key.data, packet))
            except BlockingIOError:
                pass
        now = time.monotonic()
        while queue and queue[0][0] <= now:
            _, to, packet = queue.popleft()
            try:
                os.write(to, packet)
            except OSError:  # the device is not up yet, or its host has gone
                continue


if __name__ == "__main__":
    main()
