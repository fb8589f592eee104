"""The memory of a process that scores: kept within a recording, given back after it."""

import ctypes
import re
from contextlib import suppress

_WANTING = re.compile("out of memory|allocate memory", re.IGNORECASE)  # torch's errors, of a GPU and of the CPU
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


def keep() -> None:
    """Keep freed memory within a recording: asking the system anew for each large tensor takes time."""
    with suppress(AttributeError, OSError, TypeError):  # elsewhere there is no such function
        for threshold in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
            ctypes.CDLL(None).mallopt(threshold, 2**31 - 1)


def give_back() -> None:
    """Give free memory back to the system: glibc keeps it in pieces, 100-300 MB after each recording, more and more."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def is_wanting(error: Exception) -> bool:
    """Whether that is what an error is about."""
    return isinstance(error, MemoryError) or _WANTING.search(str(error)) is not None
