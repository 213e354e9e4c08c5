"""From the name of a data set to its code, which is imported when it is asked for."""

from nasflow.base.errors import InvalidSpec
from nasflow.base.plugins import load
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.protocol import DataSet


def data_set(spec: DataSpec) -> DataSet:
    """What reads this data set; raise InvalidSpec with one line if an installed package's cannot be had."""
    address = spec.known.address
    try:
        found = load(address)
    except InvalidSpec as error:
        raise InvalidSpec(f"data set {spec.name!r}: {error}") from error
    if not isinstance(found, DataSet):
        raise InvalidSpec(f"data set {spec.name!r}: {address} is no DataSet, but a {type(found).__name__}")
    return found
