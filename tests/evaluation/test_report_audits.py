from plainfilm.evaluation.audit_sections import Section
from plainfilm.evaluation.report_audits import section_part, shortcuts_part


def test_without_audits_there_is_no_section() -> None:
    assert shortcuts_part({"audits": {}}) == ""


def test_a_section_s_words_and_cells_are_escaped_and_few_are_grey() -> None:
    text = section_part(Section("<T>", ("<W>",), ("H",), (("<C>",), ("d",)), (True, False)))
    assert "<h3>&lt;T&gt;</h3><p>&lt;W&gt;</p>" in text
    assert "<tr class='few'><td>&lt;C&gt;</td></tr><tr><td>d</td></tr>" in text
    assert "<table" not in section_part(Section("T", ("W",)))
