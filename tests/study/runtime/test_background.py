import threading
import time

import pytest

from errors import UserError
from study.runtime.background import Cancelled, start_in_background


def test_work_goes_on_beside_the_block():
    met = threading.Event()

    def work(go_on):
        assert met.wait(10)
        go_on()
        return 7

    with start_in_background(work) as coming:
        met.set()
        assert coming.result() == 7


def test_an_error_of_the_work_comes_with_its_result():
    def work(go_on):
        raise UserError("no images")

    with pytest.raises(UserError, match="no images"), start_in_background(work) as coming:
        coming.result()


@pytest.mark.parametrize("error", [KeyboardInterrupt, UserError("no weights")])
def test_work_ends_at_its_next_step_where_the_block_fails(error):
    steps, kept = [], []

    def work(go_on):
        while len(steps) < 1000:
            steps.append(1)
            time.sleep(0.01)
            go_on()

    def block():
        with start_in_background(work) as coming:
            kept.append(coming)
            while not steps:
                time.sleep(0.001)
            raise error

    with pytest.raises(KeyboardInterrupt if error is KeyboardInterrupt else UserError):
        block()
    assert len(steps) < 100
    assert isinstance(kept[0].exception(timeout=0), Cancelled)
