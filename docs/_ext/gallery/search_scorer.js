// In which order the search lists what it finds: lessons first, then what explains, the reference last.
var Scorer = {
  score: ([docname, , , , score]) => {
    if (docname.startsWith("lessons/exercises/")) return score + 100;
    if (docname.startsWith("lessons/")) return score + 300;
    if (docname.startsWith("reference/")) return score;
    return score + (["deck", "course", "checks", "downloads"].includes(docname) ? 0 : 200);
  },
  // The other weights are those of Sphinx.
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
