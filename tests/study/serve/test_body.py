"""The images in a form: what a client calls them, whatever writing and encoding that is in."""

import pytest
from hostile import BOUNDARY, form

from study.serve.body import Form


def names_in(body, piece=7):
    """Read a form as it comes, in pieces, and return what its images are called."""
    reader = Form(BOUNDARY.encode(), 10)
    for first in range(0, len(body), piece):
        reader.write(body[first : first + piece])
    return [sent.name for sent in reader.images()]


def test_a_file_is_called_what_its_name_is_in_any_writing():
    names = ["犬.jpg", "é.png", "Ж собака.jpg", "🐕.webp", "plain.jpg", 'a\\"b.jpg']
    assert names_in(form(dict.fromkeys(names, b"x"))) == [*names[:-1], 'a"b.jpg']


@pytest.mark.parametrize("given", ["bébé".encode("latin-1"), "犬".encode("shift_jis"), b"\xff\xfe\x80"])
def test_a_name_that_is_no_utf_8_keeps_its_letters_of_ascii(given):
    (told,) = names_in(form({"NAME.jpg": b"x"}).replace(b"NAME", given))
    assert told.endswith(".jpg")
    assert "\ufffd" in told
