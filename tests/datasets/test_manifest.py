import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.datasets.files import sha256_of
from plainfilm.datasets.manifest import SPLITS, Manifest, Sample, count_splits
from plainfilm.errors import DatasetError, LeakError
from plainfilm.findings import Finding, LabelSet

Make = Callable[..., Manifest]

PLAIN = [field.name for field in fields(Sample) if field.name != "labels"]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "prepared"
    folder.mkdir()
    return folder


def test_a_manifest_returns_from_its_folder(make_manifest: Make, out: Path) -> None:
    saved = replace(
        make_manifest(["train", "val", "test", ""], labels=[1, 0, np.nan, 0]),
        dropped={"hidden file": 2},
        release="edition 3",
        cautions=("beware",),
    )

    saved.save(out)
    loaded = Manifest.load(out)

    np.testing.assert_array_equal(loaded.labels, saved.labels)
    assert [s.age for s in loaded.samples] == [s.age for s in saved.samples]
    assert loaded.root.samefile(saved.root)
    for name in ("source", "dropped", "body_part", "release", "cautions", "label_set"):
        assert getattr(loaded, name) == getattr(saved, name)
    assert loaded.split_sha256 == saved.split_sha256
    assert loaded.images_sha256 == saved.images_sha256


WORDS = st.text(st.characters(codec="utf-8"), max_size=8)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """Any films of a few patients, each patient in one split; any labels; any words about them."""
    names = draw(st.lists(st.sampled_from(["mass", "hernia", "edema"]), min_size=1, unique=True))
    split_of = draw(st.fixed_dictionaries(dict.fromkeys("abcd", st.sampled_from(["", *SPLITS]))))
    label = st.sampled_from([0.0, 1.0, np.nan])
    films = draw(
        st.lists(
            st.tuples(
                st.sampled_from("abcd"),
                st.sampled_from([None, "PA", "AP"]),
                st.none() | st.floats(0, 120),
                st.lists(label, min_size=len(names), max_size=len(names)),
                st.none() | WORDS.filter(bool),
            ),
            max_size=6,
        )
    )
    samples = tuple(
        Sample(f"{row}.png", p, p, view, None, age, split_of[p], np.array(labels, np.float32), part)
        for row, (p, view, age, labels, part) in enumerate(films)
    )
    return Manifest(
        LabelSet(
            tuple(Finding(name, name.title()) for name in names), exclusive=draw(st.booleans())
        ),
        samples,
        source=draw(WORDS),
        root=Path("films"),
        dropped=draw(st.dictionaries(WORDS, st.integers(0, 9), max_size=2)),
        body_part="chest",
        release=draw(WORDS),
        cautions=tuple(draw(st.lists(WORDS, max_size=2))),
    )


@given(manifests())
def test_every_manifest_returns_from_its_folder_unchanged(saved: Manifest) -> None:
    with TemporaryDirectory() as folder:
        saved.save(Path(folder))
        loaded = Manifest.load_without_images(Path(folder), root=saved.root)

    for name in ("label_set", "source", "root", "dropped", "body_part", "release", "cautions"):
        assert getattr(loaded, name) == getattr(saved, name)
    for ours, theirs in zip(loaded.samples, saved.samples, strict=True):
        np.testing.assert_array_equal(ours.labels, theirs.labels)
        assert [getattr(ours, name) for name in PLAIN] == [getattr(theirs, name) for name in PLAIN]
    assert (loaded.split_sha256, loaded.images_sha256) == (saved.split_sha256, saved.images_sha256)


@given(manifests())
def test_the_splits_are_the_films_each_once(manifest: Manifest) -> None:
    parts = [manifest.rows(split) for split in manifest.split_names]
    outside = [row for row, sample in enumerate(manifest.samples) if not sample.split]

    assert sorted(np.concatenate([*parts, outside]).tolist()) == list(range(len(manifest)))
    patients = [manifest.patients(split) for split in manifest.split_names]
    assert sum(map(len, patients)) == len(set().union(*patients))
    counts = count_splits(manifest)
    assert sum(counts[split]["images"] for split in manifest.split_names) == len(manifest) - len(
        outside
    )
    for finding in manifest.label_set.names:
        place = manifest.label_set.names.index(finding)
        assert counts["all"][finding] == int((manifest.labels[:, place] == 1).sum())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
)


