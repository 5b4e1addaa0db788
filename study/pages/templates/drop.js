/* Images that are dropped, pasted or chosen, each with its answer: of `ask`, which the page has beside this. */
const SIDE = 240, SHOWN = 5;
const japanese = document.documentElement.lang === "ja";
const say = (en, ja) => (japanese ? ja : en);
const cards = document.getElementById("cards");
const told = JSON.parse(cards.dataset.told);
const waiting = [];
let working = 0, all = 0, done = 0, failed = 0;

function element(parent, tag, text = "", name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  parent.append(made);
  return made;
}

async function draw(file, card) { /* A format that the browser does not know has no picture, and all the same an answer. */
  try {
    const image = await createImageBitmap(file);
    const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.width * scale));
    canvas.height = Math.max(1, Math.round(image.height * scale));
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", file.name);
    image.close();
    card.prepend(canvas);
  } catch { return; }
}

// A class is told from its threshold on, however near to 0 or 1 that is: not as 0.0000, nor as 1.0000 below it.
function significant(share, places = 4) {
  if (share > 0 && share < 10 ** (1 - places)) return share.toPrecision(2);
  const text = share.toFixed(places);
  return share < 1 && Number(text) === 1 ? significant(share, places + 1) : text;
}

function show(card, answer) {
  const one = (answer.predictions || [])[0];
  const caption = card.querySelector("figcaption");
  const line = document.createElement("div");
  caption.prepend(line);
  if (!one || one.error) {
    failed++;
    element(line, "span", answer.error || one.error, "severe");
    return;
  }
  const { unsure, unlike } = told.words;
  if (Array.isArray(one.predicted)) {
    element(line, "b", one.predicted.join(say(", ", "、")) || say("none", "なし"));
  } else if (one.verdict && one.verdict !== one.predicted) {
    const word = one.verdict === unlike ? say(unlike, "未知") : one.verdict === unsure ? say(unsure, "不確か") : "";
    element(line, "b", word, one.verdict === unlike ? "severe" : "");
    line.append(say(`: likeliest ${one.predicted}`, `：最も確率が高いクラスは ${one.predicted}`));
  } else {
    element(line, "b", one.predicted);
    line.append(`  ${significant(one.probability)}`);
  }
  const shares = element(caption, "div", "", "shares");
  const order = one.probabilities.map((share, index) => [share, told.classes[index]]).sort((a, b) => b[0] - a[0]);
  for (const [share, name] of order.slice(0, SHOWN)) {
    element(shares, "span", name);
    element(element(shares, "div"), "i").style.width = `${100 * share}%`;
    element(shares, "output", significant(share));
  }
  if (one.distance !== null && one.distance !== undefined) {
    element(caption, "div", `${say("distance", "距離")} ${one.distance.toFixed(4)}`, "note");
  }
}

function count() {
  document.getElementById("count").textContent = all
    ? say(`${done - failed} of ${all} ${all === 1 ? "image" : "images"} answered`, `${all} 枚中 ${done - failed} 枚を予測しました`)
      + (failed ? say(`, ${failed} could not be used`, `（${failed} 枚は使えませんでした）`) : "")
    : "";
}

async function work() {
  working++;
  while (waiting.length) {
    const [file, card] = waiting.shift();
    const [answer] = await Promise.all([ask(file), draw(file, card)]);
    show(card, answer);
    done++;
    count();
  }
  working--;
}

function take(files) {
  for (const file of files) {
    const card = document.createElement("figure");
    card.className = "card";
    element(element(card, "figcaption"), "div", file.name, "note");
    cards.append(card);
    waiting.push([file, card]);
    all++;
  }
  count();
  while (working < Math.min(AT_ONCE, waiting.length)) work();
}

const drop = document.getElementById("drop"), files = document.getElementById("files");
files.addEventListener("change", () => { take([...files.files]); files.value = ""; });
document.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  take([...event.dataTransfer.files]);
});
document.addEventListener("paste", (event) => take([...event.clipboardData.files]));
