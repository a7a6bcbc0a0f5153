// A message's text as blocks and inline parts; what is drawn from them is made of DOM nodes, never of HTML text.
// Takes a small part of Markdown and shows everything else as it was written.

/** A part of a line. */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'strong'; parts: Inline[] }
  | { kind: 'emphasis'; parts: Inline[] }
  | { kind: 'strike'; parts: Inline[] }
  | { kind: 'link'; href: string; parts: Inline[] }
  | { kind: 'mention'; name: string };

/** Lines that belong together. */
export type Block =
  | { kind: 'paragraph'; parts: Inline[] }
  | { kind: 'quote'; parts: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'list'; ordered: boolean; items: Inline[][] };

/** How deep marks may stand in marks; deeper ones are shown as written. */
const DEPTH_MAX = 4;

const FENCE = /^\s{0,3}```/;
const QUOTE = /^\s{0,3}> ?/;
const BULLET = /^\s{0,3}[-*•] +(?=\S)/;
const NUMBER = /^\s{0,3}\d{1,3}[.)] +(?=\S)/;

// Every repetition is bounded or stops at the next mark, so that no text takes long.
const MARK = new RegExp(
  [
    /`(?<code>[^`\n]{1,2000})`/u,
    /\[(?<label>[^\]\n]{1,300})\]\((?<target>https?:\/\/[^\s()<>]{1,1500})\)/u,
    /(?<url>https?:\/\/[^\s<>"']{0,1500}[^\s<>"'.,;:!?)\]\}*~_])/u,
    /\*\*(?=\S)(?<strong>[^\n]{0,500}?\S)\*\*/u,
    /\*(?=[^\s*])(?<star>[^*\n]{0,500}?[^\s*])\*/u,
    /(?<![\p{L}\p{N}_])_(?=[^\s_])(?<line>[^_\n]{0,500}?[^\s_])_(?![\p{L}\p{N}_])/u,
    /~~(?=\S)(?<strike>[^\n]{0,500}?\S)~~/u,
    /(?<![\p{L}\p{N}_@/.])@(?<mention>[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9_-])?)/u,
  ]
    .map((part) => part.source)
    .join('|'),
  'giu',
);

/** Reads a text. */
export function read(text: string): Block[] {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!;
    if (FENCE.test(line)) {
      const end = lines.findIndex((other, index) => index > at && FENCE.test(other));
      if (end > 0) {
        blocks.push({ kind: 'code', text: lines.slice(at + 1, end).join('\n') });
        at = end + 1;
        continue;
      }
    }
    const kind = kindOf(line);
    let end = at + 1;
    while (end < lines.length && kindOf(lines[end]!) === kind && !FENCE.test(lines[end]!)) end++;
    const block = blockOf(kind, lines.slice(at, end));
    if (block) blocks.push(block);
    at = end;
  }
  return blocks;
}

/** The text on one line and without marks, for where there is little room. */
export function plain(text: string): string {
  const lines = read(text).map((block) => {
    switch (block.kind) {
      case 'code':
        return block.text;
      case 'list':
        return block.items.map(plainInline).join(', ');
      case 'paragraph':
      case 'quote':
        return plainInline(block.parts);
    }
  });
  return lines.join(' ').replace(/\s+/g, ' ');
}

/** Whether the text is nothing but one to three emoji. */
export function isOnlyEmoji(text: string): boolean {
  const one = String.raw`\p{Extended_Pictographic}[\p{Emoji_Modifier}\u{fe0f}]{0,2}`;
  return new RegExp(`^(?:${one}(?:\\u{200d}${one}){0,6}\\s?){1,3}$`, 'u').test(text);
}

function plainInline(parts: Inline[]): string {
  return parts
    .map((part) => {
      switch (part.kind) {
        case 'text':
        case 'code':
          return part.text;
        case 'mention':
          return `@${part.name}`;
        case 'strong':
        case 'emphasis':
        case 'strike':
        case 'link':
          return plainInline(part.parts);
      }
    })
    .join('');
}

type Kind = 'paragraph' | 'quote' | 'bullets' | 'numbers';

function kindOf(line: string): Kind {
  if (QUOTE.test(line)) return 'quote';
  if (BULLET.test(line)) return 'bullets';
  if (NUMBER.test(line)) return 'numbers';
  return 'paragraph';
}

function blockOf(kind: Kind, lines: string[]): Block | null {
  switch (kind) {
    case 'quote':
      return { kind, parts: inline(lines.map((line) => line.replace(QUOTE, '')).join('\n'), 0) };
    case 'bullets':
      return {
        kind: 'list',
        ordered: false,
        items: lines.map((line) => inline(line.replace(BULLET, ''), 0)),
      };
    case 'numbers':
      return lines.length === 1
        ? { kind: 'paragraph', parts: inline(lines[0]!, 0) }
        : { kind: 'list', ordered: true, items: lines.map((line) => inline(line.replace(NUMBER, ''), 0)) };
    case 'paragraph': {
      const text = lines.join('\n').replace(/^\n+|\s+$/g, '');
      return text ? { kind, parts: inline(text, 0) } : null;
    }
  }
}

function inline(text: string, depth: number): Inline[] {
  if (depth > DEPTH_MAX) return [{ kind: 'text', text }];
  const parts: Inline[] = [];
  let at = 0;
  for (const match of text.matchAll(MARK)) {
    if (match.index > at) parts.push({ kind: 'text', text: text.slice(at, match.index) });
    parts.push(marked(match, depth + 1));
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push({ kind: 'text', text: text.slice(at) });
  return parts;
}

function marked(match: RegExpMatchArray, depth: number): Inline {
  const { code, label, target, url, strong, star, line, strike, mention } = match.groups ?? {};
  if (code !== undefined) return { kind: 'code', text: code };
  if (label !== undefined && target !== undefined) return link(target, label, match[0]);
  if (url !== undefined) return link(url, url, match[0]);
  if (strong !== undefined) return { kind: 'strong', parts: inline(strong, depth) };
  if (strike !== undefined) return { kind: 'strike', parts: inline(strike, depth) };
  if (mention !== undefined) return { kind: 'mention', name: mention };
  return { kind: 'emphasis', parts: inline(star ?? line ?? '', depth) };
}

/** A link shows where it leads: its label may not be another address. */
function link(href: string, label: string, written: string): Inline {
  const parsed = parse(href);
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) return { kind: 'text', text: written };
  const honest = label === href || !/^\s*(?:https?:|www\.)/i.test(label);
  return honest
    ? { kind: 'link', href: parsed.href, parts: [{ kind: 'text', text: label }] }
    : { kind: 'text', text: written };
}

function parse(href: string): URL | null {
  try {
    return new URL(href);
  } catch {
    return null;
  }
}
