// Skin tones: a sign after each person or hand in an emoji.

/** How many tones there are, without "none". */
export const TONES = 5;

const FIRST_TONE = 0x1f3fb;
const HANDS = '\u{1f91d}';
const PERSON = /(\p{Emoji_Modifier_Base})\ufe0f?/gu;

/** The emoji in one of the tones; 0 is none. */
export function toned(emoji: string, tone: number): string {
  if (tone < 1 || tone > TONES) return emoji;
  const sign = String.fromCodePoint(FIRST_TONE + tone - 1);
  // Between two people the hands are theirs.
  return emoji.replace(PERSON, (all, base: string) =>
    base === HANDS && emoji !== HANDS ? all : base + sign,
  );
}
