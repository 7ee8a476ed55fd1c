"""New UIDs and patient ids."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from plainfilm.deidentify.new_uids import NewUids
from plainfilm.errors import DeidentifyError

uid_texts = st.from_regex(r"[12]\.[1-9][0-9]{0,8}(\.[1-9][0-9]{0,8}){0,4}", fullmatch=True)


@given(uid_texts, uid_texts)
def test_a_new_uid_is_valid_and_stands_for_one_alone(one: str, other: str) -> None:
    uids = NewUids(b"0" * 16)
    assert UID(uids.of(one)).is_valid
    assert re.fullmatch(r"2\.25\.[1-9][0-9]{0,38}", uids.of(one))
    assert (uids.of(one) == uids.of(other)) == (one == other)


def test_the_padding_of_a_uid_does_not_count_and_an_empty_one_stays() -> None:
    uids = NewUids()
    assert uids.of("1.2.3\0") == uids.of("1.2.3 ") == uids.of("1.2.3")
    assert uids.of("") == ""


def test_another_secret_gives_other_ids() -> None:
    assert NewUids().of("1.2") != NewUids().of("1.2")
    assert NewUids().of_patient("7") != NewUids().of_patient("7")
    assert NewUids(b"1" * 16).of("1.2") == NewUids(b"1" * 16).of("1.2")


def test_a_patient_s_id_is_another_for_each() -> None:
    uids = NewUids()
    assert uids.of_patient("MILLER") == uids.of_patient("MILLER ")
    assert uids.of_patient("MILLER") != uids.of_patient("MEIER")
    assert re.fullmatch(r"[0-9A-F]{16}", uids.of_patient("MILLER"))


def test_a_secret_that_can_be_tried_out_is_refused_and_none_is_shown() -> None:
    with pytest.raises(DeidentifyError, match="15 bytes"):
        NewUids(b"0" * 15)
    assert "secretsecret" not in repr(NewUids(b"secretsecretsecret"))
