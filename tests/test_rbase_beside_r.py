"""What `course.rbase` prints is what R prints, on thousands of odd inputs drawn at random.

R gets all of them in one script, as R code with hexadecimal numbers, so that none is rounded on the
way.
"""

import math
import os
import random
import subprocess

import numpy as np
import pandas as pd
import pytest
from conftest import RUN_ALL

from course.rbase import factor, max_col, r_print, r_str, scale, table

COUNT = 9000 if RUN_ALL else 1000
END = "\x1e\n"  # no name is printed with this character in it

ASCII = "".join(map(chr, range(32, 127)))
LATIN = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýÿĀāĞğŐőŞşŽž"
ODD = "日本語ア가😀é\u0301ж\n\t\\\x01\x7f\x85\u2028\u200d\xad€½—"


# Drawing ------------------------------------------------------------------------------------


def double(rng: random.Random) -> float:
    """A number of any magnitude, often one on the edge of a rule."""
    exponent = rng.choice([0, 0, 0, *range(-12, 16), -100, -99, -98, 98, 99, 100, -320, 300])
    value = rng.choice(
        [
            rng.gauss(0, 1),
            rng.randrange(1, 1000),
            rng.randrange(10**7) + 0.5,
            10.0 ** rng.randrange(1, 8) - rng.choice([0.5, 0.05, 0.4, 1e-7]),
            round(rng.random(), rng.randrange(1, 9)),
            1.23 + rng.randrange(-6, 7) * 2.0**-52,
            rng.choice([0.0, -0.0, 1.0, 1e5, 123456.0, 1e15, 1e16, 5e-324, 1.7976931348623157e308]),
        ]
    )
    text = f"{value:.17e}".split("e")
    moved = float(f"{text[0]}e{int(text[1]) + exponent}")
    return rng.choice([1, -1]) * (moved if math.isfinite(moved) else value)


def numbers(rng: random.Random, n: int, kind: str | None = None) -> np.ndarray:
    """Doubles (at times NaN or infinite), integers or truth values."""
    kind = kind or rng.choice(["double"] * 4 + ["integer", "logical"])
    if kind == "logical":
        return np.array([rng.random() < 0.5 for _ in range(n)], dtype=bool)
    if kind == "integer":
        most = rng.choice([10, 10**5, 2**31])
        return np.array([rng.randrange(1 - most, most) for _ in range(n)], dtype=int)
    near = [double(rng)] * rng.choice([0, 1])
    special = [np.nan, np.inf, -np.inf] if rng.random() < 0.2 else []
    scale_ = [rng.gauss(0, 1) * 10.0 ** rng.randrange(-6, 7) for _ in range(3)]
    pool = rng.choice([[*near, *special], [*scale_, *special], [*special, 1.0, 2.0, 3.5]])
    values = [rng.choice(pool) if pool and rng.random() < 0.8 else double(rng) for _ in range(n)]
    return np.array(values, dtype=float)


def word(rng: random.Random, letters: str, longest: int = 6) -> str:
    return "".join(rng.choice(letters) for _ in range(rng.randrange(longest + 1)))


def labels(rng: random.Random, n: int) -> list:
    """Different labels of one kind."""
    kind = rng.choice(["text", "odd", "double", "integer", "logical"])
    found = {}
    for i in range(20 * n):
        if kind == "logical" and n <= 2:
            value = i % 2 == 0
        elif kind == "double":
            value = abs(double(rng)) or 0.0
        elif kind == "integer":
            value = rng.choice([i, 100000 * i, -i])
        else:
            letters = rng.choice(["abcXYZ", ASCII, LATIN]) if kind == "text" else ODD + "ab "
            value = word(rng, letters, rng.choice([3, 6, 30]))
        found.setdefault(f"{value:.13e}" if kind == "double" else value, value)
        if len(found) == n:
            break
    return list(found.values())[:n]


# In R ---------------------------------------------------------------------------------------


