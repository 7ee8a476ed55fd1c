"""A recipe in, a run out, and from the run a bundle.

`Recipe.load` reads a recipe, `train` follows it and leaves a run folder, `load_classifier` gives
the network of a finished run.
"""

from plainfilm.training.checkpoint import load_classifier
from plainfilm.training.loop import train
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import RunRecord, read_recipe, read_record

__all__ = ["Recipe", "RunRecord", "load_classifier", "read_recipe", "read_record", "train"]
