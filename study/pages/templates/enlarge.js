/* A click on a figure, or Enter, shows it larger: a plot at its own size, so that its text can be read, a photo within
   the window. Escape or a click closes it. */
const dialog = document.createElement("dialog");
dialog.className = "enlarged";
const close = document.createElement("button");
close.type = "button";
close.textContent = document.documentElement.lang === "ja" ? "閉じる" : "Close";
document.addEventListener("click", (event) => {
  const button = event.target.closest(".enlarge");
  if (dialog.open) {
    dialog.close();
  } else if (button) {
    const small = button.querySelector("img");
    const large = small.cloneNode();
    const { width, height } = small.getBoundingClientRect();
    const most = Math.min(window.innerWidth - 32, ((window.innerHeight - 128) * width) / height);
    const fits = Math.min(most, 4 * width);
    const wide = button.closest(".plot") ? Math.max(small.naturalWidth, fits) : fits;
    large.style.width = `${wide}px`;
    large.style.height = `${(wide * height) / width}px`;
    const name = document.createElement("p");
    name.textContent = small.alt;
    dialog.replaceChildren(close, large, name);
    document.body.append(dialog);
    dialog.showModal();
    dialog.scrollTo(0, 0);
  }
});
