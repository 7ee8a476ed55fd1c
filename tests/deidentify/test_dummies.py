"""Values that say nothing."""

import pytest
from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.valuerep import VR

from plainfilm.deidentify.dummies import dummy

KINDS = [vr for vr in VR if vr not in (VR.SQ, VR.UI) and len(vr) == 2]


@pytest.mark.parametrize("vr", KINDS)
def test_a_dummy_is_a_value_of_its_kind(vr: VR) -> None:
    element = DataElement(0x00090001, vr, dummy(vr), validation_mode=config.RAISE)
    assert not element.is_empty


def test_where_the_kind_depends_the_first_counts() -> None:
    assert dummy("US or SS") == 0
