"""The reader's list of names: what it builds is inert."""

import collections
import io
import pickle

import pytest

from plainfilm.checkpoints.unpickling import Inert, Reader, Refused, Storages


def load(program: bytes) -> object:
    return Reader(io.BytesIO(program), Storages(None)).load()


def test_plain_containers_are_read() -> None:
    content = collections.OrderedDict(a=[1, "two", (3.0, None)], b={"c": True})

    assert load(pickle.dumps(content, protocol=2)) == content


@pytest.mark.parametrize(
    "name",
    [
        b"torch.nn.modules.linear\nLinear", b"argparse\nNamespace", b"fastcore.foundation\nL",
        b"fastai.layers\nAdaptiveConcatPool2d",
    ],
)  # fmt: skip
def test_an_object_is_an_inert_record(name: bytes) -> None:
    built = load(b"\x80\x02c" + name + b"\n)\x81}U\x01aK\x05sb.")

    assert isinstance(built, Inert)
    assert built.record == {"a": 5}


@pytest.mark.parametrize(
    "name",
    [
        b"os\nsystem", b"builtins\neval", b"__main__\nAnything", b"torch\nload",
        b"torchaudio.models\nNet", b"torch.nnx\nLinear", b"torch._utils\n_rebuild_device_tensor",
        b"collections\nOrderedDict.fromkeys", b"copyreg\n_reconstructor",
        b"fastai.learner\nLearner", b"fastcore.foundation\nLs", b"fastcore.basics\nstore_attr",
    ],
)  # fmt: skip
def test_any_other_name_is_refused(name: bytes) -> None:
    with pytest.raises(Refused, match="might be code"):
        load(b"\x80\x02c" + name + b"\n.")


def test_a_registered_extension_has_no_name_here() -> None:
    with pytest.raises(ValueError, match="unregistered extension"):
        load(b"\x80\x02\x82\x01.")


@pytest.mark.parametrize("pid", [("storage",), ("file", 1, 2, 3, 4), 5])
def test_what_is_no_storage_is_refused(pid: object) -> None:
    class Writer(pickle.Pickler):
        def persistent_id(self, thing: object) -> object:
            return pid if thing == "here" else None

    written = io.BytesIO()
    Writer(written, protocol=2).dump("here")
    with pytest.raises(Refused, match="no storage"):
        load(written.getvalue())
