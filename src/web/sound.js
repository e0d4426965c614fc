// The sounds of the results. Browsers are silent until somebody has tapped once: wake() is called
// by that tap.
import { memory, signal } from "./h.js";

export const soundOn = signal(memory.get("sound", true));
const TONES = { accepted: [[1175, 0.14]], attention: [[660, 0.12], [660, 0.12]],
    refused: [[196, 0.35]],
                unsure: [[520, 0.1], [440, 0.1], [520, 0.1]] };
let audio = null;

export function wake() {
  try {
    audio = audio || new AudioContext();
    audio.resume();
  } catch { audio = null; }
}

/** One high tone, two, one low one or three. */
export function play(state) {
  if (!audio || !soundOn() || !TONES[state]) return;
  let at = audio.currentTime;
  for (const [pitch, length] of TONES[state]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.25, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + length);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + length);
    at += length + 0.07;
  }
}
