"""golden.npz: read without numpy's loader, and nothing in it believed."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from plainfilm.errors import CorruptBundle
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.container import write_zip
from plainfilm.reading.golden import Golden, golden_from_bytes, golden_to_bytes

FILM = np.zeros((2, 3), np.float32)
ONE = {"probability": np.float32([0.5]), "score": np.float32([0.0])}


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def npy(header: bytes, values: bytes, magic: bytes = b"\x93NUMPY\x01\x00") -> bytes:
    """golden.npz with one array, radiograph_0, of this header and these values."""
    length = len(header).to_bytes(2, "little")
    return write_zip({"radiograph_0.npy": magic + length + header + values})


def test_golden_outputs_come_back_bit_for_bit(bundle: Bundle) -> None:
    back = golden_from_bytes(golden_to_bytes(bundle.golden))

    assert len(back.radiographs) == len(bundle.golden.radiographs) == 2
    for index in range(2):
        np.testing.assert_array_equal(back.radiographs[index], bundle.golden.radiographs[index])
        assert back.outputs[index].keys() == bundle.golden.outputs[index].keys()
        for name, values in bundle.golden.outputs[index].items():
            np.testing.assert_array_equal(back.outputs[index][name], values)
            assert back.outputs[index][name].shape == values.shape


def test_numpy_reads_what_is_written(bundle: Bundle) -> None:
    with np.load(io.BytesIO(golden_to_bytes(bundle.golden)), allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["radiograph_1"], bundle.golden.radiographs[1])
        assert arrays["familiarity_0"].shape == ()


def test_what_numpy_writes_is_read() -> None:
    arrays = {"radiograph_0": FILM, "probability_0": ONE["probability"], "score_0": ONE["score"]}

    back = golden_from_bytes(npz(arrays))

    np.testing.assert_array_equal(back.radiographs[0], FILM)
    assert set(back.outputs[0]) == {"probability", "score"}


def test_a_transposed_film_is_written_in_its_own_order() -> None:
    film = np.arange(6, dtype=np.float32).reshape(2, 3).T / 6

    back = golden_from_bytes(golden_to_bytes(Golden((film,), (ONE,))))

    np.testing.assert_array_equal(back.radiographs[0], film)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "0 radiographs"),
        ({"radiograph_1": FILM}, "radiograph_0"),
        ({"radiograph_0": FILM, "score_3": ONE["score"]}, "score_3 belongs to no radiograph"),
        ({"radiograph_0": FILM, "other": FILM}, "holds 'other.npy'"),
        ({"radiograph_0": FILM.astype(np.float64)}, "not a float32 array"),
        ({"radiograph_0": np.asfortranarray(np.zeros((3, 3), np.float32))}, "not a float32 array"),
        ({"radiograph_0": np.array([{}])}, "not a float32 array"),
        ({"radiograph_0": FILM + 2}, "values in [0, 1]"),
        ({"radiograph_0": FILM + np.nan}, "values in [0, 1]"),
        ({"radiograph_0": FILM[0]}, "expected float32 (H, W)"),
        ({"radiograph_0": FILM[:0]}, "expected float32 (H, W)"),
        ({"radiograph_0": np.zeros((1, 5000), np.float32)}, "sides up to 4096"),
        ({"radiograph_0": FILM, "score_0": np.float32([np.inf])}, "score_0: expected finite"),
    ],
)
def test_arrays_that_do_not_hold_together_are_refused(
    arrays: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(CorruptBundle) as caught:
        golden_from_bytes(npz(arrays))

    assert message in str(caught.value)


HEADER = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n"


@pytest.mark.parametrize(
    "content",
    [
        npy(HEADER, bytes(23)),
        npy(HEADER.replace(b"(2, 3)", b"(2, 300000000000)"), bytes(24)),
        npy(HEADER.replace(b"(2, 3)", b"(2, -3)"), bytes(24)),
        npy(HEADER.replace(b"False", b"__import__('os')"), bytes(24)),
        npy(HEADER, bytes(24), b"\x93NUMPY\x02\x00"),
        npy(b"(" * 5000, bytes(24)),
        write_zip({"radiograph_0.npy": b""}),
        b"no zip",
        b"",
    ],
)
def test_a_hostile_array_is_refused(content: bytes) -> None:
    with pytest.raises(CorruptBundle, match=r"radiograph_0|golden.npz"):
        golden_from_bytes(content)


def test_a_packed_file_is_read_too(bundle: Bundle) -> None:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(golden_to_bytes(bundle.golden))) as stored,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in stored.namelist():
            packed.writestr(name, stored.read(name))

    assert len(golden_from_bytes(stream.getvalue()).radiographs) == 2


def test_each_radiograph_needs_its_outputs() -> None:
    with pytest.raises(ValueError, match="outputs of each"):
        Golden((FILM,), ())
    with pytest.raises(ValueError, match="float32"):
        Golden((FILM.astype(np.float64),), (ONE,))


@pytest.mark.parametrize("left_out", ["probability", "map", "familiarity"])
def test_outputs_must_be_those_the_header_promises(bundle: Bundle, left_out: str) -> None:
    outputs = tuple(
        {name: values for name, values in each.items() if name != left_out}
        for each in bundle.golden.outputs
    )

    with pytest.raises(ValueError, match="outputs of radiograph 0"):
        replace(bundle, golden=Golden(bundle.golden.radiographs, outputs))


def test_an_output_of_another_name_is_refused(bundle: Bundle) -> None:
    outputs = tuple({**each, "more": ONE["score"]} for each in bundle.golden.outputs)

    with pytest.raises(ValueError, match="outputs of radiograph 0"):
        replace(bundle, golden=Golden(bundle.golden.radiographs, outputs))
