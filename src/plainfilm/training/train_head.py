"""A head on an encoder, from a recipe and a prepared folder to a run folder like any other's."""

import hashlib
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import torch
from tqdm import tqdm

from plainfilm.errors import RunError
from plainfilm.networks import Classifier
from plainfilm.training.batches import Films
from plainfilm.training.chance import deterministic
from plainfilm.training.checkpoint import save_weights
from plainfilm.training.curves import write_curves
from plainfilm.training.embeddings import Embeddings, embed
from plainfilm.training.encoder_network import build_on_encoder, encoder_of, head_plan
from plainfilm.training.ending import alarms
from plainfilm.training.head_fit import Bench, FittedHead, Learning
from plainfilm.training.head_linear import fit_linear
from plainfilm.training.head_mlp import fit_mlp
from plainfilm.training.objective import make_target
from plainfilm.training.prepared import Prepared
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import RunRecord, write_log, write_recipe, write_record
from plainfilm.training.start import begin, claim
from plainfilm.training.team import Team

CPU = torch.device("cpu")


def train_head(recipe: Recipe, folder: Path, out: Path, *, threads: int | None, team: Team) -> Path:
    """Train the head of a recipe whose network is "encoder"; see `loop.train`.

    Embeddings are kept in the prepared folder, so a second head takes seconds.

    Returns
    -------
    `out`; the run's own recipe pins the encoder by its SHA-256.

    Raises
    ------
    RunError
        The encoder is none (see `encoder_file.open_encoder`), several processes train together, or
        as `loop.train`.
    """
    if team.size > 1:
        raise RunError("an encoder's head is trained by one process; start it without torchrun.")
    prepared, recipe = Prepared.open(folder, recipe), pinned(recipe)
    with ExitStack() as stack:
        claim(out, stack)
        record = begin(out, recipe, prepared, CPU, threads)
        if not record.finished:
            stack.enter_context(deterministic(CPU, record.threads))
            network = build_on_encoder(recipe, prepared.n_logits)
            embeddings = embed(network, recipe.encoder, folder, prepared.manifest, prepared.cache)
            head = _fit(recipe, prepared, embeddings)
            _keep(out, recipe, record, _with(network, head), head, embeddings.seconds)
    return out


def pinned(recipe: Recipe) -> Recipe:
    """The recipe with the SHA-256 of the encoder that stands there now, where it pins none.

    Raises
    ------
    RunError
        The file cannot be read.
    """
    if recipe.encoder.sha256:
        return recipe
    path = Path(recipe.encoder.file)
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise RunError(f"encoder.file: {path.name} cannot be read ({error.strerror}).") from error
    return replace(recipe, encoder=replace(recipe.encoder, sha256=digest))


def _fit(recipe: Recipe, prepared: Prepared, embeddings: Embeddings) -> FittedHead:
    names = prepared.manifest.label_set.names
    target = make_target(recipe, prepared.train, names, CPU)
    bench = Bench(
        _learning(prepared.train, embeddings, "train"),
        _learning(prepared.val, embeddings, "val"),
        target,
    )
    if recipe.network.head == "mlp":
        return fit_mlp(bench, recipe, head_plan(recipe))
    return fit_linear(bench, recipe.encoder.l2)


def _learning(films: Films, embeddings: Embeddings, split: str) -> Learning:
    return Learning(embeddings.means(split), films.labels, films.weights)


def _with(network: Classifier, head: FittedHead) -> Classifier:
    network.classifier.load_state_dict(head.state)
    return network.eval()


def _keep(
    out: Path,
    recipe: Recipe,
    record: RunRecord,
    network: Classifier,
    head: FittedHead,
    seconds: float,
) -> None:
    """Write the run's files; run.json says last that it is finished."""
    features = encoder_of(network)
    learning = sum(weight.numel() for weight in network.parameters())
    frozen = features.file.n_weights if features else 0
    record = replace(record, n_weights=frozen + learning, n_learning=learning)
    write_recipe(out, recipe)
    write_record(out, record)
    save_weights(out, network, len(record.label_set))
    write_log(out, head.rows)
    write_curves(out, head.rows)
    done = replace(
        record,
        seconds=seconds + sum(row.seconds for row in head.rows),
        epochs=len(head.rows),
        finished=True,
        ended=head.ended,
        alarms=alarms([row.loss for row in head.rows]) if recipe.network.head == "mlp" else (),
        kept_epoch=head.kept.epoch,
        val_auroc=head.kept.val_auroc,
    )
    write_record(out, done)
    auroc = "none" if done.val_auroc is None else f"{done.val_auroc:.3f}"
    tqdm.write(f"{head.ended}; mean validation AUROC {auroc}", file=sys.stderr)
