// Unfolds all code of a page, and folds it again; the words of the button say what it does next.
for (const button of document.querySelectorAll("button.unfold")) {
  let open = false;
  button.addEventListener("click", () => {
    open = !open;
    for (const fold of document.querySelectorAll("details.code")) fold.open = open;
    button.textContent = open ? "Fold all code" : "Show all code";
  });
}
