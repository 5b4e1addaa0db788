"""`fetch oxford-pets`: downloaded from a server, checked, unpacked; what came stays for the next start."""

import io
import shutil
import tarfile
from dataclasses import replace

import pytest
from file_server import answers, archive_of, drops_after, other_bytes, serving, whole
from full_disk import whole_folder_or_none
from helpers import call, classes_in, make_toy

from study.fetch import catalogue, download, place
from study.runtime import locks

PETS = ("Abyssinian_1 1 1 1", "Abyssinian_2 1 1 1", "pug_1 2 2 1", "pug_2 2 2 1")


@pytest.fixture
def pets(tmp_path_factory, monkeypatch):
    """The two archives of a tiny data set of pets, served and known by their checksums; a fifth is not in the list."""
    toy = make_toy(tmp_path_factory.mktemp("toy"), 2)
    picture = (toy / "circle" / "0.png").read_bytes()
    listing = "\n".join(("#Image CLASS-ID SPECIES BREED ID", *PETS)).encode()
    names = [f"images/{line.split()[0]}.jpg" for line in (*PETS, "pug_3 2 2 1")]
    archives = {
        "annotations": packed({"annotations/list.txt": listing, "annotations/trimaps/pug_1.png": picture}),
        "images": packed(dict.fromkeys(names, picture) | {"images/pug_1.mat": b"no image"}),
    }
    with serving(whole, **archives) as server:
        known = tuple(archive_of(server, name) for name in archives)
        monkeypatch.setitem(catalogue.DATA_SETS, "oxford-pets", replace(catalogue.OXFORD_PETS, archives=known))
        yield server


def packed(files):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue()


@pytest.mark.parametrize(
    ("flags", "classes"), [((), {"Abyssinian": 2, "pug": 2}), (("--species",), {"cat": 2, "dog": 2})]
)
def test_breeds_or_species_are_the_classes_and_the_licence_comes_first(flags, classes, pets, tmp_path):
    ran = call("fetch", "oxford-pets", "--out", tmp_path / "pets", *flags)
    assert ran.code == 0, ran.err
    assert classes_in(tmp_path / "pets") == classes
    said = ran.out.splitlines()
    assert said[0].startswith("The Oxford-IIIT Pet Dataset ")
    assert said[1].startswith("licence: CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0/). You may use, ")
    assert said[2].startswith("http://127.0.0.1:")
    assert f"{tmp_path / 'pets'}: 4 images: " in ran.out
    assert "; 1 left out\n" in ran.out
    assert f"the archives are kept in {tmp_path / 'oxford-pets-archives'}; remove that folder when" in ran.out
    assert ran.next == f"next: learn them: python main.py train --data {tmp_path / 'pets'}\n"
    assert call("fetch", "oxford-pets", "--out", tmp_path / "again").code == 0
    assert pets.asked == [None, None]  # the second start took the archives that were there


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (
            answers(404),
            "annotations: the server answered 404 Not Found. The file has moved, or is not public ",
        ),
        (answers(503, Retry_After=86400), "503 Service Unavailable, and asks to wait 1,440 minutes. Start again then."),
        (other_bytes, "annotations sent another file than the known one: SHA-256 "),
    ],
)
def test_a_server_that_refuses_ends_in_one_line_and_the_same_command_goes_on(answer, text, pets, tmp_path):
    pets.answers = [answer]
    ran = call("fetch", "oxford-pets", "--out", tmp_path / "pets")
    assert ran.code == 2
    assert text in ran.err
    assert ran.err.startswith("error: http://127.0.0.1:")
    assert not (tmp_path / "pets").exists()
    pets.answers = [whole]
    assert call("fetch", "oxford-pets", "--out", tmp_path / "pets").code == 0
    assert classes_in(tmp_path / "pets") == {"Abyssinian": 2, "pug": 2}


def test_ctrl_c_leaves_what_came_and_prints_the_command_that_goes_on(pets, tmp_path, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    pets.answers = [drops_after(100), whole]
    monkeypatch.setattr(download.time, "sleep", interrupt)
    ran = call("fetch", "oxford-pets", "--out", tmp_path / "pets")
    assert ran.code == 130
    assert f"To go on: python main.py fetch oxford-pets --out {tmp_path / 'pets'}\n" in ran.err
    assert call("fetch", "oxford-pets", "--out", tmp_path / "pets").code == 0
    assert pets.asked[:2] == [None, "bytes=100-"]


def test_of_a_second_process_one_line_says_that_it_must_wait(pets, tmp_path):
    archives = tmp_path / "oxford-pets-archives"
    archives.mkdir()
    with locks.lock_of(archives / ".lock"):
        ran = call("fetch", "oxford-pets", "--out", tmp_path / "pets")
    assert ran.code == 2
    assert f"error: Another process is downloading into {archives}: wait for it.\n" in ran.err
    assert pets.asked == []


def test_the_room_for_archives_and_images_is_looked_for_before_a_byte_is_downloaded(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(place.shutil, "disk_usage", lambda _: usage._replace(free=1_600_000_000))
    ran = call("fetch", "oxford-pets", "--out", tmp_path / "out")
    assert ran.code == 2
    assert "oxford-pets needs 1,604 MB in " in ran.err
    assert "where 1,600 MB are free. Free some space, or give another --out DIR.\n" in ran.err


def test_a_disk_that_is_full_at_any_moment_is_told_and_leaves_no_half_of_the_folder(pets, tmp_path):
    out = tmp_path / "there" / "out"
    whole_folder_or_none(tmp_path, lambda: call("fetch", "oxford-pets", "--out", out), out, 4, ["oxford-pets-archives"])
