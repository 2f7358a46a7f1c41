"""The small Sphinx extensions of the course do what they say, and say what is wrong."""

import sys
from types import SimpleNamespace

import pytest
from r_fixtures import ROOT
from sphinx.errors import ExtensionError

sys.path.insert(0, str(ROOT / "docs" / "_ext"))
import lecture
import static_math


def test_a_script_without_a_place_is_named():
    order = lecture.LessonOrder("scripts")
    assert [order(f"scripts/{name}") for name in lecture.LESSONS] == [*range(len(lecture.LESSONS))]
    with pytest.raises(ValueError, match=r"scripts/new\.py has no place.*LESSONS"):
        order("scripts/new.py")


def test_a_formula_is_written_for_the_eye_and_for_screen_readers():
    html = static_math.render(r"W_1 \leftarrow W_1 - \eta\, dW_1", display=True)
    assert "katex-html" in html
    assert "<math" in html


def test_a_wrong_formula_stops_the_build_and_is_shown():
    with pytest.raises(ExtensionError, match=r"cannot be rendered: \\frac\{1\n.*KaTeX parse error"):
        static_math.render(r"\frac{1", display=False)


def test_lessons_run_anew_when_the_package_has_changed(tmp_path, monkeypatch):
    package = tmp_path / "course"
    package.mkdir()
    (package / "data.py").write_text("a = 1", encoding="utf-8")
    monkeypatch.setattr(lecture, "ROOT", tmp_path)
    app = SimpleNamespace(srcdir=tmp_path)
    config = SimpleNamespace(sphinx_gallery_conf={"gallery_dirs": "lessons"})
    page = tmp_path / "lessons" / "page.rst"

    def build() -> bool:
        """Build; return whether an old page is still there."""
        lecture.discard_stale_lessons(app, config)
        kept = page.exists()
        page.write_text("built", encoding="utf-8")
        return kept

    assert not build()
    assert build()
    (package / "data.py").write_text("a = 2", encoding="utf-8")
    assert not build()
    (package / "data.py").rename(package / "other.py")
    assert not build()
    assert build()


def test_keras_is_put_back_between_lessons(monkeypatch):
    calls = []
    keras = SimpleNamespace(
        config=SimpleNamespace(set_floatx=calls.append, set_dtype_policy=calls.append),
        backend=SimpleNamespace(clear_session=lambda: calls.append("cleared")),
    )
    monkeypatch.setitem(sys.modules, "keras", keras)
    lecture.reset_keras({}, "scripts/iris_agreement.py")
    assert calls == ["float32", "float32", "cleared"]
