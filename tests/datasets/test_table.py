"""A hospital's own table: what it may say, and what is answered where it says something else."""

import codecs
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicoms import dicom_file
from plainfilm.datasets import Manifest, PrepareOptions, Selection, prepare, table
from plainfilm.errors import DatasetError, LeakError, ManyProblems

HEADER = "path,patient,study,split,view,sex,age,body_part,label:mass,label:Pleural Effusion"
FULL = "films/a.png,anna,s1,train,PA,F,58,Chest,1,0"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write(row, …, header=…): the path of a table with these rows."""

    def write_table(*rows: str, header: str = HEADER) -> Path:
        path = tmp_path / "films.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write_table


def test_every_column_arrives(write: Write) -> None:
    manifest = table.load(write(FULL, "films/b.png,ben,,test,LATERAL,M,0.5,chest,,1"))

    first, second = manifest.samples
    assert (first.image, first.patient, first.study, first.split) == (
        "films/a.png", "anna", "s1", "train",
    )  # fmt: skip
    assert (first.view, first.sex, first.age, manifest.body_part) == ("PA", "F", 58, "chest")
    assert (second.study, second.view, second.age) == ("film films/b.png", "LATERAL", 0.5)
    np.testing.assert_array_equal(manifest.labels, np.array([[1, 0], [np.nan, 1]], np.float32))
    assert manifest.cautions == ()


def test_a_finding_is_named_by_its_column(write: Write) -> None:
    findings = table.load(write(FULL)).label_set.findings

    assert [f.name for f in findings] == ["mass", "pleural_effusion"]
    assert [f.display for f in findings] == ["Mass", "Pleural Effusion"]


def test_path_patient_and_one_finding_are_enough(write: Write) -> None:
    rows = [f"{n}.png,p{n},1" for n in range(20)]

    manifest = table.load(write(*rows, header="path,patient,label:mass"), seed=1)

    assert {name: len(manifest.split(name)) for name in manifest.split_names} == {
        "train": 14,
        "val": 2,
        "test": 4,
    }
    assert [s.view or s.sex or s.age for s in manifest.samples] == [None] * 20
    assert manifest.body_part == ""
    assert manifest.cautions[0].startswith("splits drawn by patient (train / val / test 70/10/20 %")


def test_films_in_no_split_stay_in_none(write: Write) -> None:
    manifest = table.load(write(FULL, "b.png,ben,,,,,,,,"))

    assert manifest.samples[1].split == ""


def test_body_parts_that_differ_are_each_film_s_own(write: Write) -> None:
    other = FULL.replace("a.png", "b.png").replace("Chest", "Knee")

    manifest = table.load(write(FULL, other))

    assert [s.body_part for s in manifest.samples] == ["chest", "knee"]
    assert manifest.body_part == ""


def test_a_table_is_a_data_set_of_its_own_name_and_content(write: Write, tmp_path: Path) -> None:
    first = table.load(write(FULL))
    (tmp_path / "films.csv").rename(tmp_path / "ward-7.csv")

    renamed = table.load(tmp_path / "ward-7.csv")

    assert (first.source, renamed.source) == ("table:films", "table:ward-7")
    assert renamed.release.startswith("SHA-256 of ward-7.csv: ")


def test_the_only_table_of_a_folder_is_found(write: Write, tmp_path: Path) -> None:
    by_path = table.load(write(FULL))

    assert table.load(tmp_path).split_sha256 == by_path.split_sha256
    (tmp_path / "more.csv").touch()
    with pytest.raises(DatasetError, match=r"films\.csv, more\.csv; expected one\. Give the table"):
        table.load(tmp_path)


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"\.csv files found: none; expected one"):
        table.load(tmp_path)


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["1", "0", ""])), min_size=1))
def test_no_draw_puts_a_patient_in_two_splits(
    tmp_path_factory: pytest.TempPathFactory, films: list[tuple[int, str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "films.csv"
    films = [*films, *((n, "0") for n in range(20))]
    rows = [f"{row}.png,p{patient},{label}" for row, (patient, label) in enumerate(films)]
    path.write_text("\n".join(["path,patient,label:mass", *rows]))

    manifest = table.load(path)

    assert len({(s.patient, s.split) for s in manifest.samples}) == len(manifest.patients())


# --- spreadsheets' habits


def test_a_byte_order_mark_blanks_and_empty_last_lines_do_no_harm(write: Write) -> None:
    path = write(" films/a.png , anna ,s1,train,PA,F,58,chest, 1 ,0", "\n")
    plain = table.load(write(FULL)).split_sha256
    text = path.read_text(encoding="utf-8").replace("\n", "\r\n") + "\r\n\r\n"
    path.write_bytes(codecs.BOM_UTF8 + text.encode())

    assert table.load(path).split_sha256 == plain


def test_a_packed_table_is_read(write: Write, tmp_path: Path) -> None:
    packed = tmp_path / "films.csv.gz"
    packed.write_bytes(gzip.compress(write(FULL).read_bytes()))

    assert table.load(packed).source == "table:films"


def test_labels_as_pandas_writes_them_are_labels(write: Write) -> None:
    rows = [f"{n}.png,p{n},train,{label}" for n, label in enumerate(("1.0", "0.0", ""))]

    manifest = table.load(write(*rows, header="path,patient,split,label:mass"))

    np.testing.assert_array_equal(manifest.labels[:, 0], [1, 0, np.nan])


@pytest.mark.parametrize(("sign", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator_is_refused_with_what_to_do(write: Write, sign: str, name: str) -> None:
    path = write(FULL.replace(",", sign), header=HEADER.replace(",", sign))

    with pytest.raises(DatasetError, match=f"separated by {name}; expected commas. Save it as com"):
        table.load(path)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_another_encoding_is_refused_with_what_to_do(write: Write, encoding: str) -> None:
    path = write(FULL)
    path.write_bytes(f"{HEADER}\n{FULL.replace('anna', 'Jürgen')}\n".encode(encoding))

    with pytest.raises(DatasetError, match=r"films\.csv: not UTF-8. Save it as 'CSV UTF-8'") as e:
        table.load(path)

    assert "rgen" not in str(e.value)


def test_a_missing_table_is_told_as_missing(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere\.csv: not a readable folder"):
        table.load(tmp_path / "nowhere.csv")


def test_a_packed_table_that_is_broken_is_told(tmp_path: Path) -> None:
    (tmp_path / "films.csv.gz").write_bytes(b"no gzip")

    with pytest.raises(DatasetError, match=r"films\.csv\.gz: cannot be read"):
        table.load(tmp_path / "films.csv.gz")


# --- a header that is none of ours


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Path,patient,label:mass", r"column 1 is called 'Path'; .* Did you mean 'path'\?"),
        ("path,patient,label:mass,gender", "column 4 is called 'gender'; expected path, .* Rename"),
        ("path,patient,mass", "column 3 is called 'mass'; .* label:NAME for a finding"),
        ("path,patient,label:mass,", "column 4 is called ''"),
        ("path,patient,patient,label:mass", "two columns are called 'patient'; expected one"),
        ("path,patient,label:Mass,label:mass", "two columns are of the finding 'mass'"),
        ("path,patient,label:", "column 'label:'; expected label: and a word"),
        ("path,patient,label:a|b", ".*without a bar"),
        ("patient,label:mass", "no column 'path'; a film needs path, patient and a label"),
        ("path,patient", "no column 'label:NAME'"),
        ("path,patient,label:mass", "no row below the header"),
    ],
)
def test_a_header_that_is_none_of_ours_is_refused(write: Write, header: str, said: str) -> None:
    with pytest.raises(DatasetError, match=rf"films\.csv: {said}"):
        table.load(write(header=header))


def test_a_row_of_another_length_is_refused(write: Write) -> None:
    with pytest.raises(DatasetError, match="line 3 has 9 cells; expected 10"):
        table.load(write(FULL, FULL.removesuffix(",0")))


# --- cells that are none


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("path", "", "empty; expected a path relative to the table's folder"),
        ("path", r"films\a.png", "a backslash; expected a path relative"),
        ("path", "films\0/a.png", "a control character; expected a path"),
        ("path", "/films/a.png", "a path that leads out of the table's folder"),
        ("path", "C:/films/a.png", "a path that leads out"),
        ("path", "films/../../a.png", "a path that leads out"),
        ("patient", "", "empty; expected a key, the same on all films of a patient"),
        ("split", "valid", "'valid'; expected train, val, test or empty"),
        ("view", "frontal", "'frontal'; expected PA, AP, LATERAL, OBLIQUE or empty"),
        ("sex", "female", "'female'; expected F, M or empty"),
        ("age", "058Y", "'058Y'; expected years from 0 to 130, as in 58 or 0.5"),
        ("age", "131", "'131'; expected years"),
        ("age", "nan", "'nan'; expected years"),
        ("label:mass", "-1", "'-1'; expected 1, 0, or empty where it is not known"),
        ("label:mass", "yes", "'yes'; expected 1, 0, or empty"),
        ("label:mass", "NaN", "'NaN'; expected 1, 0, or empty"),
    ],
)
def test_a_cell_that_is_none_is_refused_by_row_and_column(
    write: Write, column: str, cell: str, said: str
) -> None:
    cells = FULL.replace("a.png", "b.png").split(",")
    cells[HEADER.split(",").index(column)] = cell

    with pytest.raises(DatasetError, match=rf"films\.csv: row 3, column {column}: ") as caught:
        table.load(write(FULL, ",".join(cells)))

    assert said in str(caught.value)
    assert "anna" not in str(caught.value)


cells = st.sampled_from(["", "0", "1", "a.png", "train", "chest", "PA", "F", "\0", '"', "\r"])
anything = st.text(st.characters(codec="utf-8")) | st.lists(
    st.lists(cells | st.text(max_size=3), min_size=4, max_size=4).map(",".join)
).map(lambda rows: "\n".join(["path,patient,split,label:x", *rows]))


@given(anything.map(str.encode) | st.binary())
def test_whatever_the_file_holds_it_is_a_manifest_or_one_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "anything.csv"
    path.write_bytes(content)

    try:
        manifest = table.load(path)
    except DatasetError as error:
        assert str(error).startswith("anything.csv: ")  # noqa: PT017 - both ends are right
    else:
        assert len(manifest.missing_images()) <= len(manifest)


# --- rows that contradict each other


def test_a_film_named_twice_is_refused_by_its_rows(write: Write) -> None:
    with pytest.raises(DatasetError, match="rows 2 and 4 name the same film; keep one"):
        table.load(write(FULL, FULL.replace("a.png", "b.png"), FULL.replace("films/", "./films//")))


def test_a_patient_in_two_splits_is_refused_by_rows_without_the_key(write: Write) -> None:
    other = FULL.replace("a.png", "b.png").replace("train", "test").replace("s1", "s2")

    with pytest.raises(LeakError, match="rows 2 and 3 are of one patient, in train and test;") as e:
        table.load(write(FULL, other))

    assert "anna" not in str(e.value)


def test_one_name_written_in_two_ways_is_one_patient(write: Write) -> None:
    composed, decomposed = "J\u00fcrgen", "Ju\u0308rgen"
    first = FULL.replace("anna", composed)
    other = FULL.replace("anna", decomposed).replace("a.png", "b.png").replace("train", "test")

    with pytest.raises(LeakError, match="rows 2 and 3 are of one patient"):
        table.load(write(first, other))


def test_a_patient_with_films_in_no_split_is_no_leak(write: Write) -> None:
    other = FULL.replace("a.png", "b.png").replace("train", "")

    assert len(table.load(write(FULL, other))) == 2


def test_a_study_of_two_patients_is_refused_with_what_to_do(write: Write) -> None:
    other = FULL.replace("a.png", "b.png").replace("anna", "ben")

    with pytest.raises(DatasetError, match=r"rows 2 and 3 are of one study .* join patient"):
        table.load(write(FULL, other))


def test_every_problem_is_listed_by_its_row(table_folder: Path) -> None:
    """Planted faults, each named, all at once."""
    path = table_folder / "films.csv"
    lines = path.read_text().splitlines()
    head = lines[0].split(",")

    def spoil(row: int, column: str, cell: str) -> None:
        cells = lines[row - 1].split(",")
        cells[head.index(column)] = cell
        lines[row - 1] = ",".join(cells)

    label = next(name for name in head if name.startswith("label:"))
    spoil(3, label, "maybe")
    spoil(4, "patient", "")
    spoil(5, "path", "../elsewhere.png")
    (table_folder / "films" / "6.png").unlink()
    first = lines[9].split(",")
    first[head.index(label)] = "0" if first[head.index(label)] == "1" else "1"
    lines += [lines[8], ",".join(first)]
    path.write_text("\n".join(lines))

    with pytest.raises(ManyProblems) as caught:
        table.load(path)

    problems = caught.value.problems
    assert [p.partition(": ")[2].partition(";")[0] for p in problems] == [
        f"row 3, column {label}: 'maybe'",
        "row 4, column patient: empty",
        "row 5, column path: a path that leads out of the table's folder",
        f"rows 9 and {len(lines) - 1} name the same film",
        f"rows 10 and {len(lines)} name the same film with different labels",
        "row 8, column path: no such file",
    ]
    assert all(p.startswith("films.csv: ") for p in problems)


def test_each_patient_in_two_splits_is_listed(write: Write) -> None:
    rows = [f"{n}.png,p{n // 2},{'train' if n % 2 else 'test'},1" for n in range(6)]

    with pytest.raises(ManyProblems) as caught:
        table.load(write(*rows, header="path,patient,split,label:mass"))

    pairs = [p.split(" are ")[0] for p in caught.value.problems]
    assert pairs == [f"films.csv: rows {n} and {n + 1}" for n in (2, 4, 6)]


# --- films that say whose they are


def test_the_patient_may_stand_in_the_dicom_film_and_is_never_shown(tmp_path: Path) -> None:
    words = (np.arange(64 * 64).reshape(64, 64) % 4096).astype(np.uint16)
    for name, number in (("a", "4711"), ("b", "4711"), ("c", "4712"), ("d", None)):
        (tmp_path / name).write_bytes(dicom_file(words, BitsStored=12, PatientID=number))
    sheet = tmp_path / "films.csv"
    sheet.write_text("path,split,label:mass\na,train,1\nb,train,0\nc,test,1\n")

    samples = table.load(sheet).samples

    assert samples[0].patient == samples[1].patient != samples[2].patient
    assert "4711" not in "".join(sample.patient + sample.study for sample in samples)
    assert table.load(sheet).dropped == {"file beside the films that no row names": 1}
    text = "path,split,label:mass,patient\na,train,1,x\nb,train,0,\n"
    sheet.write_text(text)
    assert [sample.patient for sample in table.load(sheet).samples] == ["x", samples[1].patient]
    sheet.write_text(f"{text}d,test,1,\n")
    with pytest.raises(DatasetError, match=r"row 4, column patient: empty; .* or a DICOM film"):
        table.load(sheet)


# --- prepared


def test_a_film_that_is_not_there_is_named_and_counted(table_folder: Path, tmp_path: Path) -> None:
    (table_folder / "films" / "3.png").unlink()

    with pytest.raises(DatasetError, match=r"1 of 20 films .* the first 3\.png \(film 4\)"):
        prepare("table", table_folder, tmp_path / "out", size=32)
    allowed = PrepareOptions(allow_missing=True)
    manifest = prepare("table", table_folder, tmp_path / "out", size=32, options=allowed)

    assert (len(manifest), list(manifest.dropped.values())) == (19, [1])


def test_each_film_that_is_not_there_is_listed_by_its_row(
    table_folder: Path, tmp_path: Path
) -> None:
    for name in ("3.png", "7.png"):
        (table_folder / "films" / name).unlink()
    rows = (table_folder / "films.csv").read_text().splitlines()
    gone = [n for n, row in enumerate(rows, start=1) if "/3.png" in row or "/7.png" in row]

    with pytest.raises(ManyProblems) as caught:
        prepare("table", table_folder, tmp_path / "out", size=32)

    assert caught.value.problems == tuple(
        f"table:films: row {n}, column path: no such file" for n in gone
    )
    assert not (tmp_path / "out").exists()


def test_a_table_is_prepared_fold_by_fold_for_one_finding(
    table_folder: Path, tmp_path: Path
) -> None:
    path, only = table_folder / "films.csv", Selection("pleural effusion", fold=(2, 3))

    prepare("table", path, tmp_path / "out", size=32, options=PrepareOptions(selection=only))

    manifest = Manifest.load(tmp_path / "out")
    assert manifest.label_set.names == ("pleural_effusion",)
    assert len(manifest.cautions) == 2
    assert np.isnan(manifest.labels).all()
