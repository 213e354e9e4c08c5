"""What every data set is, nasflow's own and those of installed packages: each in a file of its own."""

from pathlib import Path
from typing import Protocol, runtime_checkable

from nasflow.spec.data import DataSpec
from nasflow.training.datasets.images import DataSetPart


@runtime_checkable
class DataSet(Protocol):
    """Where a data set's files are and how they are read; `spec` is always one of its own name.

    It keeps nothing: the same specification and the same files give the same images.
    """

    def root(self, spec: DataSpec) -> Path:
        """The folder in which its files are, or should be."""

    def files(self, spec: DataSpec) -> tuple[str, ...]:
        """The sorted names, below the root, of those of its files that are there, training and test part.

        Brought to another machine under these names, they are all that is read there. A data set that comes
        with a package has none.
        """

    def is_here(self, spec: DataSpec) -> bool:
        """Whether this machine has any of its images."""

    def has_test_part(self, spec: DataSpec) -> bool:
        """Whether the files of the test part are here: a search needs them at its very end.

        Raise InvalidSpec where it is cheap to see, before a search begins, that they are no good.
        """

    def read_train(self, spec: DataSpec) -> DataSetPart:
        """The training part, without a look at the test part's images.

        Raise DataSetMissing with the way to get the files; InvalidSpec, naming the file, for a broken one.
        """

    def read_test(self, spec: DataSpec) -> DataSetPart:
        """The test part, in which no image of the training part is. Raise as `read_train` does."""
