import numpy as np
import pytest

from data.pixel_range import FULL, ends_of, line, range_of, rounded, to_levels


def test_the_full_16_bit_range_gives_the_levels_that_it_always_gave():
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    former = (np.clip(values / np.float32(65535.0), 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    np.testing.assert_array_equal(to_levels(values, *FULL), former)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.int32, np.float16, np.float32, np.float64])
def test_low_is_black_high_is_white_and_the_rest_is_cut(dtype):
    values = np.array([[50, 100, 200, 300, 1000]], dtype)
    assert to_levels(values, 100.0, 300.0).tolist() == [[0, 0, 128, 255, 255]]


def test_negative_values_have_levels_and_what_is_no_number_is_black():
    values = np.array([[-1000, 0, 1000, np.nan, np.inf, -np.inf]], np.float32)
    assert to_levels(values, -1000.0, 1000.0).tolist() == [[0, 128, 255, 0, 0, 0]]


def test_large_numbers_close_together_keep_their_differences():
    assert to_levels(np.array([[1e9, 1e9 + 5, 1e9 + 10]]), 1e9, 1e9 + 10).tolist() == [[0, 128, 255]]
    assert to_levels(np.array([[10**9, 10**9 + 10]], np.int32), 1e9, 1e9 + 10).tolist() == [[0, 255]]


def test_many_values_are_turned_strip_by_strip_alike(monkeypatch):
    values = np.random.default_rng(0).integers(0, 4000, (50, 30, 3)).astype(np.uint16)
    whole = to_levels(values, 100.0, 3000.0)
    monkeypatch.setattr("data.pixel_range.STRIP", 7 * 90)
    np.testing.assert_array_equal(to_levels(values, 100.0, 3000.0), whole)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((131, 3953), (100, 4000)),
        ((100, 4000), (100, 4000)),
        ((0.003, 1.038), (0, 1.05)),
        ((-987, 2960), (-1000, 3000)),
        ((0, 65535), (0, 66000)),
        ((7, 7), (7, 8)),
        ((1e-6, 2e-6), (1e-6, 2e-6)),
    ],
)
def test_a_range_is_widened_to_numbers_that_can_be_typed(ends, expected):
    assert rounded(*ends) == expected


def files(*pairs):
    return [ends_of(np.linspace(low, high, 5000).reshape(50, 100)) for low, high in pairs]


def test_the_range_is_that_of_all_files():
    assert range_of(files((100, 900), (500, 4000), (100, 2000)), "16-bit") == (100, 4000)


def test_single_hot_pixels_and_single_odd_files_do_not_stretch_it():
    hot = np.full((100, 100), 500, np.uint16)
    hot[:50] = 1000
    hot[0, 0], hot[9, 9] = 65535, 0
    assert range_of([ends_of(hot)] * 11 + files((500, 1000)) * 89, "16-bit") == FULL  # beyond the half in a tenth
    assert range_of([ends_of(hot)] * 9 + files((500, 1000)) * 91, "16-bit") == (500, 1000)
    assert range_of(files((500, 1000)) * 199 + files((0, 65535)), "16-bit") == (500, 1000)


def test_16_bit_files_that_use_their_range_state_it():
    assert range_of(files((900, 40_000), (100, 20_000)), "16-bit") == FULL
    assert range_of(files((900, 40_000), (100, 20_000)), "signed 16-bit") == (0, 40_000)


def test_what_geographic_files_write_for_no_value_does_not_count():
    values = np.linspace(0.0, 2.0, 1000).reshape(10, 100)
    values[:3] = -3.4e38
    values[3] = np.nan
    low, high = range_of([ends_of(values)], "float")
    assert 0.5 < low < 1 < high <= 2.1
    assert range_of([ends_of(np.full((3, 3), np.nan))], "float") == (0, 1)


def test_the_line_for_the_user():
    assert line("16-bit", (100.0, 4000.0)) == "16-bit images: values 100 to 4,000 are shown as black to white"
    assert line("float", (-0.5, 1.05)) == "floating-point images: values -0.5 to 1.05 are shown as black to white"