@given(data=st.data(), value=JSON)
def test_a_record_with_any_field_altered_is_refused_or_harmless(
    data: st.DataObject, value: object
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        drawn = Sample("0.png", "a", "s", None, None, None, "train", np.ones(1, np.float32))
        label_set = LabelSet((Finding("mass", "Mass"),))
        Manifest(label_set, (drawn,), "drawn", folder, {}, "chest").save(folder)
        record = json.loads((folder / "manifest.json").read_text())
        key = data.draw(st.sampled_from(sorted(record)))
        record[key] = value
        (folder / "manifest.json").write_text(json.dumps(record))

        with suppress(DatasetError):
            assert [s.image for s in Manifest.load_without_images(folder).samples] == ["0.png"]


def test_the_record_counts_what_is_in_the_table(make_manifest: Make, out: Path) -> None:
    manifest = make_manifest(["train", "train", "test"], patients=["a", "a", "b"])
    manifest.save(out)

    record = json.loads((out / "manifest.json").read_text())

    assert record["counts"] == count_splits(manifest)
    assert record["counts"]["train"] == {"images": 2, "patients": 1, "mass": 1}
    assert record["split_sha256"] == manifest.split_sha256


def test_saving_twice_gives_the_same_bytes(make_manifest: Make, out: Path) -> None:
    manifest = make_manifest(["train", "test"])
    manifest.save(out)
    first = [path.read_bytes() for path in sorted(out.iterdir())]

    Manifest.load(out).save(out)

    assert [path.read_bytes() for path in sorted(out.iterdir())] == first


def test_an_altered_table_is_refused(make_manifest: Make, out: Path) -> None:
    make_manifest(["train", "test"]).save(out)
    table = out / "manifest.csv"
    table.write_text(table.read_text().replace("train", "test"))

    with pytest.raises(DatasetError, match=r"manifest\.csv: altered"):
        Manifest.load(out)


def test_what_is_no_prepared_folder_is_told_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "films.csv").touch()

    with pytest.raises(DatasetError, match=r"^films\.csv: a file; expected a folder that `plain"):
        Manifest.load(tmp_path / "films.csv")
    with pytest.raises(DatasetError, match=r": no manifest\.json in it; expected a folder that"):
        Manifest.load(tmp_path)


@pytest.mark.parametrize("name", ["manifest.csv", "manifest.json"])
def test_a_manifest_without_one_of_its_files_is_refused(
    make_manifest: Make, out: Path, name: str
) -> None:
    make_manifest(["train", "test"]).save(out)
    (out / name).unlink()

    with pytest.raises(DatasetError, match=name):
        Manifest.load(out)


def test_a_manifest_of_a_newer_format_is_refused(make_manifest: Make, out: Path) -> None:
    make_manifest(["train", "test"]).save(out)
    record = out / "manifest.json"
    record.write_text(record.read_text().replace("plainfilm.manifest/1", "plainfilm.manifest/2"))

    with pytest.raises(DatasetError, match=r"manifest/2.*reads.*manifest/1"):
        Manifest.load(out)


def test_columns_that_do_not_fit_the_record_are_refused(make_manifest: Make, out: Path) -> None:
    make_manifest(["train", "test"]).save(out)
    record = out / "manifest.json"
    record.write_text(record.read_text().replace('"name": "mass"', '"name": "hernia"'))

    with pytest.raises(DatasetError, match="columns do not fit"):
        Manifest.load(out)


def test_a_cell_that_cannot_be_read_is_refused(make_manifest: Make, out: Path) -> None:
    make_manifest(["train"]).save(out)
    before = sha256_of(out / "manifest.csv")
    table, record = out / "manifest.csv", out / "manifest.json"
    table.write_text(table.read_text().replace("train", "valid"))
    record.write_text(record.read_text().replace(before, sha256_of(table)))

    with pytest.raises(DatasetError, match=r"manifest\.csv: a cell cannot be read"):
        Manifest.load(out)


