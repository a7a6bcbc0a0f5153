// Two quiet notes, made here: nothing is loaded for them.

const NOTES = [
  { hertz: 587.33, after: 0 },
  { hertz: 880, after: 0.11 },
];
const LOUD = 0.05;
const SECONDS = 0.5;

let context: AudioContext | undefined;

export function chime(): void {
  if (!('AudioContext' in globalThis)) return;
  context ??= new AudioContext();
  // Until somebody has touched the page, the browser keeps it silent.
  void context.resume();
  for (const { hertz, after } of NOTES) {
    const from = context.currentTime + after;
    const note = new OscillatorNode(context, { frequency: hertz });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(LOUD, from + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.0001, from + SECONDS);
    note.connect(volume).connect(context.destination);
    note.start(from);
    note.stop(from + SECONDS);
  }
}
