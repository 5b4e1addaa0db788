"""What a network costs."""

from lessons.counting import cost_of


def test_a_lenet_is_counted():
    cost = cost_of("lenet", 32)
    convolutions = 28 * 28 * 25 * 3 * 6 + 10 * 10 * 25 * 6 * 16
    assert cost.multiply_adds == convolutions + 400 * 120 + 120 * 84
    assert cost.parameters == (75 + 1) * 6 + (150 + 1) * 16 + 401 * 120 + 121 * 84


def test_twice_the_filters_are_about_four_times_the_work():
    small, large = (cost_of("plain", 32, depth=8, width=width).multiply_adds for width in (16, 32))
    assert 3.8 < large / small < 4
