import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.datasets.chestxray14_metadata import (
    Metadata,
    parse_age,
    parse_file_name,
    read_metadata,
)
from plainfilm.errors import DatasetError

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
LINE = "00000001_000.png,Mass|Hernia,0,1,58,M,PA,2682,2749,0.143,0.168"


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def full(shared_data: Path) -> Metadata:
    return read_metadata(shared_data / "nih-chestxray14-metadata" / "Data_Entry_2017_v2020.csv.gz")


def test_s0_02_the_broken_header_gives_width_height_and_spacing(tmp_path: Path) -> None:
    metadata = read_metadata(written(tmp_path / "a.csv", HEADER, LINE))

    np.testing.assert_array_equal(metadata.sizes, [[2682, 2749]])
    np.testing.assert_array_equal(metadata.spacings, [[0.143, 0.168]])
    assert metadata.images == ("00000001_000.png",)
    assert np.flatnonzero(metadata.labels[0]).tolist() == [4, 13]
    assert (metadata.patients, metadata.sexes, metadata.views) == (("1",), ("M",), ("PA",))
    assert metadata.follow_ups.tolist() == [0]
    assert metadata.ages.tolist() == [58]


@pytest.mark.parametrize("end", ["", ","])
def test_s0_02_the_release_of_2017_reads_with_its_trailing_commas(tmp_path: Path, end: str) -> None:
    line = LINE.replace(",58,", ",058Y,") + end

    metadata = read_metadata(written(tmp_path / "a.csv", HEADER + ",", line))

    assert metadata.ages.tolist() == [58]
    np.testing.assert_array_equal(metadata.spacings, [[0.143, 0.168]])


def test_a_label_file_without_sizes_reads_with_sizes_unknown(tmp_path: Path) -> None:
    lines = [line.rsplit(",", 4)[0] for line in (HEADER, LINE)]

    metadata = read_metadata(written(tmp_path / "a.csv", *lines))

    assert np.isnan(metadata.sizes).all()
    assert np.isnan(metadata.spacings).all()


@pytest.mark.parametrize(
    ("text", "years"),
    [("58", 58), ("058Y", 58), ("006M", 0.5), ("000D", 0), ("014D", 14 / 365.25)],
)
def test_s0_02_ages_read_in_both_notations(text: str, years: float) -> None:
    assert parse_age(text) == pytest.approx(years)


@pytest.mark.parametrize("text", ["", "Y", "58X", "-1", "58.5"])
def test_an_age_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(DatasetError, match="age"):
        parse_age(text)


def test_an_impossible_age_counts_as_not_known(tmp_path: Path) -> None:
    metadata = read_metadata(written(tmp_path / "a.csv", HEADER, LINE.replace(",58,", ",414,")))

    assert np.isnan(metadata.ages).tolist() == [True]
    assert metadata.n_impossible_ages == 1


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([HEADER.replace("Patient ID", "Patient")], "no column 'Patient ID'"),
        ([HEADER, LINE, LINE], "00000001_000.png stands there twice"),
        ([HEADER, LINE.replace("Mass", "Fracture")], "unknown label 'Fracture'"),
        ([HEADER, LINE.replace(",58,", ",old,")], "age 'old'"),
        ([HEADER, LINE.replace("2682", "wide")], "wide"),
        ([HEADER, LINE.replace("0.143", "thin")], "thin"),
        ([HEADER, LINE.replace(",0,1,", ",first,1,")], "first"),
        ([HEADER, LINE.replace(",0,1,", ",0,one,")], "one"),
        ([HEADER, LINE.replace(",M,", ",X,")], "column 'Patient Gender' holds 'X'; expected 'F'"),
        (
            [HEADER, LINE.replace(",PA,", ",pa,")],
            "holds 'pa'; expected 'PA' or 'AP'",
        ),
        ([HEADER, LINE.replace("Mass|Hernia", "")], "unknown label ''"),
        ([HEADER, LINE.replace("Mass|", "No Finding|")], "unknown label 'No Finding'"),
        ([HEADER, LINE.replace(",58,", ",,")], "age ''"),
        ([HEADER, LINE[:40]], "line 2 has"),
        ([HEADER, LINE, "", LINE + ",more"], "line 4 has 12 cells; expected 11"),
        ([HEADER, LINE.replace("PA", '"PA')], "not a comma-separated table"),
    ],
)
def test_a_label_file_that_is_broken_is_refused_by_name(
    tmp_path: Path, lines: list[str], said: str
) -> None:
    with pytest.raises(DatasetError, match=rf"a\.csv: .*{said}"):
        read_metadata(written(tmp_path / "a.csv", *lines))


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\r\n{LINE}\r\n",
        f"\ufeff{HEADER}\n{LINE}\n",
        f"{HEADER}\n{LINE}",
        f"{HEADER}\n{LINE}\n\n\n",
        f"{HEADER},\r\n{LINE},\r\n",
        f"{HEADER}\n{LINE.replace('Mass|Hernia', chr(34) + 'Mass|Hernia' + chr(34))}\n",
    ],
    ids=["CR LF", "byte order mark", "no last line end", "blank lines", "2017 CR LF", "quoted"],
)
def test_the_same_table_however_a_spreadsheet_saved_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode())

    metadata = read_metadata(tmp_path / "a.csv")

    assert metadata.images == ("00000001_000.png",)
    assert np.flatnonzero(metadata.labels[0]).tolist() == [4, 13]
    np.testing.assert_array_equal(metadata.sizes, [[2682, 2749]])
    np.testing.assert_array_equal(metadata.spacings, [[0.143, 0.168]])


