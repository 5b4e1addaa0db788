/* Each image is a request of its own, some at a time: the server lets those of all callers through together. */
const AT_ONCE = 4, TRIES = 6;

async function ask(file) {
  if (file.size > told.bytes) {
    return { error: say(`too large: more than ${told.bytes / 1e6} MB`, `大きすぎます（${told.bytes / 1e6} MB 超）`) };
  }
  const headers = { "Content-Type": "application/octet-stream" };
  for (let tries = 1; ; tries++) {
    try {
      const response = await fetch(`/predict?language=${say("en", "ja")}`, { method: "POST", headers, body: file });
      const answer = await response.json();
      if (![429, 503].includes(response.status) || tries === TRIES) return answer;
    } catch {
      if (tries === TRIES) return { error: say("the server does not answer", "サーバーが応答しません") };
    }
    await new Promise((resume) => setTimeout(resume, 500 * tries));
  }
}
