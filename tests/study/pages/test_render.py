import pytest

from study.pages.language import t
from study.pages.render import _environment


def shown(text, language="en"):
    return _environment(language).from_string("{{ text | flags_whole }}").render(text=text)


@pytest.mark.parametrize(
    ("text", "page"),
    [
        (
            "main.py train -m a --epochs 4",
            'main.py train <span class="whole">-m</span> a <span class="whole">--epochs</span> 4',
        ),
        ("a-b x--y 8-1", "a-b x--y 8-1"),
        ("<b> --csv", '&lt;b&gt; <span class="whole">--csv</span>'),
    ],
)
def test_no_line_breaks_within_a_flag_and_the_rest_is_escaped(text, page):
    assert shown(text) == page


def test_flags_stand_in_the_language_of_the_page():
    assert shown(t("give --right", "指定--right"), "ja") == '指定<span class="whole">--right</span>'
