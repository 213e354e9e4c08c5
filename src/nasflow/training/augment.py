"""What is done to training images: a random crop after padding, a horizontal flip, a blank square."""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from nasflow.training.team import Share

PADDING = 4
"""Pixels on each side."""

LEAST_AREA = 0.08
"""Of an image that is brought back to its size."""

LARGEST_RATIO = 4 / 3
"""Of its sides."""


def crop_and_flip(batch: Tensor, draws: Generator, share: Share | None = None) -> Tensor:
    """Shift each image by up to 4 pixels each way, black coming in, and mirror every second one.

    `batch`, [batch, channels, height, width], may be on any device; the draws are made on the CPU,
    so that they are the same on each. It is a `share` of the batch that the draws are for, or all of it.
    """
    count, _, height, width = batch.shape
    share = share or Share.whole(count)
    top, left = torch.randint(2 * PADDING + 1, (2, share.images), generator=draws)[:, share.rows]
    mirrored = torch.randint(2, (share.images,), generator=draws)[share.rows].bool()
    rows = top[:, None] + torch.arange(height)
    columns = left[:, None] + torch.arange(width)
    columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    return _pick(F.pad(batch, (PADDING,) * 4), rows.to(batch.device), columns.to(batch.device))


def resize_and_flip(batch: Tensor, draws: Generator, share: Share | None = None) -> Tensor:
    """Bring a random part of each image back to the image's size, and mirror every second one.

    The part has 8 % to 100 % of the area and sides of 3:4 to 4:3, cut where it does not fit. `batch`, uint8
    [batch, channels, height, width], may be on any device; for the draws and `share` see `crop_and_flip`.
    """
    share = share or Share.whole(len(batch))
    area, ratio, across, down, mirrored = torch.rand(5, share.images, generator=draws)[:, share.rows]
    sides = (LEAST_AREA + (1 - LEAST_AREA) * area).sqrt()
    stretch = torch.exp((2 * ratio - 1) * math.log(LARGEST_RATIO) / 2)
    width, height = (sides * stretch).clamp(max=1), (sides / stretch).clamp(max=1)
    theta = torch.zeros(len(batch), 2, 3)
    theta[:, 0, 0] = torch.where(mirrored < 0.5, -width, width)
    theta[:, 1, 1] = height
    theta[:, 0, 2], theta[:, 1, 2] = (1 - width) * (2 * across - 1), (1 - height) * (2 * down - 1)
    grid = F.affine_grid(theta.to(batch.device), list(batch.shape), align_corners=False)
    picked = F.grid_sample(batch.float(), grid, padding_mode="border", align_corners=False)
    return picked.round().to(torch.uint8)


def cut_out(images: Tensor, side: int, draws: Generator, share: Share | None = None) -> Tensor:
    """Blank a square in each image: its middle is anywhere, so that a part of it may lie outside.

    `images`, float32 [batch, channels, height, width], are normalised: 0 is the mean of all images. The draws
    are made on the CPU, so that they are the same on each device; for `share` see `crop_and_flip`.
    """
    count, _, height, width = images.shape
    share = share or Share.whole(count)
    rows = _covered(height, side, torch.randint(height, (share.images,), generator=draws)[share.rows])
    columns = _covered(width, side, torch.randint(width, (share.images,), generator=draws)[share.rows])
    blank = (rows[:, :, None] & columns[:, None, :]).to(images.device)
    return images.masked_fill(blank[:, None], 0.0)


def _covered(length: int, side: int, middles: Tensor) -> Tensor:
    """[batch, length]: which pixels lie less than half a side from each middle."""
    first = (middles - side // 2)[:, None]
    pixels = torch.arange(length)
    return (pixels >= first) & (pixels < first + side)


def _pick(batch: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """From each image its own `rows`, [batch, height], and `columns`, [batch, width]."""
    image = torch.arange(len(batch), device=batch.device)[:, None, None]
    picked = batch.permute(0, 2, 3, 1)[image, rows[:, :, None], columns[:, None, :]]
    return picked.permute(0, 3, 1, 2).contiguous()
