"""Values that say nothing, for attributes that must have one."""

_NUMBERS = {"SS", "US", "SL", "UL", "SV", "UV", "FL", "FD"}
_NUMBER_TEXTS = {"DS", "IS"}
_BYTES = {"OB", "OW", "OL", "OV", "OF", "OD", "UN"}
_OF_KIND = {
    "AS": "000Y",
    "AT": 0,
    "DA": "19000101",
    "DT": "19000101000000",
    "TM": "000000",
    "PN": "ANONYMIZED",
    "UR": "https://example.invalid",
}
_WORD = "ANONYMIZED"  # fits every kind of text, and every character set


def dummy(vr: str) -> object:
    """A value of the kind `vr`, the same for all films.

    References
    ----------
    DICOM PS3.5, 6.2: value representations.
    """
    vr = vr[:2]  # "US or SS": what an attribute may be
    if vr in _NUMBERS:
        return 0
    if vr in _NUMBER_TEXTS:
        return "0"
    if vr in _BYTES:
        return bytes(8)  # whole samples of every width
    return _OF_KIND.get(vr, _WORD)
