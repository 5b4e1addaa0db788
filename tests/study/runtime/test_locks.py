"""A file that one process at a time holds, where this user may not write it."""

import pytest
from another_user import UNIX, may_only_read, shared_place

from errors import UserError
from study.runtime.locks import holding


@UNIX
@pytest.mark.parametrize("there", [True, False])
def test_a_lock_of_somebody_else_is_told_with_a_way_out(there):
    with shared_place() as place:
        file = place / ".lock"
        if there:
            file.touch(0o444)
        with (
            may_only_read(place),
            pytest.raises(UserError, match=r"^Cannot write .*\.lock: Permission denied\. Give a folder of your own\.$"),
            holding(file, 0, "Another is at work."),
        ):
            pass
