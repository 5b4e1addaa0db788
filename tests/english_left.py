"""The English words that a Japanese page shows, of all that its reader sees or hears but commands and paths."""

import re
from html.parser import HTMLParser

from study.settings.train import FIELDS

NOT_SENTENCES = {"style", "script", "code", "pre"}
HEARD = ("alt", "title", "aria-label", "placeholder")
# Terms that Japanese texts write so: of metrics and methods, formats, the program's own values and verdicts.
TERMS = {
    *("F1", "IoU", "Dice", "ECE", "Grad", "CAM", "L2", "study", "classification", "nan", "predict", "right"),
    *("scratch", "transfer", "finetune", "head", "unsure", "unlike"),
    *("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM", "PDF", "HEIC", "RGB"),
    *("Git", "LFS", "GiB", "iCloud", "Python"),
}
PATHS = re.compile(r"[\w~%'#&.-]*/[\w~%'#&./-]*|[\w-]*\.(?:png|jpg|txt|csv|json|pdf)\b", re.ASCII)
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
WORDS = re.compile(r"[A-Za-z][A-Za-z0-9]*", re.ASCII)


class Shown(HTMLParser):
    """The texts of a page, and its language."""

    def __init__(self, page):
        super().__init__()
        self.inside, self.texts, self.language, self.table = [], [], "", ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "html":
            self.language = attrs["lang"]
        if tag not in ("img", "meta", "br", "input", "link"):
            self.inside.append(tag)
        self.texts += [attrs[name] for name in HEARD if name in attrs]

    def handle_endtag(self, tag):
        assert self.inside.pop() == tag

    def handle_data(self, data):
        if not NOT_SENTENCES & set(self.inside):
            self.texts.append(data)


def english_left(page, info, *names):
    """Words of a page that are neither terms nor names: of classes, settings and their values, versions, machine."""
    shown = Shown(page)
    assert shown.language == "ja"
    assert JAPANESE.search("".join(shown.texts))
    words = set(WORDS.findall(" ".join(PATHS.sub(" ", text) for text in shown.texts)))
    values = [*info.get("settings", {}).values(), *info.get("versions", {}), *info.get("machine", {}).values()]
    own = [
        info["model"],
        *info["class_names"],
        info["git_commit"] or "",
        info["created"],
        *info["classes"],
        *FIELDS,
        *values,
        *names,
    ]
    return words - TERMS - set(WORDS.findall(" ".join(map(str, own))))
