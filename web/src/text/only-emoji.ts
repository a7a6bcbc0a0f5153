// Whether a message is nothing but a few emoji, which are then shown large.

const PICTURE = String.raw`\p{Extended_Pictographic}[\p{Emoji_Modifier}\ufe0f]{0,2}[\u{e0020}-\u{e007f}]{0,8}`;
const ONE = String.raw`(?:\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3|${PICTURE}(?:\u200d${PICTURE}){0,6})`;
const ONLY = new RegExp(String.raw`^(?:(?:${ONE}|:[a-z0-9_+-]{1,50}:)\s?){1,3}$`, 'iu');

/** Whether the text is one to three emoji; `isKnown` says of which names there are emoji. */
export function isOnlyEmoji(text: string, isKnown: (name: string) => boolean = () => false): boolean {
  if (text.length > 160 || !ONLY.test(text)) return false;
  return [...text.matchAll(/:([a-z0-9_+-]+):/gi)].every((match) => isKnown(match[1]!.toLowerCase()));
}
