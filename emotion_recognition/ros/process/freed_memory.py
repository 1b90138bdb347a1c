"""Gives memory that has been freed back to the operating system."""

from __future__ import annotations

import ctypes


def return_freed_memory() -> None:
    """Has the C library give back what it keeps for later, where it is one that can: glibc.

    Models are loaded and run by many threads, and each leaves its own gaps behind. Without this a
    node took 200 MB more after 30 lifecycles than after the first.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(ctypes.c_size_t(0))
