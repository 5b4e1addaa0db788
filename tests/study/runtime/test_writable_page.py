import pytest
from helpers import message

from study.pages.render import render
from study.runtime import output


def own_page():
    return render("base.html.jinja")


@pytest.mark.parametrize("earlier", [False, True])
def test_a_page_takes_the_place_of_one_that_the_program_wrote(earlier, tmp_path):
    path = tmp_path / "out.HTML"
    assert output.writable_page(str(path)) == path
    assert not path.exists()
    path.write_text("")
    assert output.writable_page(str(path)) == path
    text = own_page()
    mark = '<meta name="generator" content="study-classification">\n'
    assert text.count(mark) == 1
    path.write_text(text.replace(mark, "") if earlier else text, encoding="utf-8")
    assert output.writable_page(str(path)) == path


@pytest.mark.parametrize(
    "content", [b"\xff\xd8\xff\xe0 a photo", b"{}", b"my notes on <html>", b"<!doctype html><title>My diary</title>"]
)
def test_a_file_that_the_program_did_not_write_stays(content, tmp_path):
    (tmp_path / "out.html").write_bytes(content)
    assert message(output.writable_page, str(tmp_path / "out.html")) == (
        f"--page {tmp_path / 'out.html'} is a file already, and no page of this program: give a new file."
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
