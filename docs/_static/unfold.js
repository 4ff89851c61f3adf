// Unfolds all code of a page, and folds it again.
for (const button of document.querySelectorAll("button.unfold")) {
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-pressed") !== "true";
    for (const fold of document.querySelectorAll("details.code")) fold.open = open;
    button.setAttribute("aria-pressed", open);
    button.textContent = open ? "Fold the code" : "Show all code";
  });
}
