from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.pseudonymise.variants import near, soundex

NAMES = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=10)


@pytest.mark.parametrize(
    ("name", "code"),
    [  # examples of the US National Archives' page on the Soundex Indexing System
        ("WASHINGTON", "W252"),
        ("LEE", "L000"),
        ("GUTIERREZ", "G362"),
        ("PFISTER", "P236"),
        ("JACKSON", "J250"),
        ("TYMCZAK", "T522"),
        ("VANDEUSEN", "V532"),
        ("ASHCRAFT", "A261"),
    ],
)
def test_soundex_gives_the_published_codes(name: str, code: str) -> None:
    assert soundex(name) == code


def test_the_whole_name_comes_first_then_other_names_then_parts_then_deletions() -> None:
    assert near("SMITH JONES", "GREEN")[:5] == ("SMITHJONES", "GREEN", "SMITH", "JONES", "MITHJONES")


def test_short_names_have_no_deletions() -> None:
    assert near("LI") == ("LI",)


@given(NAMES, st.data())
def test_one_changed_letter_leaves_a_variant_in_common(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("ABCXYZ"))
    assert set(near(name)) & set(near(name[:place] + letter + name[place + 1 :]))


@given(NAMES, st.data())
def test_two_exchanged_neighbours_leave_a_variant_in_common(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name) - 2))
    exchanged = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    assert set(near(name)) & set(near(exchanged))
