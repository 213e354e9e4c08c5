"""What an accuracy is worth to a controller (Cai et al., ICML 2018, section 4.1)."""

import math

from nasflow.base.errors import InvalidSpec


def reward(accuracy: float, images: int) -> float:
    """tan(accuracy x pi/2): the better the network, the more a further point is worth.

    `accuracy` is a share (0 to 1) of `images` held-out images. A perfect score would be worth
    infinitely much, so accuracy counts as 1 - 1/(2 x images) at most: half an image from perfect.
    Raise InvalidSpec for an accuracy outside 0 to 1 or no images.
    """
    if not 0 <= accuracy <= 1 or images < 1:
        raise InvalidSpec(
            f"no reward for accuracy {accuracy} on {images} images: expected 0 to 1 on 1 or more"
        )
    return math.tan(min(accuracy, 1 - 1 / (2 * images)) * math.pi / 2)
