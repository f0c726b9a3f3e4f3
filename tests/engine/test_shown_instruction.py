"""What a history says, as the instruction that a person wrote."""

import pytest

from pydock_lab.engine.layerstack import shown_instruction


@pytest.mark.parametrize(
    ("created_by", "shown"),
    [
        ("RUN /bin/sh -c echo hi # buildkit", "RUN echo hi"),
        ("RUN |2 A=1 B=2 /bin/sh -c echo $A", "RUN echo $A"),
        ("/bin/sh -c #(nop)  ENV A=1", "ENV A=1"),
        ('CMD ["cat" "/letter.txt"]', 'CMD ["cat", "/letter.txt"]'),
        ('ENTRYPOINT [" " "b \\" c" ""]', 'ENTRYPOINT [" ", "b \\" c", ""]'),
        ('CMD ["cat"]', 'CMD ["cat"]'),
        ('CMD ["cat", "a"]', 'CMD ["cat", "a"]'),
        ('RUN ["a" b]', 'RUN ["a" b]'),
    ],
)
def test_shown_instruction(created_by: str, shown: str) -> None:
    assert shown_instruction(created_by) == shown
