"""What the null-space walk shows: data as JSON, made when the page is read."""

from __future__ import annotations

import json
from pathlib import Path

SCRIPTS = Path(__file__).parents[1] / "_static" / "figures"
SAMPLES = (389, 264)  # a 3 and an 8 with the same sum of pixels


def nullspace() -> str:
    """Return two digits of 64 pixels from 0 to 16, and which samples of scikit-learn they are."""
    from sklearn.datasets import load_digits  # here, as its import takes its time

    images = load_digits().data[list(SAMPLES)].astype(int)
    return json.dumps({"samples": SAMPLES, "images": images.tolist()}, separators=(",", ":"))
