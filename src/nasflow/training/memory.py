"""What becomes of memory that a training has freed."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""The numbers of glibc's malloc.h."""

_LARGEST_TRIM, _LARGEST_MMAP = 2**31 - 1, 2**25
"""What every glibc of 64 bits takes. Larger tensors than 32 MiB come and go as ever."""


def keep_freed_memory() -> None:
    """Have the C library keep what this process frees, where it is glibc.

    A step frees and wants again the same tensors, of megabytes each. By default their pages go back to the
    system and come again, filled with zeros first: a tenth of the time of a small network's step.
    """
    adjust = getattr(ctypes.CDLL(None), "mallopt", None)
    if adjust is not None:
        adjust(_MMAP_THRESHOLD, _LARGEST_MMAP)
        adjust(_TRIM_THRESHOLD, _LARGEST_TRIM)
