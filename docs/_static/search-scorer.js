/* How the search of this site ranks pages and shows them. The value of html_search_scorer: Sphinx
 * loads it after searchtools.js, whose parts it replaces.
 *
 * Sphinx wants every word of a question on a page. People ask in their own words, so here a page
 * counts for those that it has: rare words more than common ones, words of its title and of what
 * people ask there more than words of its text. Explanations and pages of the gallery come before
 * the reference. Each result shows the answer of its page, which is part of the search page.
 */
Object.assign(Scorer, { objNameMatch: 70 });  // who types the name of a function wants its entry

const KINDS = [
  [/^(index$|explanation\/|gallery\/.+\/plot_)/, 1],
  [/^(study|how_to)\//, 0.8],
  [/^gallery\//, 0.6],
  [/^reference\/bibliography$/, 0.2],
  [/^/, 0.5],
];
const IN_TEXT = 1, IN_PART = 0.5, IN_TITLE = 3, ASKED = 3;
const LEAST = 0.4;  // of the words that the best page has, by their weight
const MOST = 15;
const FEW = 5;  // a word on fewer pages than that is as likely a stray one as a telling one

const filesOf = (index, word) => (Object.hasOwn(index, word) ? [].concat(index[word]) : []);

/* What people ask: a keyword of several words is one entry of the index, with spaces. */
const questionsOf = (terms) => {
  const stemmer = new Stemmer();
  return Object.keys(terms)
    .filter((term) => term.includes(" "))
    .map((term) => ({
      files: filesOf(terms, term),
      words: splitQuery(term)
        .filter((word) => !stopwords.has(word))
        .map((word) => stemmer.stemWord(word)),
    }));
};

/* Where a word is found, and how much it counts there. */
const find = (word, { terms, titleterms }, questions) => {
  const weights = new Map();
  const put = (files, weight) =>
    files.forEach((file) => weights.set(file, Math.max(weight, weights.get(file) ?? 0)));
  put(filesOf(terms, word), IN_TEXT);
  put(filesOf(titleterms, word), IN_TITLE);
  questions.filter(({ words }) => words.includes(word)).forEach(({ files }) => put(files, ASKED));
  if (weights.size || word.length < 3) return weights;
  for (const index of [terms, titleterms])
    for (const term of Object.keys(index))
      if (term.startsWith(word)) put(filesOf(index, term), IN_PART);
  return weights;
};

Search.performTermsSearch = (searchTerms) => {
  const { terms, docnames, titles, filenames } = Search._index;
  const questions = questionsOf(terms);
  const pages = new Map();
  const rarity = new Map();
  let all = 0;
  for (const word of searchTerms) {
    const weights = find(word, Search._index, questions);
    const rare = Math.log(1 + docnames.length / (FEW + weights.size));
    rarity.set(word, rare);
    all += rare;
    for (const [file, weight] of weights) {
      const page = pages.get(file) ?? { score: 0, share: 0, asked: 0 };
      pages.set(file, page);
      page.score += weight * rare;
      page.share += rare;
    }
  }
  // a page where this very thing is asked
  for (const { words, files } of questions)
    if (words.length && words.every((word) => searchTerms.has(word))) {
      const score = ASKED * words.reduce((sum, word) => sum + rarity.get(word), 0);
      for (const file of files) pages.get(file).asked = Math.max(score, pages.get(file).asked);
    }

  const best = Math.max(0, ...[...pages.values()].map(({ share }) => share));
  return [...pages]
    .filter(([, { share }]) => share >= LEAST * best)
    .map(([file, { score, asked }]) => {
      const [, kind] = KINDS.find(([pattern]) => pattern.test(docnames[file]));
      const total = Math.round((20 * kind * (score + asked)) / all);
      return [docnames[file], titles[file], "", null, total, filenames[file], SearchResultKind.text];
    });
};

Search.query = (query) => {
  const answers = JSON.parse(document.getElementById("answers").textContent);
  // the index has words, no numbers
  const words = query.replace(/(?<![\w.])[01](?!\.?\w)/g, (digit) => ["zero", "one"][digit]);
  const found = Search._performSearch(...Search._parseQuery(words)).reverse().slice(0, MOST);
  for (const [page, title, anchor, about, score, , kind] of found) {
    const item = document.createElement("li");
    item.className = `kind-${kind}`;
    const link = document.createElement("a");
    link.href = page + DOCUMENTATION_OPTIONS.LINK_SUFFIX + anchor;
    link.dataset.score = score;
    link.textContent = title;
    const answer = document.createElement("p");
    answer.className = "context";
    answer.textContent = about ?? answers[page] ?? "";
    item.append(link, answer);
    Search.output.append(item);
  }
  _finishSearch(found.length);
};
