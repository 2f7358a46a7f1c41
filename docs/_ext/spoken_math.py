"""Formulas in English words, for readers who hear a page: the alternative texts of the handouts.

KaTeX turns the LaTeX of a formula into MathML, and the Speech Rule Engine turns that into words.
Its JavaScript files are in ``speech/``, from the npm packages speech-rule-engine 4.1.5,
@xmldom/xmldom 0.9.12 and wicked-good-xpath 1.3.0. All of it runs in a small JavaScript engine
inside Python, with no network.
"""

import json
import re
from functools import cache
from pathlib import Path

import quickjs
from files import digest, recall, remember
from sphinx.errors import ExtensionError
from static_math import KATEX, render

FILES = Path(__file__).parent / "speech"

# What the engine expects of Node.js, and a place for the modules that it asks for by name.
SURROUNDINGS = """
globalThis.global = globalThis;
globalThis.console = {log() {}, info() {}, warn() {}, error() {}};
globalThis.process = {versions: {node: "0"}, env: {SRE_JSON_PATH: "/"}, cwd: () => "/", on() {}};
globalThis.setTimeout = (then) => Promise.resolve().then(then);
globalThis.sources = {
  fs: "", commander: "exports.program = {};", process: "module.exports = process;",
};
globalThis.loaded = {};
globalThis.require = (name) => {
  if (!(name in loaded)) {
    if (!(name in sources)) throw new Error("There is no module " + name + ".");
    const module = loaded[name] = {exports: {}};
    new Function("module", "exports", "require", sources[name])
      .call(module.exports, module, module.exports, require);
  }
  return loaded[name].exports;
};
"""
START = """
globalThis.engine = require("speech-rule-engine");
globalThis.state = "waiting";
engine.setupEngine({
  locale: "en", domain: "clearspeak", modality: "speech",
  custom: (name) => Promise.resolve(rules[name]),
}).then(() => engine.engineReady()).then(
  () => { state = "ready"; }, (error) => { state = String(error); },
);
"""

# What a symbol is called in this course, where the engine says how it looks.
HERE = (
    (re.compile(r"raised to the (?:normal )?down tack power"), "transposed"),
    (re.compile(r"\b(?:normal )?down tack\b"), "the sign of the transpose"),
    (re.compile(r"\bcircled dot\b"), "times, entry by entry,"),
    (re.compile(r"\bleft arrow\b"), "becomes"),
    (re.compile(r"\blong right arrow\b|\blong rightwards arrow\b"), "leads to"),
    (re.compile(r" ?ˉ"), " bar"),
    (re.compile(r" ?\^(?= |$)"), " hat"),
    (re.compile(r"(?<=.) (?=Line \d+:)"), ". "),
)


@cache
def engine() -> quickjs.Context:
    """A JavaScript engine with the Speech Rule Engine and its English rules loaded, made once.

    Raises:
        ExtensionError: if it does not start.
    """
    context = quickjs.Context()
    context.eval(SURROUNDINGS)
    modules = {
        "speech-rule-engine": FILES / "sre.js",
        "wicked-good-xpath": FILES / "wgxpath.js",
        "@xmldom/xmldom": FILES / "xmldom" / "index.js",
    }
    modules |= {f"./{path.stem}": path for path in (FILES / "xmldom").glob("*.js")}
    for name, path in modules.items():
        context.eval(
            f"sources[{json.dumps(name)}] = {json.dumps(path.read_text(encoding='utf-8'))}"
        )
    rules = {name: (FILES / f"{name}.json").read_text(encoding="utf-8") for name in ("base", "en")}
    context.eval(f"globalThis.rules = {json.dumps(rules)}")
    context.eval(START)
    while context.execute_pending_job():  # the rules are read in promises
        pass
    state = context.eval("state")
    if state != "ready":
        raise ExtensionError(f"The engine that speaks formulas does not start: {state}")
    return context


class Speaker:
    """Speaks formulas, and remembers in a file what it has said: a formula takes about 0.05 s.

    Args:
        memory: a JSON file, read if there is one; `save` writes it.
    """

    def __init__(self, memory: Path):
        self.memory = memory
        self.voice = digest(Path(__file__), FILES, KATEX)
        self.words = recall(memory, self.voice) or {}

    def __call__(self, formula: str) -> str:
        """The formula in English words, see `spoken`."""
        if formula not in self.words:
            self.words[formula] = spoken(formula)
        return self.words[formula]

    def save(self) -> None:
        """Write the file."""
        remember(self.memory, self.voice, self.words)


def spoken(formula: str) -> str:
    """A formula in English words.

    Args:
        formula: LaTeX, as in the sources of the pages.

    Raises:
        ExtensionError: if KaTeX cannot read the formula, or nothing comes out.
    """
    formula = formula.replace(r"\!", "")  # a little less space, which would be read as a comma
    mathml = re.search(r"<math\b.*</math>", render(formula, display=True), flags=re.S).group()
    mathml = re.sub(r"<annotation\b.*?</annotation>", "", mathml, flags=re.S)
    words = json.loads(
        engine().eval(f"JSON.stringify(String(engine.toSpeech({json.dumps(mathml)})))")
    )
    for pattern, here in HERE:
        words = pattern.sub(here, words)
    words = " ".join(words.split()).strip(" ,")
    if not words:
        raise ExtensionError(f"This formula cannot be put into words: {formula}")
    return words
