"""Which nasflow this is.

Not said by the package itself: where a folder called nasflow lies before it on the path, its modules are
found, and its own names are not.
"""

VERSION = "0.1.0"
