/* The examples, which become files as those that are dropped; whether the browser spoils what this page reads. */
document.getElementById("changed").hidden = keepsPixels();
for (const button of document.querySelectorAll(".examples button")) {
  button.addEventListener("click", () => {
    const text = atob(button.firstElementChild.src.split(",")[1]);
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    take([new File([bytes], button.dataset.name, { type: "image/jpeg" })]);
  });
}
