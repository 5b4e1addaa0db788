"""Tables of strangers: whatever was done to their bytes, they are read and used, or it is said why not."""

import shutil

import pytest
from helpers import TOY_CLASSES
from mutations import ESCAPE, MARKUP, changed_bytes, fuzz

from data import exclude, fixes, folder, labels, split, table

pytestmark = [pytest.mark.slow, pytest.mark.soak]
HASHES = [f"{number:064x}" for number in range(6)]
TABLES = {
    "split.csv": "path,sha256,label,part\r\n"
    + "".join(
        f"circle/{i}.png,{sha},circle,{part}\r\n"
        for i, (sha, part) in enumerate(zip(HASHES, ["train", "val", "test"] * 2, strict=True))
    )
    + f'\'=1+1.png,{HASHES[0]},"a, ""b""",train\r\n',
    "labels.csv": f"folder,class\r\ncircle,round\r\nsquare,{ESCAPE}\r\nstripes,{MARKUP}\r\nround<->{MARKUP},\r\n",
    "fixes.csv": "path,action,label,sha256\r\n"
    f"circle/0.png,relabel,square,\r\nsquare/1.png,leave out,,{HASHES[1]}\r\n"
    f"../../etc/passwd,keep,,\r\n,keep,,{HASHES[2]}\r\n",
    "check.csv": "path,kind,drop\r\ncircle/0.png,dark,x\r\n'=cmd,dark,1\r\nsquare/1.png,blurred,no\r\n",
    "data.csv": "path,label,part,group\r\ncircle/0.png,a,train,g\r\nsquare/1.png,b,val,\r\nstripes/2.png,a|b,test,\r\n",
}


@pytest.fixture(scope="module")
def scanned(toy):
    return folder.scan(toy)


def uses(name, path, scanned):
    """Read a table and do with it what a training does."""
    return {
        "split.csv": lambda: split.check_splits(split.read_split(path)),
        "labels.csv": lambda: labels.apply(scanned, labels.read(path)),
        "fixes.csv": lambda: fixes.apply(scanned, path, lambda line: None),
        "check.csv": lambda: exclude.apply(scanned, path, lambda line: None),
        "data.csv": lambda: table.scan(path, several_labels=True),
    }[name]()


@pytest.mark.parametrize("name", TABLES)
def test_a_changed_table_is_used_or_refused(name, toy, scanned, tmp_path):
    for label in TOY_CLASSES if name == "data.csv" else ():
        shutil.copytree(toy / label, tmp_path / label)
    path = tmp_path / name

    def read(content):
        path.write_bytes(content)
        uses(name, path, scanned)

    fuzz(name, changed_bytes(TABLES[name].encode()), read)
