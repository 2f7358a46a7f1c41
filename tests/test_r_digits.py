"""The lessons print R's digits beside the R lines, and their derivatives are right."""

import lesson_checks as checks
import pytest
from conftest import lessons
from r_fixtures import FIXTURES, LESSONS, read_run

# What the lecture's slides show after one step, copied from them.
SLIDE_LOSS = "[1] 6.351131"
SLIDE_W1 = """\
Sepal.Length -1.220717712 0.4173289 -0.37132562 1.2253780 -0.8975128
Sepal.Width 0.181303480 -0.3501013 0.69326001 1.0240182 1.2174034
Petal.Length -0.138891362 0.6564600 0.07636455 0.6140075 -0.7684220
Petal.Width 0.005764186 -0.2177527 -0.42419779 0.2602737 2.1360912"""
SLIDE_B1 = "0.000000000 0.006242131 -0.129513031 0.012000035 -0.047282668"
SLIDE_STR = " num [1:4, 1:5] -1.22072 0.1813 -0.13889 0.00576 0.38528 ..."
# Blocks of R lines that print, at least; in some lessons there is little that R can say.
AT_LEAST = dict.fromkeys(checks.NETWORKS, 7) | {
    **dict.fromkeys(["cifar_precision", "transformer_keras", "transformer_agreement"], 1),
    "deep_network": 2,
    "batch_size": 3,
    "vanishing_gradients": 3,
    "transformer_forecast": 3,
}


@pytest.mark.parametrize("name", lessons(LESSONS))
def test_prints_what_r_prints(lesson, name):
    blocks, printed = checks.blocks_of_run(name, lesson(name))
    compared = checks.check_printed(name, blocks, printed)
    r_blocks = read_run(FIXTURES / f"{name}.txt").printed.values()
    assert compared == sum(map(bool, r_blocks)) >= AT_LEAST.get(name, 4)


@pytest.mark.parametrize("name", lessons(LESSONS))
def test_ends_with_the_variables_of_r(lesson, name):
    checks.check_variables(name, lesson(name).variables)


@pytest.mark.parametrize("name", checks.NETWORKS)
def test_derivatives_are_central_differences(name):
    checks.check_gradients(name, checks.code_blocks_of(name))


def test_prints_the_digits_of_the_slides(lesson):
    lines = lesson("iris_nopackages").stdout.splitlines()
    assert SLIDE_STR in lines
    assert SLIDE_LOSS in lines
    words = [" ".join(line.split()) for line in lines]
    first = words.index(SLIDE_W1.splitlines()[0])
    assert words[first : first + 4] == SLIDE_W1.splitlines()
    assert [line.split()[-1] for line in words[first + 5 : first + 10]] == SLIDE_B1.split()


def test_the_first_unit_is_dead(lesson):
    """The lesson says why the first column of W1 does not move."""
    lines = lesson("iris_nopackages").stdout.splitlines()
    assert "[1]   0 105 105 105  91" in lines


def test_two_units_are_left_and_one_of_them_is_linear(lesson):
    """The lesson and the slide say so of the trained network."""
    active = (lesson("iris_nopackages").variables["trained_a1"] > 0).sum(axis=0)
    assert (active > 0).sum() == 2
    assert (active == 105).sum() == 1