def test_images_that_are_gone_are_named_and_counted(make_manifest: Make, out: Path) -> None:
    manifest = make_manifest(["train", "train", "test"])
    manifest.save(out)
    (manifest.root / "films/1.png").unlink()
    (manifest.root / "films/2.png").unlink()

    with pytest.raises(DatasetError, match=r"2 of 3 films are not there, the first 1\.png") as e:
        Manifest.load(out)

    assert str(manifest.root) not in str(e.value)
    assert len(Manifest.load_without_images(out)) == 3


def test_images_that_moved_are_found_at_their_new_root(
    make_manifest: Make, out: Path, tmp_path: Path
) -> None:
    manifest = make_manifest(["train", "test"])
    manifest.save(out)
    (tmp_path / "films").rename(tmp_path / "prepared" / "films")

    assert len(Manifest.load(out, root=out)) == 2


def test_a_split_is_its_rows(make_manifest: Make) -> None:
    manifest = make_manifest(["train", "test", "train", "val"], patients=["a", "b", "a", "c"])

    np.testing.assert_array_equal(manifest.rows("train"), [0, 2])
    train = manifest.split("train")
    np.testing.assert_array_equal(train.labels, manifest.labels[[0, 2]])
    assert manifest.patients("train") == {"a"}
    assert manifest.patients() == {"a", "b", "c"}
    assert manifest.split_names == ("train", "val", "test")


def test_a_split_without_films_is_refused(make_manifest: Make) -> None:
    with pytest.raises(DatasetError, match="split 'val'; there is train, test"):
        make_manifest(["train", "test"]).split("val")


def test_the_split_s_hash_knows_the_split_and_not_the_order(make_manifest: Make) -> None:
    manifest = make_manifest(["train", "test", "train"])

    turned = manifest.keep(np.array([2, 1, 0]))
    moved = make_manifest(["train", "test", "test"])

    assert turned.split_sha256 == manifest.split_sha256
    assert turned.images_sha256 != manifest.images_sha256
    assert moved.split_sha256 != manifest.split_sha256
    assert moved.images_sha256 == manifest.images_sha256


def test_labels_other_than_yes_no_unknown_are_refused(make_manifest: Make) -> None:
    with pytest.raises(ValueError, match="1, 0 or NaN"):
        make_manifest(["train"], labels=[0.5])


def test_a_sample_with_too_few_labels_is_refused(make_manifest: Make) -> None:
    manifest = make_manifest(["train"])
    short = replace(manifest.samples[0], labels=np.zeros(0, np.float32))

    with pytest.raises(ValueError, match="expected 1 labels"):
        replace(manifest, samples=(short,))


def test_a_patient_in_two_splits_makes_no_manifest(make_manifest: Make) -> None:
    manifest = make_manifest(["train", "test"])
    moved = replace(manifest.samples[1], patient=manifest.samples[0].patient)

    with pytest.raises(LeakError, match="1 patient with films in more than one split"):
        replace(manifest, samples=(manifest.samples[0], moved))


def rewritten(out: Path, old: str, new: str) -> None:
    """Change the table and what the record says of it, as somebody who knows how would."""
    table, record = out / "manifest.csv", out / "manifest.json"
    before = sha256_of(table)
    table.write_text(table.read_text().replace(old, new))
    record.write_text(record.read_text().replace(before, sha256_of(table)))


def test_a_patient_moved_into_two_splits_by_hand_is_found_on_loading(
    make_manifest: Make, out: Path
) -> None:
    make_manifest(["train", "train", "test"], patients=["a", "a", "b"]).save(out)
    rewritten(out, "films/1.png,a,s1,PA,,,train", "films/1.png,a,s1,PA,,,test")

    with pytest.raises(LeakError, match=r"0\.png \(train\) and 1\.png \(test\)"):
        Manifest.load(out)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",test,,1", ",test,,0.5", "each label must be 1, 0 or NaN"),
        (",test,,1", ",test,,yes", "could not convert"),
        (",test,,1", ",valid,,1", "split must be train, val, test or empty: 'valid'"),
        ("PA,,,test", "PA,,old,test", "could not convert"),
    ],
)
def test_a_cell_that_makes_no_sense_is_one_clear_line(
    make_manifest: Make, out: Path, old: str, new: str, said: str
) -> None:
    make_manifest(["train", "test"]).save(out)
    rewritten(out, old, new)

    with pytest.raises(DatasetError, match=rf"^manifest\.csv: a cell cannot be read \(.*{said}"):
        Manifest.load(out)
