import pytest
from helpers import message

from study.runtime import output


@pytest.mark.parametrize(
    "content", ["", "<!doctype html><p>old", "\ufeff\n<!-- saved -->\n<HTML lang=en>", "<?xml version='1.0'?><html>"]
)
def test_a_page_takes_the_place_of_a_page(content, tmp_path):
    path = tmp_path / "out.HTML"
    assert output.writable_page(str(path)) == path
    assert not path.exists()
    path.write_text(content, encoding="utf-8")
    assert output.writable_page(str(path)) == path


@pytest.mark.parametrize("content", [b"\xff\xd8\xff\xe0 a photo", b"{}", b"my notes on <html>", b"<htmlish>"])
def test_a_file_that_is_no_page_stays(content, tmp_path):
    (tmp_path / "out.html").write_bytes(content)
    assert message(output.writable_page, str(tmp_path / "out.html")) == (
        f"--page {tmp_path / 'out.html'} is a file already, and no HTML page: give a new file."
    )


@pytest.mark.parametrize("name", ["out.jpg", "out", "out.html.gz"])
def test_a_name_that_no_browser_opens_as_a_page_is_refused(name, tmp_path):
    told = f"--page takes a file that ends in .html or .htm. Received: {tmp_path / name}"
    assert message(output.writable_page, str(tmp_path / name)) == told


@pytest.mark.parametrize("name", ["none/out.html", "."])
def test_a_place_that_cannot_be_written_is_told_at_once(name, tmp_path):
    assert message(output.writable_page, str(tmp_path / name)) == (
        f"Cannot write --page {tmp_path / name}: give a file in a folder that exists and can be written."
    )
