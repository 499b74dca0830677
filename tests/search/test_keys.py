from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import keys
from search.errors import BadKey
from search.keys import LIMITS, TileAddress


def addresses() -> st.SearchStrategy[TileAddress]:
    parts = {name: st.integers(1 if name == "dataset" else 0, limit - 1) for name, limit in LIMITS.items()}
    return st.builds(TileAddress, **parts)


@given(addresses())
def test_packing_and_unpacking_gives_the_same_address(address):
    assert keys.unpack(address.pack()) == address


@given(addresses(), addresses())
def test_keys_sort_like_their_parts(a, b):
    def parts(t):
        return (t.dataset, t.product, t.day, t.offset, t.level, t.row, t.col)

    assert (a.pack() < b.pack()) == (parts(a) < parts(b))


@given(addresses())
def test_keys_are_positive_signed_64_bit_numbers(address):
    assert 0 < address.pack() < 2**63
    assert np.int64(address.pack()) == address.pack()


@given(addresses())
def test_keys_travel_as_strings(address):
    assert keys.parse(str(address.pack())) == address


@given(addresses(), st.integers(1, 50))
def test_packing_many_equals_packing_each(address, n):
    rows, cols = np.arange(n) * 7 % LIMITS["row"], np.arange(n) * 13 % LIMITS["col"]
    packed = keys.pack_many(address, rows, cols)
    one = [
        TileAddress(address.dataset, address.product, address.day, address.level, int(r), int(c), address.offset).pack()
        for r, c in zip(rows, cols, strict=True)
    ]
    assert packed.tolist() == one


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("excess", [-1, 0])
def test_a_part_beyond_its_bits_is_refused(name, excess):
    value = LIMITS[name] if excess == 0 else -1
    parts = {"dataset": 1, "product": 1, "day": 0, "level": 0, "row": 0, "col": 0} | {name: value}
    with pytest.raises(BadKey, match=name):
        TileAddress(**parts).pack()


@pytest.mark.parametrize("text", ["", "-5", "0", "1.5", "x", "9" * 30, str(2**63), "١٢", " 12", None, 7])
def test_what_is_not_a_key_is_refused(text):
    with pytest.raises(BadKey):
        keys.parse(text)


@given(st.dates(date(1900, 1, 1), date(2079, 6, 4)))
def test_days_round_trip(day):
    assert keys.date_of(keys.day_of(day)) == day
    assert keys.read_day(keys.written(keys.day_of(day))) == keys.day_of(day)


def test_undated_is_day_zero_and_written_static():
    assert keys.day_of(None) == 0
    assert keys.written(0) == "static"
    assert keys.read_day("static") == 0


@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2079, 6, 6)])
def test_days_beyond_the_key_are_refused(day):
    with pytest.raises(BadKey, match="out of range"):
        keys.day_of(day)


@pytest.mark.parametrize("text", ["2004-13-01", "yesterday", "", "04/08/2004"])
def test_what_is_not_a_date_is_refused(text):
    with pytest.raises(BadKey, match="YYYY-MM-DD"):
        keys.read_day(text)


@given(st.integers(0, keys.IMAGES - 1))
def test_image_numbers_round_trip(number):
    assert keys.unpack(keys.image_address(1, 1, 0, number).pack()).number == number


def test_one_image_too_many_is_refused():
    with pytest.raises(BadKey, match="holds"):
        keys.image_address(1, 1, 0, keys.IMAGES)
