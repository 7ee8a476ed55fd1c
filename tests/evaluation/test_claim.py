from plainfilm.evaluation.claim import CLAIM


def test_the_items_of_2024_are_all_there_once_in_order() -> None:
    assert [item.number for item in CLAIM] == [str(n) for n in range(1, 45)]


def test_what_no_software_knows_is_left_to_a_person() -> None:
    left = {item.number for item in CLAIM if not item.chapter}
    # goals, de-identification, the reference standard, sample size, trial, protocol, funding
    assert {"4", "6", "11", "14", "15", "16", "17", "18", "21", "34", "42", "44"} <= left
