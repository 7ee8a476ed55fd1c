"""Draw the example film of the README: nobody's chest.

Usage: python docs/examples/draw.py    (writes drawn-chest.png beside this file)

explained.png is what the default bundle says of it: plainfilm read docs/examples/drawn-chest.png
--age 3 --view PA --outside-population --out docs/examples/explained.png --force
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
