// A click on a figure, or Enter, shows it as large as it is or as the window; Escape or a click closes it.
const dialog = document.createElement("dialog");
dialog.className = "enlarged";
const close = document.createElement("button");
close.type = "button";
close.textContent = "Close";
document.addEventListener("click", (event) => {
  const button = event.target.closest(".enlarge");
  if (dialog.open) {
    dialog.close();
  } else if (button) {
    const small = button.querySelector("img");
    const large = small.cloneNode();
    const { width, height } = small.getBoundingClientRect();
    const most = Math.min(window.innerWidth - 32, ((window.innerHeight - 72) * width) / height);
    const wide = Math.max(small.naturalWidth, Math.min(most, 4 * width));
    large.style.width = `${wide}px`;
    large.style.height = `${(wide * height) / width}px`;
    dialog.replaceChildren(close, large);
    document.body.append(dialog);
    dialog.showModal();
    dialog.scrollTo(0, 0);
  }
});
