"""Compare imported weights with the source libraries' own code, on the same weights and films.

Run: python benchmarks/imports_parity.py FILMS --peers FOLDER [--films N] [--keep FILE]

FOLDER is a virtual environment of the peers' own, made only where it is not there yet (with torch,
torchvision, torchxrayvision, fastai: some GB). Each peer draws a network by chance, writes its
weights as its users do, and says what its own code makes of N films below FILMS; here the file is
imported and the bundle reads the same films. Films are cut to a square and made 224 pixels wide
once, by Pillow, and both sides get these pixels, so that networks are compared and not filters.
Prints the largest difference of a score.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy as np
from PIL import Image

PEERS = ("torch", "torchvision", "torchxrayvision", "fastai")
SIDE = 224
ENDINGS = (".png", ".jpg", ".jpeg")
TOLERANCE = 1e-5
FINDINGS = ("Pneumonia", "Effusion", "Mass")
# What is compared: the peer's network, the form and network it is imported as.
CASES = {
    "torchxrayvision DenseNet (18 outputs)": ("xrv", "xrv-all", ""),
    "CheXNet's form (DataParallel, 14 outputs)": ("chexnet", "chexnet", ""),
    "fast.ai's vision_learner on resnet18": ("fastai-resnet18", "fastai", "resnet18"),
    "fast.ai's vision_learner on densenet121": ("fastai-densenet121", "fastai", "densenet121-cut"),
    "torchvision vgg16": ("vgg16", "torchvision", "vgg16-flatten"),
    "torchvision resnet18": ("resnet18", "torchvision", "resnet18"),
    "torchvision densenet121": ("densenet121", "torchvision", "densenet121"),
    "torchvision resnet50": ("resnet50", "torchvision", "resnet50"),
    "torchvision densenet169": ("densenet169", "torchvision", "densenet169"),
}

# Run by the peers' Python: draws the network, saves its state, says its logits of films.npy.
PEER = r"""
import sys, numpy as np, torch, torch.nn as nn
name, folder = sys.argv[1], sys.argv[2]
films = torch.from_numpy(np.load(folder + "/films.npy"))
torch.manual_seed(7)

def stir(network):
    for part in network.modules():
        if isinstance(part, (nn.BatchNorm2d, nn.BatchNorm1d)):
            part.running_mean.normal_(0, 0.1); part.running_var.uniform_(0.8, 1.2)
        if isinstance(part, (nn.Conv2d, nn.Linear)) and part.bias is not None:
            nn.init.normal_(part.bias, 0, 0.05)
    return network.eval()

def imagenet(films):
    mean, spread = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (films.expand(-1, 3, -1, -1) - mean[:, None, None]) / spread[:, None, None]

def learned(kind):  # by fast.ai, one step long so that its optimiser has something to save
    import torchvision
    from fastai.vision import all as fa
    pairs = torch.utils.data.TensorDataset(imagenet(films[:4]), torch.eye(4, 3))
    loaders = fa.DataLoaders(*[fa.DataLoader(pairs, bs=4)] * 2)
    learn = fa.vision_learner(
        loaders, getattr(torchvision.models, kind), n_out=3, pretrained=False, normalize=False,
        loss_func=fa.BCEWithLogitsLossFlat(), path=folder, model_dir=".")
    with learn.no_bar(), learn.no_logging():
        learn.fit(1, 1e-4)
    stir(learn.model)
    learn.save(name)
    scale = fa.Normalize.from_stats(*fa.imagenet_stats, cuda=False)
    return learn.model, torch.Tensor(scale(fa.TensorImage(films.repeat(1, 3, 1, 1))))

if name == "xrv":
    import torchxrayvision as xrv
    network = stir(xrv.models.DenseNet(num_classes=18, in_channels=1))
    network.features.conv0.weight.data /= 512  # its tones go to 1024: keep the scores near 1
    ready = [xrv.datasets.normalize(255 * film[0].numpy(), 255, reshape=True) for film in films]
    ready = torch.from_numpy(np.stack([xrv.datasets.XRayCenterCrop()(each) for each in ready]))
elif name.startswith("fastai-"):
    network, ready = learned(name.removeprefix("fastai-"))
else:
    import torchvision
    ready, n = imagenet(films), 14 if name == "chexnet" else 3
    kind = "densenet121" if name == "chexnet" else name
    network = stir(torchvision.models.get_model(kind, weights=None, num_classes=n))
with torch.no_grad():
    scores = torch.cat([network(each[None]) for each in ready])
state = network.state_dict()
if name == "chexnet":  # module.densenet121.classifier.0.…, as its re-implementations save it
    state = {("module.densenet121." + k).replace("classifier.", "classifier.0."): v
             for k, v in state.items()}
if not name.startswith("fastai-"):  # those are saved by fast.ai itself
    torch.save(state, folder + "/" + name + ".pth")
np.save(folder + "/" + name + ".npy", scores.numpy())
"""


def peer_python(folder: Path) -> Path:
    """The peers' Python; makes their environment where it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
    return python


def squares(folder: Path, n_films: int) -> np.ndarray:
    """Some films below a folder, evenly spread: float32 (n, 1, 224, 224) in [0, 1]."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    if not paths:
        raise SystemExit(f"{folder.name}: no film ends in {', '.join(ENDINGS)}")
    films = []
    for path in paths[:: max(1, len(paths) // n_films)][:n_films]:
        film = Image.open(path).convert("L")
        side = min(film.size)
        left, top = (film.width - side) // 2, (film.height - side) // 2
        film = film.crop((left, top, left + side, top + side)).resize((SIDE, SIDE))
        films.append(np.asarray(film, np.float32)[None] / 255)
    return np.stack(films)


def bundle_scores(weights: Path, form: str, network: str, films: np.ndarray) -> np.ndarray:
    """What the imported bundle says, (n, K)."""
    from plainfilm.imports import FORMS, ImportOptions, import_weights
    from plainfilm.training.onnx_file import run_onnx

    findings = () if FORMS[form].outputs else FINDINGS
    out = weights.with_suffix(".bundle")
    made = import_weights(weights, out, ImportOptions(form, network, findings))
    return np.stack([each["score"] for each in run_onnx(made.network, films[:, 0])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--films", type=int, default=16)
    parser.add_argument("--keep", type=Path)
    said = parser.parse_args()
    python, films = peer_python(said.peers), squares(said.folder, said.films)
    versions = "import importlib.metadata as m; print(*(f'{p} {m.version(p)}' for p in "
    versions += f"{PEERS!r}), sep=', ')"
    lines = [subprocess.check_output([python, "-c", versions], text=True).strip()]
    print(lines[0], flush=True)
    worst = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        np.save(Path(scratch) / "films.npy", films)
        for words, (name, form, network) in CASES.items():
            subprocess.run([python, "-c", PEER, name, scratch], check=True)
            theirs = np.load(Path(scratch) / f"{name}.npy")
            ours = bundle_scores(Path(scratch) / f"{name}.pth", form, network, films)
            gap, spread = float(np.abs(ours - theirs).max()), float(np.ptp(theirs))
            size = gap / (1 + float(np.abs(theirs).max()))
            worst = max(worst, size)
            lines.append(
                f"{words}: {len(films)} films, scores {theirs.min():.3g} to {theirs.max():.3g} "
                f"(spread {spread:.3g}), largest difference {gap:.2g}"
            )
            print(lines[-1], flush=True)
            if said.keep is not None:
                said.keep.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(json.dumps({"worst, beside 1 + the largest score": worst}))
    sys.exit(0 if worst <= TOLERANCE else 1)


if __name__ == "__main__":
    main()
