import torch
from torch import Tensor

from nasflow.training.augment import PADDING, crop_and_flip, cut_out, resize_and_flip
from nasflow.training.determinism import generator
from nasflow.training.team import Share

BATCH = torch.randint(1, 256, (64, 3, 8, 8), generator=generator(0), dtype=torch.uint8)


def possible(image: Tensor) -> set[bytes]:
    """Every crop of the padded image, mirrored or not."""
    padded = torch.nn.functional.pad(image, (PADDING,) * 4)
    places = range(2 * PADDING + 1)
    crops = [padded[:, row : row + 8, column : column + 8] for row in places for column in places]
    return {each.contiguous().numpy().tobytes() for crop in crops for each in (crop, crop.flip(2))}


def test_each_image_is_a_crop_of_itself() -> None:
    """Every result is one of the 162 crops and mirror images of its own padded image."""
    for image, result in zip(BATCH, crop_and_flip(BATCH, generator(1)), strict=True):
        assert result.numpy().tobytes() in possible(image)


def test_images_are_changed_each_in_its_own_way() -> None:
    """Equal images come out in many ways, about half of them mirrored."""
    column = torch.arange(1, 9, dtype=torch.uint8).expand(500, 1, 8, 8)
    results = crop_and_flip(column, generator(2))
    assert len({each.numpy().tobytes() for each in results}) > 100
    mirrored = sum(each[0, 4, 4] < each[0, 4, 3] for each in results)
    assert 200 < mirrored < 300


def test_shape_type_and_layout_stay() -> None:
    """The result has the shape and type of the batch and the default memory format."""
    result = crop_and_flip(BATCH, generator(3))
    assert (result.shape, result.dtype, result.is_contiguous()) == (BATCH.shape, BATCH.dtype, True)


def test_the_generator_decides() -> None:
    """The same seed gives the same images, another seed others."""
    first, again, other = (crop_and_flip(BATCH, generator(seed)) for seed in (4, 4, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_square_is_blanked() -> None:
    """In each image one rectangle of at most 4 x 4 is 0 in all channels, a whole square in many of them."""
    images = torch.ones(200, 3, 8, 8)
    result = cut_out(images, 4, generator(4))
    blank = result == 0
    assert torch.equal(blank.any(1), blank.all(1))
    rows, columns = blank[:, 0].any(2).sum(1), blank[:, 0].any(1).sum(1)
    assert torch.equal(blank[:, 0].sum((1, 2)), rows * columns)
    assert (int(rows.min()), int(rows.max())) == (2, 4)
    assert 40 < int(((rows == 4) & (columns == 4)).sum()) < 160
    assert torch.equal(images, torch.ones(200, 3, 8, 8))


def test_the_generator_decides_the_squares() -> None:
    """The same seed blanks the same pixels, another seed others."""
    images = torch.ones(20, 1, 8, 8)
    first, again, other = (cut_out(images, 4, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_resized() -> None:
    """A part of each image, brought back to its size: no pixel is new, and every second one is mirrored."""
    row = torch.arange(0, 256, 4, dtype=torch.uint8)
    images = row.expand(400, 1, 64, 64)
    found = resize_and_flip(images, torch.Generator().manual_seed(1))
    assert found.shape == images.shape
    assert found.dtype == torch.uint8
    ends = found[:, 0, 0, [0, -1]].float()
    widths = (ends[:, 1] - ends[:, 0]).abs() / 252
    # Of 8 % to 100 % of the area, sides of 3:4 to 4:3.
    assert widths.min() > (0.08 * 3 / 4) ** 0.5 - 0.05
    assert 0.6 < widths.mean() < 0.8
    assert widths.max() > 0.97
    assert 150 < (ends[:, 1] < ends[:, 0]).sum() < 250


def test_a_share_of_a_batch_is_augmented_alike() -> None:
    """Two processes with half a batch each see the images of one that has the whole."""
    images = torch.randint(256, (10, 3, 8, 8), dtype=torch.uint8)
    for augment in (crop_and_flip, resize_and_flip):
        whole = augment(images, torch.Generator().manual_seed(2))
        for rows in (slice(0, 4), slice(4, 10)):
            part = augment(images[rows], torch.Generator().manual_seed(2), Share(10, rows))
            assert torch.equal(part, whole[rows])
    blanked = cut_out(images.float(), 3, torch.Generator().manual_seed(2))
    own = cut_out(images.float()[4:], 3, torch.Generator().manual_seed(2), Share(10, slice(4, 10)))
    assert torch.equal(own, blanked[4:])
