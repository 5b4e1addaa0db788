"""Sentences in English and Japanese: both stand side by side where a sentence is made, and a page shows one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Self

LANGUAGES = ("en", "ja")


class Bilingual(str):
    """English text that carries its Japanese: what prints it prints English, a page shows its own language.

    A text that is made of it, as by an f-string, has to be made of both: see `japanese` and `joined`.
    """

    ja: str

    def __new__(cls, en: str, ja: str) -> Self:
        """Make it of the same sentence twice."""
        text = super().__new__(cls, en)
        text.ja = ja
        return text

    def __getnewargs__(self) -> tuple[str, str]:
        """Let a copy have both."""
        return str(self), self.ja


def t(en: str, ja: str) -> Bilingual:
    """Return a text in both languages."""
    return Bilingual(en, ja)


def japanese(text: object) -> str:
    """Return the Japanese of a text; names and numbers are the same in both languages."""
    return text.ja if isinstance(text, Bilingual) else str(text)


def joined(parts: Iterable[str], en: str = ", ", ja: str = "、") -> Bilingual:
    """Return texts as one, with what stands between them in each language."""
    parts = list(parts)
    return t(en.join(parts), ja.join(map(japanese, parts)))


def listed(names: Sequence[str], most: int) -> Bilingual:
    """Return `cat, dog and 8 more`: names, of many the first."""
    some, more = joined(names[:most]), len(names) - most
    return t(f"{some} and {more:,} more", f"{some.ja} ほか {more:,} クラス") if more > 0 else some


def told_in(language: str) -> Callable[[object], object]:
    """Return what gives a text of both languages in one of them, and any other value as it is."""
    return lambda value: value.ja if language == "ja" and isinstance(value, Bilingual) else value


def one_of(language: str) -> Callable[[str, str], str]:
    """Return what takes English and Japanese and gives the one of a language."""
    return lambda en, ja: ja if language == "ja" else en


SPLIT_NAMES = {
    "train": t("training", "訓練データ"),
    "val": t("validation", "検証データ"),
    "test": t("test", "テストデータ"),
}
VERDICTS = {"unsure": "不確か", "unlike": "未知"}
