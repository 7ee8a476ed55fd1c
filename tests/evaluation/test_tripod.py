from plainfilm.evaluation.tripod import TRIPOD


def test_the_27_items_are_all_there_once_in_order() -> None:
    numbers = [item.number for item in TRIPOD]
    assert len(set(numbers)) == len(numbers)
    mains = [int(number.rstrip("abcdefg")) for number in numbers]
    assert sorted(set(mains)) == list(range(1, 28))
    assert mains == sorted(mains)


def test_what_no_software_knows_is_left_to_a_person() -> None:
    left = {item.number for item in TRIPOD if not item.chapter}
    assert {"3c", "4", "5b", "8b", "8c", "10", "17", "18a", "18b", "19", "25"} <= left
