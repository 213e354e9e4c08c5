import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nasflow.base.errors import InvalidSpec
from nasflow.training.datasets.decode import decode, median_side

RAMP = np.linspace(0, 65535, 16 * 16).reshape(16, 16).astype(np.uint16)
"""A picture of 16 bits, all its 256 values apart after eight bits are gone."""


def test_grey_images_become_rgb(tmp_path: Path) -> None:
    """An image of one channel is given three equal ones."""
    Image.fromarray(np.full((9, 9), 77, dtype=np.uint8)).save(tmp_path / "grey.png")
    assert (decode(tmp_path / "grey.png", 4) == 77).all()


def test_an_oblong_image_is_not_squeezed(tmp_path: Path) -> None:
    """Of an oblong image the middle square is kept."""
    picture = np.zeros((10, 30, 3), dtype=np.uint8)
    picture[:, 10:20] = 200
    Image.fromarray(picture).save(tmp_path / "oblong.png")
    assert (decode(tmp_path / "oblong.png", 10) == 200).all()


def test_the_median_of_smaller_sides(tmp_path: Path) -> None:
    """Nothing is decoded for it: a file's beginning is enough; of no image at all it is named."""
    files = [tmp_path / f"{height}.png" for height in (9, 20, 50)]
    for file in files:
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (int(file.stem), 30), np.uint8)).save(file)
    files[2].write_bytes(files[2].read_bytes()[:-400])
    with pytest.raises(InvalidSpec):
        decode(files[2], 8)
    assert median_side(files) == 20
    files[0].write_bytes(b"none")
    with pytest.raises(InvalidSpec, match=r"9\.png: no image that can be read"):
        median_side(files)


def test_a_cut_off_jpeg_is_named(tmp_path: Path) -> None:
    """A JPEG whose end is missing is refused, not filled up with grey."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:-2000])
    with pytest.raises(InvalidSpec, match=r"cut.jpg"):
        decode(tmp_path / "cut.jpg", 64)


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n cut off"])
def test_a_broken_image_is_named(tmp_path: Path, content: bytes) -> None:
    """An image that cannot be decoded is named in one line when it is read."""
    file = tmp_path / "3.png"
    file.write_bytes(content)
    with pytest.raises(InvalidSpec) as caught:
        decode(file, 8)
    assert str(caught.value).startswith(f"{file}: no image that can be read")
    assert "\n" not in str(caught.value)


def test_nobody_waits_for_a_fifo(tmp_path: Path) -> None:
    """What is called as an image and is no file is refused."""
    os.mkfifo(tmp_path / "0.png")
    with pytest.raises(InvalidSpec, match=r"0.png: no image that can be read \(no file, or a link to none\)"):
        decode(tmp_path / "0.png", 8)


@pytest.mark.parametrize("name", ["deep.png", "deep.tiff", "deep.pgm"])
def test_sixteen_bits(name: str, tmp_path: Path) -> None:
    """The upper eight of them are kept, so that no grey becomes white."""
    Image.fromarray(RAMP).save(tmp_path / name)
    assert (decode(tmp_path / name, 16) == (RAMP >> 8)[..., None]).all()


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_numbers_of_32_bits_are_refused(kind: type[np.generic], tmp_path: Path) -> None:
    """Nobody knows what is white among them."""
    Image.fromarray(RAMP.astype(kind)).save(tmp_path / "numbers.tiff")
    with pytest.raises(InvalidSpec, match="numbers of 32 bits: save it with 8 or 16"):
        decode(tmp_path / "numbers.tiff", 16)


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, np.asarray),
        (2, np.fliplr),
        (3, lambda x: np.rot90(x, 2)),
        (6, lambda x: np.rot90(x, -1)),
        (8, np.rot90),
    ],
)
def test_it_is_turned_as_its_tag_says(
    orientation: int, turn: Callable[[np.ndarray], np.ndarray], tmp_path: Path
) -> None:
    """As cameras write it, and as viewers show it."""
    picture = np.zeros((8, 8, 3), dtype=np.uint8)
    picture[:4, :] = 200
    picture[:, :2] = 90
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(picture).save(tmp_path / "camera.png", exif=exif)
    assert (decode(tmp_path / "camera.png", 8) == turn(picture)).all()


def test_a_tag_that_cannot_be_read(tmp_path: Path) -> None:
    """The picture is there all the same."""
    Image.new("RGB", (8, 8), "red").save(tmp_path / "odd.jpg", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff")
    assert decode(tmp_path / "odd.jpg", 8)[4, 4].argmax() == 0


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_picture_in_its_transparency(mode: str, tmp_path: Path) -> None:
    """Black everywhere, and clear where nothing is: it is on white, as on paper."""
    clear = np.zeros((8, 8), dtype=np.uint8)
    clear[2:6, 2:6] = 255
    layers = [np.zeros_like(clear)] * (len(mode) - 1) + [clear]
    Image.merge(mode, [Image.fromarray(each) for each in layers]).save(tmp_path / "icon.png")
    assert (decode(tmp_path / "icon.png", 8) == (255 - clear)[..., None]).all()


def test_a_colour_that_is_clear(tmp_path: Path) -> None:
    """A palette in which one colour is transparent, as of an old GIF."""
    picture = Image.new("P", (8, 8), 0)
    picture.putpalette([200, 0, 0, 0, 0, 200])
    picture.paste(1, (0, 0, 8, 4))
    picture.save(tmp_path / "old.gif", transparency=0)
    found = decode(tmp_path / "old.gif", 8)
    assert (found[0, 0].tolist(), found[7, 7].tolist()) == ([0, 0, 200], [255, 255, 255])


@pytest.mark.parametrize("suffix", ["avif", "png", "webp", "jp2", "tiff", "gif"])
def test_a_file_that_is_broken_anywhere(suffix: str, tmp_path: Path) -> None:
    """It is read, or named in one line, whatever the library raises: AVIF's has a kind of its own."""
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    file = tmp_path / f"broken.{suffix}"
    Image.fromarray(noise).save(file)
    whole = file.read_bytes()
    refused = list[str]()
    for place in range(4, len(whole), max(1, len(whole) // 40)):
        file.write_bytes(whole[:place] + bytes(8) + whole[place + 8 :])
        try:
            decode(file, 16)
        except InvalidSpec as error:
            refused.append(str(error))
    assert refused
    assert all(each.startswith(f"{file}: no image that can be read") for each in refused)
