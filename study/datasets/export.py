"""Write a data set with its split for other programs, and for this one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from data import hub_write
from data.dataset import Dataset, load
from data.source import Source
from data.store.store import open_store
from errors import UserError
from study import tasks
from study.runtime import console, hardware, new_folder, output
from study.settings.train import with_flags

if TYPE_CHECKING:
    from study.settings.commands import ExportDataSettings

SIZE = 224  # pixels, at which near duplicates are looked for
WRITERS = {"imagefolder": hub_write.image_folder, "parquet": hub_write.parquet}


def export(settings: ExportDataSettings) -> dict[str, Any]:
    """Read a data set, divide it, and write it; return what was written, and where.

    Raises:
        UserError: no such data, a split that cannot be, flags that do not go together, pyarrow is missing, or nowhere
            to write.
    """
    out = folder_of(settings.out)
    if settings.format == "parquet" and not hardware.is_installed("pyarrow"):
        raise UserError(
            "--format parquet needs pyarrow: python -m pip install -r requirements-parquet.txt, or give --format "
            "imagefolder."
        )
    if settings.labels and tasks.get(settings.task).SEVERAL_LABELS:  # as in training: it maps a folder to one class
        raise UserError(f"--labels is for --task classify. Received: --task {settings.task}; leave one of the two out.")
    if settings.data is not None:
        output.refuse_within(out, settings.data, "--out")
    store = open_store(settings.store == "on", settings.store_limit)
    dataset = load(source_of(settings), store, console.bar, lambda line: console.print(with_flags(line)))
    write(dataset, settings.format, out)
    sizes = dataset.sizes()
    told = ", ".join(f"{count:,} {hub_write.NAME_OF[split]}" for split, count in sizes.items())
    console.print(f"{len(dataset.entries):,} images of {len(dataset.class_names)} classes ({told}): {out}")
    return {
        "folder": out,
        "format": settings.format,
        "images": len(dataset.entries),
        "splits": sizes,
        "class_names": list(dataset.class_names),
        "left_out": len(dataset.skipped),
    }


def source_of(settings: ExportDataSettings) -> Source:
    """Return what the data set is made of."""
    task = tasks.get(settings.task)
    return Source(
        root=Path(settings.data) if settings.data is not None else None,
        image_size=SIZE,
        split=settings.split,
        seed=settings.seed,
        split_file=settings.split_file,
        labels=settings.labels,
        group=settings.group,
        exclude=settings.exclude,
        fixes=settings.fixes,
        min_classes=task.MIN_CLASSES,
        several_labels=task.SEVERAL_LABELS,
        assign=task.assign,
    )


def folder_of(asked: str | None) -> Path:
    """Return the folder to write to. Raise UserError where none is given, or there is something already."""
    if asked is None:
        raise UserError("export-data needs --out DIR, a new or empty folder for the data set.")
    new_folder.check(Path(asked))
    return Path(asked)


def write(dataset: Dataset, form: str, out: Path) -> None:
    """Write a data set into a folder that appears when all is in it, or not at all."""
    with new_folder.filled(out) as folder, console.bar(f"write {form}", len(dataset.entries)) as advance:
        WRITERS[form](dataset, folder, advance)
