/* The camera, whose pictures become files as those that are dropped; what the browser itself may spoil of them. */
const [camera, view, shutter, said] = ["camera", "view", "take", "camera-said"].map((id) => document.getElementById(id));

function stop() {
  if (view.srcObject) view.srcObject.getTracks().forEach((track) => track.stop());
  view.srcObject = null;
  view.hidden = shutter.hidden = true;
  camera.textContent = say("Use the camera", "カメラを使う");
}

function keepsPixels() { /* some browsers change what a page reads, so that it cannot tell them from others */
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const made = new ImageData(Uint8ClampedArray.from({ length: 1024 }, (_, at) => (at % 4 === 3 ? 255 : (37 * at) % 256)), 16);
  context.putImageData(made, 0, 0);
  return context.getImageData(0, 0, 16, 16).data.every((value, at) => value === made.data[at]);
}

function tell(text) {
  said.textContent = text;
  said.hidden = !text;
}

async function start() {
  tell("");
  try {
    view.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    view.hidden = shutter.hidden = false;
    camera.textContent = say("Turn the camera off", "カメラを止める");
    await view.play();
    if (!keepsPixels()) tell(say(
      "This browser changes the pixels that a page reads: answers for pictures of the camera may be wrong.",
      "このブラウザーはページが読む画素の値を変えます。カメラの画像の予測は正しくないことがあります。"));
  } catch (error) {
    stop();
    tell(say(`The camera cannot be used: ${error.message}`, `カメラを使えません：${error.message}`));
  }
}

function shoot() {
  const canvas = document.createElement("canvas");
  canvas.width = view.videoWidth;
  canvas.height = view.videoHeight;
  canvas.getContext("2d").drawImage(view, 0, 0);
  canvas.toBlob((blob) => take([new File([blob], say("camera", "カメラ"), { type: "image/png" })]), "image/png");
}

camera.hidden = !(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
camera.addEventListener("click", () => (view.srcObject ? stop() : start()));
shutter.addEventListener("click", shoot);
