"""A picture with structure at every scale, where no camera is at hand."""

import numpy as np
from numpy.typing import NDArray


def textured(seed: int, height: int = 480, width: int = 640) -> NDArray[np.uint8]:
    """Return HxWx3 noise whose power falls with the square of its frequency, as in photographs (Field 1987)."""
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    frequency[0, 0] = np.inf
    colours = [np.fft.ifft2(np.fft.fft2(random.standard_normal((height, width))) / frequency).real for _ in range(3)]
    noise = np.stack([colour / colour.std() for colour in colours], axis=-1)
    return np.clip(128.0 + 50.0 * noise, 0.0, 255.0).astype(np.uint8)
