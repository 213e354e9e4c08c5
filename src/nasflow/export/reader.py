"""How the source of a network reads an image file: as `training/datasets/decode.py` does, without nasflow."""

from nasflow.spec.data import DataFacts

_READER = '''

def read(file: str | Path) -> Tensor:
    """An image file as the training read its own: uint8 pixels [1, 3, {size}, {size}].

    Turned as its EXIF tag says, 16 bits a pixel as their upper 8, on white where it is transparent, scaled to
    cover the square and cut to its middle.
    """
    import numpy
    from PIL import Image, ImageOps

    with Image.open(file) as image:
        image.draft("RGB", ({size}, {size}))
        seen = ImageOps.exif_transpose(image)
        if seen.mode == "I" or seen.mode.startswith("I;16"):
            # Pillow itself would clip them to white.
            seen = Image.fromarray((numpy.asarray(seen) >> 8).astype(numpy.uint8))
        if seen.has_transparency_data:
            picture = seen.convert("RGBA")
            seen = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
        fitted = ImageOps.fit(seen.convert("RGB"), ({size}, {size}), Image.Resampling.BILINEAR)
    return torch.from_numpy(numpy.array(fitted)).permute(2, 0, 1)[None]
'''


def reader(facts: DataFacts) -> str:
    """The function `read`, where the images were files; else nothing."""
    return _READER.format(size=facts.size) if _reads_files(facts) else ""


def example(facts: DataFacts) -> str:
    """A line on it for the head of the source."""
    number = 'network(read("photo.jpg")).argmax()'
    said = f"CLASSES[{number}]" if facts.class_names else number
    return f"    print({said})     # `read` needs Pillow and numpy, too\n" if _reads_files(facts) else ""


def _reads_files(facts: DataFacts) -> bool:
    return facts.spec.name == "image-folder"