def test_what_the_label_file_leaves_empty_is_not_known(tmp_path: Path) -> None:
    line = LINE.replace(",M,PA,2682,2749,0.143,0.168", ",,,,2749,,0.168")

    metadata = read_metadata(written(tmp_path / "a.csv", HEADER, line))

    assert (metadata.sexes, metadata.views) == (("",), ("",))
    np.testing.assert_array_equal(metadata.sizes, [[np.nan, 2749]])
    np.testing.assert_array_equal(metadata.spacings, [[np.nan, 0.168]])


def test_a_label_file_of_no_films_is_read_as_one(tmp_path: Path) -> None:
    metadata = read_metadata(written(tmp_path / "a.csv", HEADER))

    assert (metadata.images, metadata.labels.shape) == ((), (0, 14))


@given(st.integers(0, 99_999_999), st.integers(0, 999), st.sampled_from(["png", "jpg", "JPEG"]))
def test_s0_17_every_name_of_its_form_tells_patient_and_follow_up(
    patient: int, follow_up: int, ending: str
) -> None:
    assert parse_file_name(f"{patient:08d}_{follow_up:03d}.{ending}") == (patient, follow_up)


@given(st.integers(0, 999), st.sampled_from(["Y", "M", "W", "D"]))
def test_an_age_in_smaller_units_is_the_same_time(number: int, unit: str) -> None:
    days = number * {"Y": 365.25, "M": 365.25 / 12, "W": 7, "D": 1}[unit]

    assert parse_age(f"{number:03d}{unit}") == pytest.approx(days / 365.25)


def test_s0_17_a_file_name_tells_patient_and_follow_up() -> None:
    assert parse_file_name("00025252_045.png") == (25252, 45)


@pytest.mark.parametrize("name", ["25252_045.png", "00025252_045", "x00025252_045.png", ""])
def test_s0_17_another_file_name_is_refused(name: str) -> None:
    with pytest.raises(DatasetError, match="not a ChestX-ray14 file name"):
        parse_file_name(name)


def test_s0_01_the_whole_set_has_its_images_and_patients(full: Metadata) -> None:
    assert len(full.images) == 112_120
    assert len(set(full.patients)) == 30_805


def test_s0_02_every_number_of_the_whole_set_is_read(full: Metadata) -> None:
    assert np.isfinite(full.sizes).all()
    assert np.isfinite(full.spacings).all()
    assert np.isfinite(full.ages).all()
    assert full.sizes[0].tolist() == [2682, 2749]


def test_s0_17_every_name_of_the_whole_set_tells_its_patient(full: Metadata) -> None:
    parsed = [str(parse_file_name(name)[0]) for name in full.images]

    assert parsed == list(full.patients)


def test_a_packed_label_file_is_the_same(tmp_path: Path) -> None:
    plain = written(tmp_path / "a.csv", HEADER, LINE)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))

    assert read_metadata(tmp_path / "b.csv.gz").sha256 == read_metadata(plain).sha256
