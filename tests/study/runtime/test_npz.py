"""A file of arrays is looked through before it is read: what it says of itself may be anything."""

import io
import zipfile

import numpy as np
import pytest

from study.runtime import npz


def array(values):
    content = io.BytesIO()
    np.save(content, values)
    return content.getvalue()


def written(path, parts, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_arrays_of_numbers_pass(tmp_path):
    npz.check(written(tmp_path / "a.npz", {"a.npy": array(np.ones((3, 2), np.float16)), "b.npy": array(np.True_)}))


SOUND = array(np.ones(6, np.float32))
BROKEN = {
    "header without its end": SOUND.replace(b"'fortran_order': ", b"'fortran_order'[ "),
    "header of code": SOUND.replace(b"'fortran_order': False", b"'fortran_order': 1/0  "),
    "negative size": SOUND.replace(b"(6,)", b"(-6,)"),
    "more than there is": SOUND.replace(b"(6,)", b"(6000000,)"),
    "texts": array(np.array(["a"])),
    "dates": array(np.array(["2026-01-01"], "M8[D]")),
    "no array": b"x",
    "version of the future": SOUND.replace(b"NUMPY\x01", b"NUMPY\x09"),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_is_no_array_of_numbers_is_refused(tmp_path, content):
    path = written(tmp_path / "a.npz", {"a.npy": content})
    with pytest.raises(npz.UNREADABLE):
        npz.check(path)


def test_a_file_that_would_unpack_to_more_is_refused(tmp_path):
    path = written(tmp_path / "a.npz", {"a.npy": array(np.zeros(10**6, np.uint8))}, zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="compressed"):
        npz.check(path)
