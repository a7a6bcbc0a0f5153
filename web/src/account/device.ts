// What a session calls itself, in words that one recognises: `Firefox` on `Linux`. Pure.

import { accountWords as words } from '../words/account';

/** The more particular first: most browsers also say that they are others. */
const PROGRAMS: [RegExp, string][] = [
  [/\bEdg(?:A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\bHeadlessChrome\//, 'Chromium'],
  [/\b(?:Chrome|CriOS)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.*\bSafari|\(KHTML, like Gecko\) Version\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/** `label` is what the program sent as its name, cut after 120 characters. */
export function deviceOf(label: string): string {
  const of = (known: [RegExp, string][]) => known.find(([sign]) => sign.test(label))?.[1];
  const system = of(SYSTEMS);
  const program = of(PROGRAMS);
  if (program && system) return words.on(program, system);
  return program ?? (label.trim() || words.unknownDevice);
}
