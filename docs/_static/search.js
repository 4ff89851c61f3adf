/* The search of this site: what it makes of a question, how it ranks, how it shows what it found.
 *
 * It looks through passages, each of which stands under one heading, and ranks entries: a page, or
 * where a page is a list, a question, a claim, a function or a work. MiniSearch (minisearch.js)
 * keeps the index and ranks by BM25. The stems of words, and the words that do not count, are
 * Sphinx's (language_data.js). The passages come from passages.js, which calls `search.read`. All
 * are plain scripts, as a page that was opened from a folder may fetch nothing.
 */
"use strict";

const search = (() => {
  // Words and numbers: one reading for what can be written in several ways

  const GREEK = {
    α: "alpha", β: "beta", γ: "gamma", δ: "delta", ε: "epsilon", ϵ: "epsilon", ζ: "zeta",
    η: "eta", θ: "theta", κ: "kappa", λ: "lambda", μ: "mu", ν: "nu", ξ: "xi", π: "pi",
    ρ: "rho", σ: "sigma", τ: "tau", φ: "phi", ϕ: "phi", χ: "chi", ψ: "psi", ω: "omega",
  };
  const COUNTED = new Map(Object.entries({
    zero: "0", one: "1", two: "2", three: "3", four: "4", five: "5", six: "6", seven: "7",
    eight: "8", nine: "9", ten: "10", sixty: "60", hundred: "100", thousand: "1000",
  }));
  const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

  const NUMBER = /^(?:\d{1,3}(?:,\d{3})+|\d*\.?\d+)(?:e[+-]?\d+)?$/;
  const TOKEN = new RegExp(
    String.raw`(?:\d{1,3}(?:,\d{3})+|\d*\.\d+|\d+)(?:e[+-]?\d+)?(?![\p{L}\p{N}_])`
      + String.raw`|[\p{L}\p{N}_]+(?:[.'\-][\p{L}\p{N}_]+)*`,
    "gu"
  );

  const lowered = (power) =>
    [...power].map((sign) => ({ "⁻": "-", "⁺": "+" })[sign] ?? RAISED.indexOf(sign)).join("");

  /* Powers of ten, signs, accents and capitals. */
  const plain = (text) =>
    text
      .replace(/10([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)/g, (_, power) => `1e${lowered(power)}`)
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .replace(/[−–]/g, "-")
      .replace(/[’ʼ]/g, "'")
      .replace(/(\p{Ll})(?=\p{Lu}\p{Ll})/gu, "$1-") // BatchNorm
      .toLowerCase()
      .replace(/10(?:\^|\*\*)[{(]?([+-]?\d+)[)}]?/g, "1e$1")
      .replace(/(\d) ?[·⋅×*x] ?1e(?=[+-]?\d)/g, "$1e")
      .replace(/[α-ωϵϕ]/g, (letter) => ` ${GREEK[letter] ?? letter} `);

  /* Both spellings of English are read as one, which need not be a word: noise becomes noize. */
  const american = (word) =>
    word
      .replace(/([a-z]{2}[iy])s(e|ed|es|er|ers|ing|able|ation|ations)$/, "$1z$2")
      .replace(/^(un|re)?(behavi|col|fav|flav|harb|hon|hum|lab|neighb|rig)our/, "$1$2or")
      .replace(/^(cent|fib|met)re(s?)$/, "$1er$2");

  const number = (text) => String(Number(text.replaceAll(",", "")));

  /* What a token is read as: a number, a word, or the parts of a compound and then the whole. */
  const reading = (token) => {
    const word = token.replace(/'s$/, "");
    if (NUMBER.test(word)) return [number(word)];
    if (COUNTED.has(word)) return [COUNTED.get(word)];
    const parts = word.replaceAll("'", "").split(/[._-]+/).filter((part) => part);
    const read = parts.map((part) => (NUMBER.test(part) ? number(part) : american(part)));
    if (parts.length > 1) read.push(/[._]/.test(word) ? word : read.join(""));
    return read;
  };

  const readings = new Map();
  const words = (text) =>
    (plain(text).match(TOKEN) ?? []).flatMap((token) => {
      if (!readings.has(token)) readings.set(token, reading(token));
      return readings.get(token);
    });

  const unread = new Set([...stopwords].map((word) => word.replaceAll("'", "")));
  const stemmer = new Stemmer();
  const stems = new Map();
  const stem = (word) => {
    if (!stems.has(word)) stems.set(word, /\d|[._]/.test(word) ? word : stemmer.stemWord(word));
    return stems.get(word);
  };
  const stemsOf = (text) => words(text).filter((word) => !unread.has(word)).map(stem);

  /* What an index knows of a text: its stems, and a sign for what can be said in several ways. The
   * sign stands instead of a single word, and beside the words of a phrase. */
  const meanings = new Map(); // of words and phrases, such as batchnorm and batch normalization
  const LONGEST = 4; // words of a phrase
  const terms = (text) => {
    const read = stemsOf(text);
    const signs = new Set();
    for (let start = 0; start < read.length; start++)
      for (let end = start + 2; end <= start + LONGEST; end++) {
        const sign = meanings.get(read.slice(start, end).join(" "));
        if (sign) signs.add(sign);
      }
    return [...read.map((one) => meanings.get(one) ?? one), ...signs];
  };

  // The index

  const QUESTION = /^how_to\/questions_people_ask#./; // each heading of that page is one
  const KINDS = [
    [QUESTION, 1.1],
    [/^(index#|explanation\/|gallery\/.+\/plot_)/, 1],
    [/^how_to\/questions_people_ask#/, 0.4], // the page as a whole says less than each of them
    [/^(study|how_to)\//, 0.8],
    [/^reference\/bibliography#/, 0.2],
    [/^/, 0.5],
  ];
  const indexOf = (...fields) =>
    new MiniSearch({
      fields,
      tokenize: terms,
      processTerm: (term) => term,
      searchOptions: { bm25: { k: 1.2, b: 0.3, d: 0.5 }, weights: { prefix: 0.5, fuzzy: 0 } },
    });
  const about = indexOf("title", "asked"); // entries
  const within = indexOf("heading", "text"); // passages
  const entries = [];
  const passages = [];
  let known = new Set(); // all words, and all stems

  /* The file of a page, such as plot_tied_units; a single word is no name that people type. */
  const fileOf = ({ page, place }) => (place ? "" : page.match(/[^/]*_[^/]*$/)?.[0] ?? "");

  const add = (entry) => {
    const id = entries.push(entry) - 1;
    const [, kind] = KINDS.find(([pattern]) => pattern.test(`${entry.page}#${entry.place}`));
    const called = [entry.title, entry.place, entry.place.split(".").at(-1), fileOf(entry)];
    const names = new Set([...called, ...called.map((one) => one.toLowerCase())]);
    const phrases = entry.asked.map(terms);
    Object.assign(entry, { id, kind, names, phrases, passages: [] });
    about.add({ id, title: entry.title, asked: entry.asked.join("\n") });
    return entry;
  };

  /* Take in the pages: for each its name, its title, what people ask there, and its passages. Of a
   * passage the place of its heading, the heading, whether it is an entry, and blocks of text. */
  const read = (pages, same) => {
    for (const phrases of same)
      for (const phrase of phrases) meanings.set(stemsOf(phrase).join(" "), `=${phrases[0]}`);
    for (const [page, title, asked, parts] of pages) {
      const whole = add({ page, title, place: "", asked });
      for (const [place, heading, alone, blocks] of parts) {
        const asks = QUESTION.test(`${page}#${place}`) ? [heading] : [];
        const entry = alone ? add({ page, title: heading, place, asked: asks }) : whole;
        const passage = { entry, place, heading, blocks };
        const id = passages.push(passage) - 1;
        entry.passages.push(passage);
        within.add({ id, heading: alone ? "" : heading, text: blocks.join("\n") });
      }
    }
    known = new Set([...[...readings.values()].flat(), ...stems.values()]);
  };

  // A question

  const WITHIN = 0.3; // what a passage counts beside the title of its page and what is asked there
  const ASKED = 8; // what it counts that this very thing is asked there
  const COVERED = 0.7; // a phrase that has all of the question, and more, beside one that it has
  const ANSWER = 1.3; // the first passage of a page is its answer
  const LEAST = 0.4; // of the words that the best entry has, by their rarity
  const MOST = 15;
  const OF_A_PAGE = 2;

  /* Whether one letter makes one word the other: more, less, another, or two that change places. */
  const near = (one, other) => {
    const shorter = Math.min(one.length, other.length);
    let start = 0;
    while (start < shorter && one[start] === other[start]) start++;
    let end = 0;
    while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end++;
    const [left, right] = [one, other].map((word) => word.slice(start, word.length - end));
    const swapped = left.length === 2 && left === [...right].reverse().join("");
    return swapped || (left.length < 2 && right.length < 2);
  };

  const isThere = (word) => !unread.has(word) && (known.has(word) || known.has(stem(word)));
  const count = (word) => within.search(word).length;
  const oftenest = (list) => list.reduce((best, one) => (count(one) > count(best) ? one : best));

  /* A word of a question as the site spells it; one that begins a longer word stays as it is. */
  const spelled = (word) => {
    if (isThere(word) || /\d/.test(word) || word.length < 4) return word;
    const all = [...known].filter((one) => !/[\d._=]/.test(one));
    if (all.some((one) => one.startsWith(word))) return word;
    const close = all.filter((one) => near(word, one));
    if (close.length) return oftenest(close);
    for (let at = 3; at <= word.length - 3; at++) {
      const halves = [word.slice(0, at), word.slice(at)];
      if (halves.every(isThere)) return halves.join(" ");
    }
    return word;
  };

  /* Return what is sought: the terms of a question, and the words that were read as others. */
  const understood = (question) => {
    const counting = words(question).filter((word) => !unread.has(word));
    const read = new Map(counting.map((word) => [word, spelled(word)]));
    return {
      sought: new Set(terms([...read.values()].join(" "))),
      corrected: [...read].filter(([word, other]) => word !== other),
    };
  };

  /* Return what counts as a hit, the terms sought and longer ones that they begin, and how much terms
   * weigh together: more, the fewer passages have them. */
  const weigh = (sought, results) => {
    const places = new Map([...sought].map((term) => [term, 0]));
    for (const { queryTerms, terms: longer } of results)
      for (const term of new Set([...queryTerms, ...longer]))
        places.set(term, (places.get(term) ?? 0) + 1);
    const rarity = (term) => Math.log(1 + passages.length / (1 + (places.get(term) ?? 0)));
    const weight = (list) => [...list].reduce((sum, term) => sum + rarity(term), 0);
    return { hits: new Set(places.keys()), weight };
  };

  /* Return for each entry that was found its score, that of its best passage, and what it has. */
  const gathered = (inEntries, inPassages) => {
    const found = new Map();
    const at = (entry, queryTerms) => {
      if (!found.has(entry)) found.set(entry, { entry, score: 0, best: 0, has: new Set() });
      const one = found.get(entry);
      for (const term of queryTerms) one.has.add(term);
      return one;
    };
    for (const { id, score, queryTerms } of inEntries) at(entries[id], queryTerms).score += score;
    for (const { id, score, queryTerms } of inPassages) {
      const { entry, place } = passages[id];
      const one = at(entry, queryTerms);
      one.best = Math.max(one.best, score * (place ? 1 : ANSWER));
    }
    return [...found.values()];
  };

  /* Return whether a question names an entry: 2 as it is written, 1 in other capitals or among
   * other words, where a name cannot be taken for a word. */
  const naming = (question) => {
    const typed = question.trim();
    const alike = words(question).filter((word) => /[\d._]/.test(word) && !NUMBER.test(word));
    return ({ names }) => {
      if (names.has(typed)) return 2;
      return [typed.toLowerCase(), ...alike].some((word) => names.has(word)) ? 1 : 0;
    };
  };

  /* Return the entries that answer a question, the best first; what counts as a hit, and its
   * weight; and the words of the question that were read as others. */
  const rank = (question) => {
    const { sought, corrected } = understood(question);
    const prefix = (term) => !known.has(term) && term.length > 2;
    const options = { tokenize: () => [...sought], prefix };
    const inPassages = within.search(question, options);
    const { hits, weight } = weigh(sought, inPassages);
    const likeness = (phrase) => {
      const common = weight(phrase.filter((term) => sought.has(term)));
      return common * Math.max(common / weight(phrase), (COVERED * common) / weight(sought)) ** 2;
    };
    const named = naming(question);
    const all = gathered(about.search(question, options), inPassages).map((one) => {
      const { entry, score, best, has } = one;
      const asked = Math.max(0, ...entry.phrases.map(likeness));
      const total = entry.kind * (score + WITHIN * best + ASKED * asked);
      return { entry, named: named(entry), share: weight(has), total };
    });
    const most = Math.max(0, ...all.map(({ share }) => share));
    const results = all
      .filter((one) => one.named || one.share >= LEAST * most)
      .sort((one, other) => other.named - one.named || other.total - one.total)
      .map(({ entry }) => entry)
      .filter(fewOfAPage());
    return { results, hits, weight, corrected };
  };

  /* Return a filter that lets through as many entries of each page as are listed, but not a page as
   * a whole below a part of it. */
  const fewOfAPage = () => {
    const listed = new Map();
    return ({ page, place }) => {
      const before = listed.get(page) ?? 0;
      if (before === OF_A_PAGE || (before && !place)) return false;
      listed.set(page, before + 1);
      return true;
    };
  };

  // What is shown

  const SHOWN = 280; // characters of a passage
  const ENOUGH = 120; // of a block that is shown alone
  const FIRST = 1.25; // what the answer of a page counts beside its other passages
  const AS_ASKED = 0.95; // and what it counts for that others ask there
  const SENTENCE = /(?<=[.?!:;]) (?=\S)/;

  /* Return the sentences of a passage, each with its terms and whether it opens a block. */
  const sentencesOf = (passage) =>
    passage.blocks.flatMap((block) =>
      block.split(SENTENCE).map((text, at) => ({ text, opens: at === 0, has: terms(text) }))
    );

  /* Return the excerpts of a passage: as many sentences as are shown, from each one on. A block that
   * is short goes on with the next one. */
  const excerpts = (passage) => {
    const sentences = sentencesOf(passage);
    return sentences.map(({ text, opens, has }, at) => {
      const terms = new Set(has);
      const before = !opens && /[:;]$/.test(sentences[at - 1].text) ? "… " : "";
      for (const next of sentences.slice(at + 1)) {
        if (text.length + next.text.length > SHOWN || (next.opens && text.length > ENOUGH)) break;
        text += (next.opens && /[\p{L}\p{N}]$/u.test(text) ? " · " : " ") + next.text;
        next.has.forEach((term) => terms.add(term));
      }
      return { text: before + text + (/[:;]$/.test(text) ? " …" : ""), has: terms };
    });
  };

  /* Return of all passages of an entry the one that has most of what is sought, and the excerpt.
   * Where a title is a question, the first sentences are the answer, as they are below a heading.
   * They are read under it, and answer what else is asked there, unless a passage says it all. */
  const telling = (entry, { hits, weight }) => {
    const [first] = entry.passages;
    const answers = entry.place !== "" || entry.title.endsWith("?");
    const titled = new Set(terms(entry.title));
    const asked = new Set(entry.phrases.flat());
    const value = (...sets) =>
      weight([...hits].filter((term) => sets.some((has) => has.has(term))));
    let best = { value: -1, passage: first, text: "" };
    for (const passage of entry.passages) {
      passage.excerpts ??= excerpts(passage);
      passage.excerpts.forEach(({ text, has }, at) => {
        const isAnswer = answers && passage === first && at === 0;
        const counts = isAnswer
          ? Math.max(FIRST * value(has, titled), AS_ASKED * value(has, titled, asked))
          : value(has);
        if (counts > best.value) best = { value: counts, passage, text };
      });
    }
    return best;
  };

  /* Return a text in pieces, each with whether it is a hit; of a long one what is around them. */
  const pieces = (text, hits) => {
    const all = text.split(" ").map((word) => [word, terms(word).some((term) => hits.has(term))]);
    const length = (some) => some.reduce((sum, [word]) => sum + word.length + 1, 0);
    const first = Math.max(0, all.findIndex(([, isHit]) => isHit));
    const isLong = length(all) > SHOWN;
    let start = 0;
    while (isLong && start < first && length(all.slice(start, first)) > SHOWN / 3) start++;
    let end = all.length;
    while (length(all.slice(start, end)) > SHOWN) end--;
    const joined = [];
    for (const [word, isHit] of all.slice(start, end)) {
      if (joined.length && !isHit && !joined.at(-1)[1]) joined.at(-1)[0] += ` ${word}`;
      else joined.push([word, isHit]);
    }
    if (start) joined.unshift(["…", false]);
    if (end < all.length) joined.push(["…", false]);
    return joined;
  };

  /* Return the results of a question as they are listed: where, a title, pieces of a passage. */
  const find = (question) => {
    const found = rank(question);
    const results = found.results.slice(0, MOST).map((entry) => {
      const { passage, text } = telling(entry, found);
      const under = passage.place && !entry.place ? ` › ${passage.heading}` : "";
      return {
        page: entry.page,
        place: passage.place,
        title: entry.title + under,
        pieces: pieces(text, found.hits),
      };
    });
    return { results, corrected: found.corrected, more: found.results.length > MOST };
  };

  /* Say in one sentence how many there are, and which words were read as others. */
  const summary = ({ results, corrected, more }) => {
    const many = results.length === 1 ? "One result." : `${results.length} results.`;
    const said = more ? `The best ${many}` : many;
    const read = corrected.map(
      ([word, other]) => `“${word}” is on no page; searched for “${other}”.`
    );
    return [results.length ? said : "No page of this site answers that.", ...read].join(" ");
  };

  const element = (kind, text, attributes = {}) =>
    Object.assign(document.createElement(kind), { textContent: text, ...attributes });

  const listItem = ({ page, place, title, pieces: shown }) => {
    const address = `${page}${DOCUMENTATION_OPTIONS.LINK_SUFFIX}${place && `#${place}`}`;
    const words = element("p", "", { className: "context" });
    for (const [text, isHit] of shown) words.append(isHit ? element("mark", text) : text, " ");
    const item = element("li", "");
    item.append(element("a", title, { href: address }), words);
    return item;
  };

  const show = (question) => {
    const found = find(question);
    document.getElementById("results").replaceChildren(...found.results.map(listItem));
    document.getElementById("nothing").hidden = found.results.length > 0;
    document.getElementById("found").textContent = summary(found);
    try {
      localStorage.setItem("sphinx_highlight_terms", stemsOf(question).join(" "));
    } catch {
      // a browser that keeps nothing marks no words on the pages that it opens
    }
  };

  /* Read the question in the address of the search page, and load the passages if there is one. */
  const start = () => {
    const question = new URLSearchParams(location.search).get("q") ?? "";
    for (const field of document.querySelectorAll('input[name="q"]')) field.value = question;
    if (!question.trim()) return;
    document.title = `${question} - ${document.title}`;
    document.getElementById("found").textContent = "Searching…";
    const { passages: src } = document.getElementById("search-results").dataset;
    const script = element("script", "", { src });
    script.addEventListener("load", () => show(question));
    document.body.append(script);
  };

  return { read, find, words, terms, summary, start };
})();

if (typeof document !== "undefined") search.start();
