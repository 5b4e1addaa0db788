"""Archives that would write elsewhere, hold links or devices, or claim absurd sizes are refused; damaged ones named."""

import io
import stat
import tarfile
import zipfile

import pytest
from helpers import message

from study.fetch import members
from study.fetch.members import of_tar, of_zip, readable


def listed(read, path):
    with readable(path):
        return [(name.as_posix(), file.read()) for name, file in read(path)]


def make_tar(path, name, kind=tarfile.REGTYPE, size=None):
    """A harmless first member, then one of any name and kind; its header may claim another size."""
    with tarfile.open(path, "w:gz") as archive:
        for member, data in ((tarfile.TarInfo("a/1.jpg"), b"one"), (tarfile.TarInfo(name), b"")):
            member.size = len(data)
            if not data:
                member.type, member.linkname = kind, "a/1.jpg"
                member.size = size or 0
            archive.fileobj.write(member.tobuf()) if size and not data else archive.addfile(member, io.BytesIO(data))
    return path


def make_zip(path, name, mode=stat.S_IFREG | 0o644):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/1.jpg", b"one")
        member = zipfile.ZipInfo(name)
        member.external_attr = mode << 16
        archive.writestr(member, b"two")
    return path


OUTSIDE = ("../evil.jpg", "a/../../evil.jpg", "/tmp/evil.jpg", "C:/evil.jpg", "..\\evil.jpg", "a/..", "a/\x1b[2J.jpg")


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize(("make", "read"), [(make_tar, of_tar), (make_zip, of_zip)])
def test_a_member_that_would_be_written_elsewhere_is_refused(make, read, name, tmp_path):
    path = make(tmp_path / "archive", name)
    assert f"{path}: its member {name} would be written outside of the folder. " in message(listed, read, path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_tar_with_a_link_or_a_device_is_refused(kind, tmp_path):
    path = make_tar(tmp_path / "archive", "a/2.jpg", kind)
    assert "its member a/2.jpg is a link or a device, not a file. Nothing was unpacked" in message(listed, of_tar, path)


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFCHR | 0o600, stat.S_IFIFO])
def test_a_zip_with_a_link_or_a_device_is_refused_before_its_first_file(mode, tmp_path):
    path = make_zip(tmp_path / "archive", "a/2.jpg", mode)
    told = message(next, of_zip(path))
    assert "its member a/2.jpg is a link or a device, not a file. Nothing was unpacked" in told


def test_absurd_sizes_are_refused(tmp_path, monkeypatch):
    path = make_tar(tmp_path / "archive", "a/2.jpg", size=5_000_000_000)
    assert "its member a/2.jpg is 5,000,000,000 bytes large, more than any image." in message(listed, of_tar, path)
    monkeypatch.setattr(members, "LARGEST_SUM", 5)
    path = make_zip(tmp_path / "archive.zip", "a/2.jpg")
    assert "its member a/2.jpg makes it more than 5 bytes." in message(listed, of_zip, path)


def test_a_zip_that_needs_a_password_is_named(tmp_path):
    path = make_zip(tmp_path / "archive.zip", "a/2.jpg")
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1  # the flag, in the directory at the end
    path.write_bytes(data)
    assert "a/2.jpg is encrypted. Give an archive without a password." in message(listed, of_zip, path)


@pytest.mark.parametrize(("make", "read"), [(make_tar, of_tar), (make_zip, of_zip)])
def test_plain_members_are_read(make, read, tmp_path):
    assert listed(read, make(tmp_path / "archive", "a/b..c.jpg"))[0] == ("a/1.jpg", b"one")


@pytest.mark.parametrize(("make", "read"), [(make_tar, of_tar), (make_zip, of_zip)])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_an_archive_that_was_cut_off_is_damaged(make, read, share, tmp_path):
    path = make(tmp_path / "archive", "a/2.jpg")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert f"{path} is damaged, or no archive of that kind: " in message(listed, read, path)


def test_a_file_in_a_zip_that_was_changed_is_damaged(tmp_path):
    path = make_zip(tmp_path / "archive.zip", "a/2.jpg")
    path.write_bytes(path.read_bytes().replace(b"two", b"tow", 1))
    assert "is damaged, or no archive of that kind: Bad CRC-32 for file 'a/2.jpg'" in message(listed, of_zip, path)
