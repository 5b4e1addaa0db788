/* The network answers on the page, one image after the other. */
const AT_ONCE = 1;
let network; /* the promise of it, once an image was given */

async function unpacked(id) { /* what the page holds in base64, compressed by gzip */
  const text = atob(document.getElementById(id).textContent), bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

async function load() {
  const [program, engine, file] = await Promise.all(["program", "engine", "network"].map(unpacked));
  const address = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
  const runtime = await import(address);
  URL.revokeObjectURL(address);
  Object.assign(runtime.env.wasm, { wasmBinary: engine, numThreads: 1 });
  const session = await runtime.InferenceSession.create(new Uint8Array(file), { executionProviders: ["wasm"] });
  return { runtime, session };
}

async function ask(file) {
  let square;
  try {
    square = await squareOf(file, told.size, told.rule);
  } catch {
    return { error: say("this browser cannot read it as an image", "このブラウザーでは画像として読み込めません") };
  }
  try {
    const { runtime, session } = await (network ||= load());
    const image = new runtime.Tensor("uint8", square, [1, told.size, told.size, 3]);
    const { probabilities, distance } = await session.run({ image });
    return { predictions: [judged(Array.from(probabilities.data), distance ? distance.data[0] : null)] };
  } catch (error) {
    return { error: say(`the network does not run in this browser: ${error}`, `このブラウザーではネットワークを実行できません：${error}`) };
  }
}

function judged(probabilities, distance) {
  if (told.thresholds) { /* several labels, or none: each by itself */
    const predicted = told.classes.filter((name) => probabilities[told.classes.indexOf(name)] >= told.thresholds[name]);
    return { predicted, probabilities, error: null };
  }
  const probability = Math.max(...probabilities), predicted = told.classes[probabilities.indexOf(probability)];
  const { unlike_above: far, unsure_below: low } = told.verdicts;
  const unlike = distance !== null && far !== null && distance > far;
  const verdict = unlike ? told.words.unlike : low !== null && probability < low ? told.words.unsure : predicted;
  return { predicted, verdict, probability, probabilities, distance, error: null };
}
