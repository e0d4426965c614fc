// Scanning with the camera, where the browser lets a page use it: over https or on this machine,
// and with a BarcodeDetector. Elsewhere the page says why not, and what to do.
import { fill, h, t } from "./h.js";

const LOOK_MS = 200;

async function watch(video, detector, use) {
  let seen = "";
  while (video.srcObject) {
    await new Promise((go) => setTimeout(go, LOOK_MS));
    if (video.readyState < 2) continue;
    const found = await detector.detect(video).catch(() => []);
    const text = found.length ? found[0].rawValue : "";
    if (text && text !== seen) use(text);
    seen = text;
  }
}

/** A button that opens the camera, or the reason why there is none. */
export function camera(use) {
  const place = h("div.stack");
  const missing = !window.isSecureContext ? t("camera.insecure")
    : !("BarcodeDetector" in window) || !navigator.mediaDevices ? t("camera.unable") : "";
  if (missing) return h("details", h("summary", t("camera.none")), h("p.soft", missing));
  const video = h("video", { playsinline: true, muted: true });
  const close = () => {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    fill(place, button);
  };
  const open = async () => {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia(
          { video: { facingMode: "environment" } });
    } catch {
      return fill(place, button, h("p.soft", { role: "status" }, t("camera.refused")));
    }
    fill(place, video, h("button", { onclick: close }, t("camera.close")));
    await video.play();
    return watch(video, new window.BarcodeDetector(), use);
  };
  const button = h("button", { id: "camera", onclick: open }, t("camera.open"));
  return fill(place, button);
}
