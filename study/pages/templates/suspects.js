// What is chosen of suspected labels: kept by the browser under the data's fingerprint, saved as a table for --fixes.
(() => {
  const { key, classes, columns, earlier } = JSON.parse(document.getElementById("fixes-data").textContent);
  const cards = [...document.querySelectorAll(".suspect")];
  const save = document.getElementById("save-fixes");
  const status = document.getElementById("fixes-chosen");
  let choices = {};
  try {
    choices = JSON.parse(localStorage.getItem(key)) || {};
  } catch {
    // A browser that keeps nothing for local files: choices then last until the page is closed.
  }

  function show() {
    const counts = {};
    for (const card of cards) {
      const choice = choices[card.dataset.path];
      card.classList.toggle("decided", Boolean(choice));
      for (const button of card.querySelectorAll("[data-action]")) {
        button.setAttribute("aria-pressed", String(choice?.action === button.dataset.action));
      }
      if (choice?.label) card.querySelector("select").value = choice.label;
      if (choice) counts[choice.action] = (counts[choice.action] || 0) + 1;
    }
    const told = ["keep", "relabel", "leave out"].map((action) => `${counts[action] || 0} ${action}`).join(", ");
    const before = earlier.length ? `, and ${earlier.length} row(s) of the earlier table` : "";
    status.textContent = `${cards.length} shown: ${told}${before}`;
    save.disabled = !Object.keys(counts).length && !earlier.length;
  }

  function choose(card, action) {
    const { path, sha256 } = card.dataset;
    const label = action === "relabel" ? card.querySelector("select").value : "";
    if (action) choices[path] = { action, label, sha256 };
    else delete choices[path];
    try {
      localStorage.setItem(key, JSON.stringify(choices));
    } catch {
      // as above
    }
    show();
  }

  function cell(text) {
    const guarded = /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text; // else a spreadsheet takes it for a formula
    return /[",;\t\r\n]|^\s|\s$/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
  }

  for (const card of cards) {
    const select = card.querySelector("select");
    select.append(...classes.map((name) => new Option(name, name)));
    select.value = card.dataset.suggested;
    select.addEventListener("change", () => choose(card, "relabel"));
    for (const button of card.querySelectorAll("[data-action]")) {
      button.addEventListener("click", () => {
        const again = button.getAttribute("aria-pressed") === "true";
        choose(card, again ? "" : button.dataset.action);
      });
    }
  }

  save.addEventListener("click", () => {
    const shown = cards.map((card) => card.dataset.path).filter((path) => choices[path]);
    const chosen = shown.map((path) => [path, choices[path].action, choices[path].label, choices[path].sha256]);
    const lines = [columns, ...earlier, ...chosen].map((row) => row.map(cell).join(","));
    const file = new Blob([`\ufeff${lines.join("\r\n")}\r\n`], { type: "text/csv" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = "fixes.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  show();
})();