def in_r(values) -> str:
    """Values as R code."""
    if isinstance(values, str):
        plain = [c if c >= " " and c not in '"\\\x7f' else f"\\{ord(c):03o}" for c in values]
        return f'"{"".join(plain)}"'
    if isinstance(values, bool | np.bool_):
        return "TRUE" if values else "FALSE"
    if isinstance(values, int | np.integer):
        return f"{values}L"
    if isinstance(values, float):
        if not math.isfinite(values):
            return {math.inf: "Inf", -math.inf: "-Inf"}.get(values, "NaN")
        return float(values).hex()
    if values is None:
        return "NULL"
    if len(values) == 0:
        kind = getattr(getattr(values, "dtype", None), "kind", "U")
        return {"b": "logical(0)", "i": "integer(0)", "f": "numeric(0)", "U": "character(0)"}[kind]
    return f"c({','.join(map(in_r, values))})"


def array_in_r(x: np.ndarray) -> str:
    return f"array({in_r(x.ravel(order='F'))},c({','.join(map(str, x.shape))}))"


def beside_r(cases: list, rscript: str, folder) -> list[str]:
    """What R prints for each case, in one run of R."""
    script = folder / "cases.R"
    lines = [f'{code}; cat("\\u001e\\n")' for code in cases]
    script.write_text("\n".join(lines), encoding="utf-8")
    run = subprocess.run(
        [rscript, "--vanilla", "-e", f"source('{script.name}', encoding='UTF-8')"],
        cwd=folder,
        capture_output=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert run.returncode == 0, run.stderr.decode()[-2000:]
    return run.stdout.decode().split(END)[:-1]


# The cases: R code, and what to call in Python -------------------------------------------------


def vector_case(rng):
    x = numbers(rng, rng.choice([0, 1, 1, 2, 3, 7, 10, 11, 30]))
    f, name = rng.choice([(r_print, "print"), (r_str, "str")])
    return f"{name}({in_r(x)})", lambda: f(x)


def array_case(rng):
    shape = [rng.choice([0, 1, 1, 2, 3, 4]) for _ in range(rng.choice([2, 2, 3]))]
    x = numbers(rng, math.prod(shape)).reshape(shape, order="F")
    if x.ndim == 3:
        return f"str({array_in_r(x)})", lambda: r_str(x)
    f, name = rng.choice([(r_print, "print"), (r_str, "str")])
    return f"{name}({array_in_r(x)})", lambda: f(x)


def matrix_case(rng):
    """Matrices with and without names, at times too wide for a line, at times long."""
    n, k = rng.choice([(1, 12), (2, 30), (9, 1), (10, 2), (99, 1), (0, 3), (3, 0), (2, 2), (4, 3)])
    x = numbers(rng, n * k).reshape((n, k), order="F")
    rows, columns = (labels(rng, m) if rng.random() < 0.6 else None for m in (n, k))
    rows = rows if rows is not None and len(rows) == n and n else None
    columns = columns if columns is not None and len(columns) == k and k else None
    code = f"x <- {array_in_r(x)}; dimnames(x) <- list({in_r(rows)},{in_r(columns)}); print(x)"
    return code, lambda: r_print(x, rows, columns)


def frame_case(rng):
    n, k = rng.choice([0, 1, 3, 12]), rng.choice([0, 1, 2, 3, 3, 15])
    rows, columns = labels(rng, n), labels(rng, k)
    n, k = len(rows), len(columns)
    cells = [numbers(rng, n) for _ in range(k)]
    frame = pd.DataFrame(dict(enumerate(cells)), index=range(n))
    frame.index, frame.columns = pd.Index(rows), pd.Index(columns)
    code = (
        f"print(structure(list({','.join(map(in_r, cells))}), names=as.character({in_r(columns)}), "
        f"row.names=as.character({in_r(rows)}), class='data.frame'))"
    )
    return code, lambda: r_print(frame)


def table_case(rng):
    pools = [labels(rng, rng.choice([1, 2, 3, 8, 25])) for _ in range(2)]
    n = rng.choice([0, 1, 5, 60])
    a, b = ([rng.choice(pool) for _ in range(n)] for pool in pools)
    titles = [word(rng, "abcdefgh éß日😀\\", 10) for _ in range(2)]
    share = f"/{n}" if rng.random() < 0.2 and n else ""
    # The order of Japanese or emoji is another in R; with levels, some may be in use and some not.
    fixed = [rng.random() < 0.4 or bool(set("".join(map(str, p))) & set(ODD)) for p in pools]
    a_r, b_r = (
        f"factor({in_r(v)},{in_r(p)})" if f else in_r(v)
        for v, p, f in zip((a, b), pools, fixed, strict=True)
    )
    code = f"x <- table({a_r},{b_r}){share}; names(dimnames(x)) <- {in_r(titles)}; print(x)"

    def call():
        variables = [factor(v, p) if f else v for v, p, f in zip((a, b), pools, fixed, strict=True)]
        counts = table(a=variables[0], b=variables[1])
        counts.index.name, counts.columns.name = titles
        r_print(counts / n if share else counts)

    return code, call


def levels_case(rng):
    letters = rng.choice([ASCII, LATIN + "abcAB", "aAäÄbBéeEß ", "a1B-_. "])
    words = [word(rng, letters, 4) for _ in range(20)]
    code = (
        f"f <- levels(factor({in_r(words)})); print(matrix(0, length(f), 1, FALSE, list(f, NULL)))"
    )

    def call():
        levels = factor(words).categories
        r_print(np.zeros((len(levels), 1)), rows=levels)

    return code, call


CASES = [vector_case, array_case, matrix_case, frame_case, table_case, levels_case]


@pytest.mark.rest
@pytest.mark.parametrize("draw", CASES, ids=lambda draw: draw.__name__)
def test_odd_inputs_print_as_in_r(draw, rscript, tmp_path, capsys):
    rng = random.Random(draw.__name__)
    cases = [draw(rng) for _ in range(COUNT // len(CASES))]
    printed = beside_r([code for code, _ in cases], rscript, tmp_path)
    different = []
    for (code, call), expected in zip(cases, printed, strict=True):
        call()
        mine = capsys.readouterr().out
        if mine != expected:
            different.append(f"{code}\n{mine}\nR:\n{expected}")
    assert not different, f"{len(different)} of {len(cases)}:\n" + "\n".join(different[:5])


@pytest.mark.rest
def test_scale_and_max_col_beside_r(rscript, tmp_path):
    rng = random.Random(1)
    matrices = []
    for _ in range(COUNT // 10):
        n, k = rng.randrange(2, 9), rng.randrange(1, 4)
        x = np.array([double(rng) for _ in range(n * k)]).reshape(n, k)
        if rng.random() < 0.3:  # all but constant
            x = 0.3 + np.array([rng.randrange(3) for _ in range(n * k)]).reshape(n, k) * 2.0**-54
        matrices.append(x)
    code = [
        f"x <- {array_in_r(x)}; cat(sprintf('%a', scale(x)), max.col(x, 'first') - 1)"
        for x in matrices
    ]
    scaled = 0
    for x, line in zip(matrices, beside_r(code, rscript, tmp_path), strict=True):
        words = line.split()
        assert max_col(x).tolist() == [int(text) for text in words[x.size :]]
        expected = [float("nan") if "N" in t else float.fromhex(t) for t in words[: x.size]]
        try:
            mine = scale(x)
        except ValueError:
            # Refused is what R makes NaN, Inf or zeros of, and what is constant in R or not.
            constant = (x == x[0]).all(axis=0).any()
            columns = np.reshape(expected, x.shape, order="F")
            assert constant or not np.isfinite(columns).all() or (columns == 0).all(axis=0).any()
            continue
        scaled += 1
        np.testing.assert_allclose(mine.ravel(order="F"), expected, rtol=1e-14, atol=1e-15)
    assert scaled > len(matrices) / 4
