"""A run's weights for other programs: a safetensors file, and a JSON file that says what they are.

Nothing in either can be code. The names of the tensors are torchvision's, as in weights.pt, and
`network.init` of a recipe takes the file as it is.
"""

import hashlib
from pathlib import Path

from plainfilm.errors import RecipeError, RunError
from plainfilm.networks.safetensors import safetensors_bytes
from plainfilm.networks.weights import SAFETENSORS
from plainfilm.reading.facts import columns
from plainfilm.reading.strict_json import encode
from plainfilm.reports import check_path
from plainfilm.training.checkpoint import load_classifier, load_weights
from plainfilm.training.encoder_settings import NAME as ENCODER
from plainfilm.training.record import read_recipe, read_record
from plainfilm.whole_files import write_whole

SCHEMA = "plainfilm.weights/1"


def save_weights_file(run: Path, out: Path, *, overwrite: bool = False) -> Path:
    """Write the weights of a finished run, and beside them what they are.

    Parameters
    ----------
    out
        A name in .safetensors. The JSON file has the same name in .json: the SHA-256, the network
        and its input, what each logit means, the recipe. It names no film and no patient.

    Returns
    -------
    Where the JSON file is.

    Raises
    ------
    RunError
        The run is not finished, its weights are missing or broken, or the disk refuses.
    RecipeError
        It is a head on an encoder, whose weights are a file of their own already.
    ReportError
        The ending is another one, a file is there and `overwrite` is False, or its folder is not.
    """
    about = out.with_suffix(".json")
    for path, ending in ((out, SAFETENSORS), (about, ".json")):
        check_path(path, overwrite=overwrite, endings=(ending,))
    read_record(run)  # or there is no run here, which is more to know than that it has no recipe
    if read_recipe(run).network.name == ENCODER:
        words = "a head on an encoder; the encoder's own file has the other weights"
        raise RecipeError(f"{run.name}: {words}. Export a bundle instead.")
    load_classifier(run)  # they fit the network that they are said to be of
    content = safetensors_bytes(load_weights(run))
    try:
        write_whole(out, content)
        write_whole(about, encode(_statement(run, out.name, content)))
    except OSError as error:
        raise RunError(f"{out.name}: cannot be written ({error.strerror}).") from error
    return about


def _statement(run: Path, name: str, content: bytes) -> dict[str, object]:
    recipe, record = read_recipe(run), read_record(run)
    network, size = recipe.network, recipe.data.size
    return {
        "schema": SCHEMA,
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "network": {"name": network.name, "head": network.head, "normalise": network.normalise},
        "input": {
            "shape": ["N", 1, size, size],  # films that are fitted already
            "values": "displayed luminance, float32, 0 black to 1 white",
            **({"facts": list(columns(recipe.data.told))} if recipe.data.told else {}),
        },
        "logits": list(record.label_set.names),
        "exclusive": record.label_set.exclusive,
        "calibrated": False,
        "licence": recipe.release.licences.weights,
        "code_version": record.code_version,
        "recipe_toml": recipe.to_toml(),
    }
