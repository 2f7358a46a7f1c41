"""The small Sphinx extensions of the course do what they say, and say what is wrong."""

import sys
from types import SimpleNamespace

import lecture
import pytest
import static_math
from docutils import nodes
from docutils.core import publish_doctree
from gallery import lesson_table
from gallery.differences import TITLE, FoldDifferences
from reference import layer_table
from sphinx.errors import ExtensionError

from course import layers


def test_a_script_without_a_place_is_named():
    order = lecture.LessonOrder("scripts")
    places = [*range(len(lecture.LESSONS))]
    assert [order(f"scripts/{name}") for name in lecture.LESSONS] == places
    files = [name.replace(".py", "_exercises.py") for name in lecture.LESSONS]
    assert [order(f"scripts/exercises/{name}") for name in files] == places
    with pytest.raises(ValueError, match=r"scripts/new\.py has no place.*LESSONS"):
        order("scripts/new.py")


def test_a_formula_is_written_for_the_eye_and_for_screen_readers():
    html = static_math.render(r"W_1 \leftarrow W_1 - \eta\, dW_1", display=True)
    assert "katex-html" in html
    assert "<math" in html


def test_a_wrong_formula_stops_the_build_and_is_shown():
    with pytest.raises(ExtensionError, match=r"cannot be rendered: \\frac\{1\n.*KaTeX parse error"):
        static_math.render(r"\frac{1", display=False)


def test_a_lesson_on_pictures_gets_a_note_that_says_which():
    page = "\nTitle\n=====\n\nText.\n\n.. code-block:: none\n\n    Pictures: photo digits, 8,000\n"
    source = [page]
    lecture.say_which_pictures(None, "lessons/cifar", source)
    note = ".. note::\n\n   The pictures on this page: photo digits, 8,000.\n"
    assert source[0] == page.replace("=====\n", "=====\n\n" + note)
    for docname, text in [("layers", page), ("lessons/iris", page.replace("Pictures:", "Loss:"))]:
        source = [text]
        lecture.say_which_pictures(None, docname, source)
        assert source == [text]


def test_the_table_of_layers_has_them_all_and_their_own_lines():
    assert set(layer_table.LAYERS) == set(layers.__all__) - {
        "BaseLayer",
        "Input",
        "Layer",
        "SeveralInputs",
    }
    assert layer_table.numpy_lines(layers.Dense, "forward").splitlines() == [
        "z = x @ kernel  # (n, p) @ (p, q) -> (n, q)",
        "return z + bias if use_bias else z",
    ]
    for name in layer_table.LAYERS:
        for way in ["forward", "backward"]:
            lines = layer_table.numpy_lines(getattr(layers, name), way)
            assert "return" in lines
            assert "self" not in lines
            assert '"""' not in lines


def test_a_layer_that_differs_from_keras_stops_the_build(monkeypatch):
    measured = layer_table.measure()
    assert len(measured) == 2 * len(layer_table.LAYERS)
    for differences in measured.values():
        assert differences["float64"] <= 1e-12
        assert differences["float32"] <= 1e-5
    monkeypatch.setattr(layers.Flatten, "_backward", lambda self, dy: -dy.reshape(self.x.shape))
    with pytest.raises(AssertionError, match="Flatten"):
        layer_table.measure()


def test_the_differences_from_the_lecture_are_folded_and_nothing_else():
    sections = [f"{name}\n{'-' * 60}\n\n- One.\n\n" for name in ["Summary", TITLE, "Try it"]]
    document = publish_doctree("A lesson\n========\n\n" + "".join(sections))
    FoldDifferences(document).apply()
    kinds = [
        node["container_classes"] if isinstance(node, nodes.container) else node[0].astext()
        for node in document.children[1:]
    ]
    assert kinds == ["Summary", ["sd-mb-3", "differences"], "Try it"]
    rubric, items = document.children[2].children
    assert (rubric.astext(), items.astext()) == (TITLE, "One.")


def test_the_list_of_lessons_keeps_them_where_no_front_page_has_them(tmp_path):
    gallery = "Lessons\n=======\n\n.. toctree::\n   :hidden:\n\n\n   /lessons/iris\n\nText.\n"
    app = SimpleNamespace(srcdir=tmp_path, config=SimpleNamespace(root_doc="index"))

    def written(docname: str) -> str:
        source = [gallery]
        lesson_table.give_places(app, docname, source)
        return source[0]

    front_page = tmp_path / "index.rst"
    front_page.write_text("Home\n====\n", encoding="utf-8")
    without = "Lessons\n=======\n\nText.\n"
    assert [written("lessons/index"), written("lessons/exercises/index")] == [gallery, without]
    front_page.write_text(f"Home\n====\n\n{lesson_table.TOCTREES}\n", encoding="utf-8")
    assert written("lessons/index") == without
    assert written("lessons/iris") == gallery  # it has no exercises
    script = tmp_path / "lessons" / "exercises" / "iris_exercises.py"
    script.parent.mkdir(parents=True)
    script.touch()
    assert written("lessons/iris").endswith(" :hidden:\n\n      exercises/iris_exercises\n")


def test_keras_is_put_back_between_lessons(monkeypatch):
    calls = []
    keras = SimpleNamespace(
        config=SimpleNamespace(set_floatx=calls.append, set_dtype_policy=calls.append),
        backend=SimpleNamespace(clear_session=lambda: calls.append("cleared")),
    )
    monkeypatch.setitem(sys.modules, "keras", keras)
    lecture.reset_keras({}, "scripts/iris_agreement.py")
    assert calls == ["float32", "float32", "cleared"]
