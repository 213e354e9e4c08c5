"""A module of somebody's whose own import fails."""

import nobody_has_this  # type: ignore[import-not-found]  # noqa: F401
