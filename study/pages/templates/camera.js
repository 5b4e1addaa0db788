/* The camera and the examples, which become files as those that are dropped; what the browser itself may spoil. */
const [camera, view, shutter, said] = ["camera", "view", "take", "camera-said"].map((id) => document.getElementById(id));

function stop() {
  if (view.srcObject) view.srcObject.getTracks().forEach((track) => track.stop());
  view.srcObject = null;
  view.hidden = shutter.hidden = true;
  camera.textContent = say("Use the camera", "カメラを使う");
}

async function start() {
  said.hidden = true;
  try {
    view.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    view.hidden = shutter.hidden = false;
    camera.textContent = say("Turn the camera off", "カメラを止める");
    await view.play();
  } catch (error) {
    stop();
    said.textContent = say(`The camera cannot be used: ${error.message}`, `カメラを使えません：${error.message}`);
    said.hidden = false;
  }
}

function shoot() {
  const canvas = document.createElement("canvas");
  canvas.width = view.videoWidth;
  canvas.height = view.videoHeight;
  canvas.getContext("2d").drawImage(view, 0, 0);
  canvas.toBlob((blob) => take([new File([blob], say("camera", "カメラ"), { type: "image/png" })]), "image/png");
}

document.getElementById("changed").hidden = keepsPixels();
camera.hidden = !(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
camera.addEventListener("click", () => (view.srcObject ? stop() : start()));
shutter.addEventListener("click", shoot);
for (const button of document.querySelectorAll(".examples button")) {
  button.addEventListener("click", () => {
    const text = atob(button.firstElementChild.src.split(",")[1]);
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    take([new File([bytes], button.dataset.name, { type: "image/jpeg" })]);
  });
}
