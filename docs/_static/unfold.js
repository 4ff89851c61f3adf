// Unfolds what an address names, and with a button all code of a page.
for (const button of document.querySelectorAll("button.unfold")) {
  let open = false;
  button.addEventListener("click", () => {
    open = !open;
    for (const fold of document.querySelectorAll("details.code")) fold.open = open;
    button.textContent = open ? "Fold all code" : "Show all code";
  });
}

// A link to a fold, or to something in it, opens it.
function openNamed() {
  const named = document.getElementById(location.hash.slice(1));
  const fold = named && named.closest("details");
  if (!fold || fold.open) return;
  fold.open = true;
  named.scrollIntoView();
}
addEventListener("hashchange", openNamed);
openNamed();
