"""Draw the example film of the README: nobody's chest.

Usage: python docs/examples/draw.py    (writes drawn-chest.png beside this file)
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from phantoms import phantom

film = phantom(size=(560, 620), seed=1)
Image.fromarray(np.round(film * 255).astype(np.uint8)).save(
    Path(__file__).with_name("drawn-chest.png"), optimize=True
)
