from pathlib import Path

import pytest
import torch
from tests.training.datasets.small import write_records

from nasflow.base.errors import DataSetMissing, InvalidSpec
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.data import load_data, load_test

CIFAR10 = [f"data_batch_{number}.bin" for number in range(1, 6)]


@pytest.fixture
def cifar10(tmp_path: Path) -> DataSpec:
    """Five files of 20 records, and no test part."""
    for name in CIFAR10:
        write_records(tmp_path / "cifar-10-batches-bin" / name, [[index % 10] for index in range(20)])
    return DataSpec(name="cifar10", path=str(tmp_path), held_out=20)


def test_cifar10_records(cifar10: DataSpec) -> None:
    """All five files are read, each image with its label, planes in the order red, green, blue."""
    data = load_data(cifar10)
    batch = data.train.batch(torch.arange(80))
    assert batch.shape == (80, 3, 32, 32)
    assert torch.equal(batch[:, 0, 0, 0].long(), data.train.labels)
    assert len(data.facts.mean) == 3


def test_the_folder_itself_may_be_the_path(cifar10: DataSpec) -> None:
    """data.path may name the unpacked folder or the one it is in: the images are the same ones."""
    inside = cifar10.model_copy(update={"path": f"{cifar10.path}/cifar-10-batches-bin"})
    assert load_data(inside).facts.identity() == load_data(cifar10).facts.identity()


def test_cifar100_has_fine_labels(tmp_path: Path) -> None:
    """Of the two label bytes the second, the fine label, counts."""
    for name in ("train.bin", "test.bin"):
        labels = [[index % 20, index % 100] for index in range(300)]
        write_records(tmp_path / "cifar-100-binary" / name, labels)
    spec = DataSpec(name="cifar100", path=str(tmp_path), held_out=100)
    data, test = load_data(spec), load_test(spec)
    assert data.facts.classes == 100
    assert torch.equal(data.train.batch(torch.arange(200))[:, 0, 0, 0].long(), data.train.labels)
    assert test.labels.tolist() == [index % 100 for index in range(300)]


def test_missing_files_come_with_the_archive(cifar10: DataSpec, tmp_path: Path) -> None:
    """Whoever lacks a file is told which archive to unpack where, also if no path is set."""
    with pytest.raises(DataSetMissing, match=r"test_batch.bin .*cifar-10-binary.tar.gz"):
        load_test(cifar10)
    with pytest.raises(DataSetMissing, match=r"data.path is not set.*cifar-100-binary.tar.gz"):
        load_data(DataSpec(name="cifar100", held_out=100))


def test_the_pickled_version_is_not_read(tmp_path: Path) -> None:
    """The python version's files are not even opened: the message asks for the binary one."""
    (tmp_path / "cifar-10-batches-py").mkdir()
    (tmp_path / "cifar-10-batches-py" / "data_batch_1").write_bytes(b"\x80\x04")
    with pytest.raises(DataSetMissing, match="the binary version"):
        load_data(DataSpec(name="cifar10", path=str(tmp_path), held_out=20))


@pytest.mark.parametrize("cut", [1, 3073, 20 * 3073])
def test_a_cut_off_file_is_refused(cifar10: DataSpec, cut: int) -> None:
    """A file cut off anywhere, even between two records, is named in one line."""
    file = Path(str(cifar10.path)) / "cifar-10-batches-bin" / CIFAR10[3]
    file.write_bytes(file.read_bytes()[:-cut])
    with pytest.raises(InvalidSpec, match=CIFAR10[3]):
        load_data(cifar10)


def test_unknown_labels_are_refused(cifar10: DataSpec) -> None:
    """A label beyond the classes is named with its file."""
    write_records(Path(str(cifar10.path)) / "cifar-10-batches-bin" / CIFAR10[0], [[10]] * 20)
    with pytest.raises(InvalidSpec, match=r"data_batch_1.bin: label 10"):
        load_data(cifar10)
