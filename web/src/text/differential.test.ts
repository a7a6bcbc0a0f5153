// Our reader and `marked`, a reader of CommonMark and GitHub's Markdown, see the same structure in the same text.

import { marked, type Token, type Tokens } from 'marked';
import { describe, expect, it } from 'vitest';
import { read } from './blocks';
import type { Block, Inline } from './tree';

// The outline of a text: a tree as a line. White space at the edges of lines, and paragraphs in points of lists
// (which only say how much air there is), are left out.

const around = (name: string, inner: string) => `${name}(${inner})`;
const tidy = (text: string) => text.replace(/[ \t]*\n[ \t]*/g, '⏎').replace(/ +/g, ' ');
const unpadded = (text: string) => text.replace(/^ | $/g, '');
const href = (address: string) => address.replace(/^mailto:|\/$/g, '');

function ours(text: string): string {
  return ourBlocks(read(text), false);
}

function ourBlocks(blocks: Block[], isPoint: boolean): string {
  return blocks.map((block) => ourBlock(block, isPoint)).join(' ');
}

function ourBlock(block: Block, isPoint: boolean): string {
  switch (block.kind) {
    case 'paragraph':
      return around(isPoint ? 'text' : 'p', unpadded(ourParts(block.parts)));
    case 'heading':
      return around(`h${block.level}`, ourParts(block.parts));
    case 'quote':
      return around('quote', ourBlocks(block.blocks, false));
    case 'code':
      return around(`code:${block.language}`, block.text.trimEnd());
    case 'list': {
      const points = block.items.map(({ done, blocks }) =>
        around(done === null ? 'li' : done ? 'done' : 'open', ourBlocks(blocks, true)),
      );
      return around(block.start === null ? 'ul' : `ol:${block.start}`, points.join(' '));
    }
    case 'table': {
      const line = (cells: Inline[][]) => cells.map((cell) => around('td', ourParts(cell))).join('');
      const aligns = block.aligns.map((align) => align ?? '-').join();
      return around(`table:${aligns}`, [block.head, ...block.rows].map(line).join(' / '));
    }
    case 'rule':
      return 'hr';
  }
}

function ourParts(parts: Inline[]): string {
  return tidy(parts.map(ourPart).join(''));
}

function ourPart(part: Inline): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'code':
      return around('code', part.text);
    case 'link':
      return around(`a:${href(part.href)}:${part.title}`, ourParts(part.parts));
    case 'picture':
      return around(`img:${href(part.src)}:${part.title}`, part.alt);
    case 'strong':
    case 'emphasis':
    case 'strike':
    case 'spoiler':
      return around(part.kind, ourParts(part.parts));
    case 'mention':
      return `@${part.name}`;
    case 'room':
      return `#${part.name}`;
    case 'emoji':
      return `:${part.name}:`;
    case 'time':
      return `<t:${part.seconds}>`;
  }
}

function theirs(text: string): string {
  return theirBlocks(marked.lexer(text, { gfm: true, breaks: true }), false);
}

function theirBlocks(tokens: Token[], isPoint: boolean): string {
  return tokens
    .filter(({ type }) => type !== 'space' && type !== 'checkbox')
    .map((token) => theirBlock(token, isPoint))
    .join(' ');
}

function theirBlock(token: Token, isPoint: boolean): string {
  const { tokens = [] } = token as { tokens?: Token[] };
  switch (token.type) {
    case 'paragraph':
    case 'text':
      return around(isPoint ? 'text' : 'p', unpadded(theirParts(tokens)));
    case 'heading':
      return around(`h${token.depth}`, theirParts(tokens));
    case 'blockquote':
      return around('quote', theirBlocks(tokens, false));
    case 'code':
      return around(`code:${/^\S*/.exec(token.lang ?? '')![0]}`, token.text.trimEnd());
    case 'list': {
      const { items, ordered, start } = token as Tokens.List;
      const points = items.map((item) =>
        around(item.task ? (item.checked ? 'done' : 'open') : 'li', theirBlocks(item.tokens, true)),
      );
      return around(ordered ? `ol:${start}` : 'ul', points.join(' '));
    }
    case 'table': {
      const { align, header, rows } = token as Tokens.Table;
      const line = (cells: Tokens.TableCell[]) =>
        cells.map((cell) => around('td', theirParts(cell.tokens))).join('');
      const name = { left: 'start', center: 'center', right: 'end' };
      const aligns = align.map((side) => (side ? name[side] : '-')).join();
      return around(`table:${aligns}`, [header, ...rows].map(line).join(' / '));
    }
    case 'hr':
      return 'hr';
    default:
      return around(`other:${token.type}`, token.raw);
  }
}

function theirParts(tokens: Token[]): string {
  return tidy(tokens.map(theirPart).join(''));
}

function theirPart(token: Token): string {
  const { tokens = [] } = token as { tokens?: Token[] };
  switch (token.type) {
    case 'text':
      return tokens.length > 0 ? theirParts(tokens) : token.text;
    case 'escape':
      return token.text;
    case 'br':
      return '\n';
    case 'codespan':
      return around('code', token.text);
    case 'link':
      return around(`a:${href(token.href)}:${token.title ?? ''}`, theirParts(tokens));
    case 'image':
      return around(`img:${href(token.href)}:${token.title ?? ''}`, token.text);
    case 'strong':
      return around('strong', theirParts(tokens));
    case 'em':
      return around('emphasis', theirParts(tokens));
    case 'del':
      return around('strike', theirParts(tokens));
    default:
      return around(`other:${token.type}`, token.raw);
  }
}

const SAME = [
  // Paragraphs and lines.
  'one',
  'one\ntwo',
  'one\n\ntwo',
  'one\n\n\n\ntwo\nthree',
  'one\r\ntwo',
  '  one',
  // Emphasis.
  '*a* _b_ **c** __d__',
  '***both***',
  '**a *b* c**',
  '*a **b** c*',
  '**a *b***',
  '*a **b***',
  '_a __b___',
  'snake_case_name and __init__.py',
  'a*b*c and a**b**c',
  '2 * 3 * 4',
  '* not * this*',
  '**not closed',
  '*not closed either',
  '**a*',
  '*a**',
  '****',
  'a ** b ** c',
  '**"quoted"** text',
  '*(brackets)*.',
  '**a\nb**',
  '*a\n\nb*',
  '~~gone~~ and ~~**both**~~',
  '**bold ~~gone~~ bold**',
  '~~ not ~~ gone',
  // Escapes.
  '\\*not\\* \\_this\\_ \\`nor\\` \\[that\\]',
  'C:\\temp \\\\server',
  '\\# no heading',
  '\\- no list',
  '1\\. no list',
  // Code in lines.
  '`code`',
  '`` a ` b ``',
  '``` `` ```',
  '` a `',
  '`a **b**`',
  '`a\nb`',
  '`not closed',
  '`` not ` closed',
  '**a `b** c`',
  '`\\`',
  // Links.
  '[label](https://example.org)',
  '[label](https://example.org "title")',
  "[label](https://example.org 'title')",
  '[label](https://example.org (title))',
  '[label](<https://example.org/a_b>)',
  '[label]( https://example.org )',
  '[a **b** `c`](https://example.org)',
  '[a](https://example.org/b_(c))',
  '[a] (https://example.org)',
  '[a](https://example.org',
  '[a [b](https://example.org)',
  '[a [b] c](https://example.org)',
  '[a](mailto:a@example.org)',
  '**[a](https://example.org)**',
  '[*a](https://example.org)*',
  '*a [b*](https://example.org)',
  '<https://example.org/a?b=c>',
  '<somebody@example.org>',
  'see https://example.org/a?b=c.',
  '(https://example.org/a)',
  'https://example.org/a_(b) c',
  'https://example.org/a_(b)) c',
  '**https://example.org**',
  'https://example.org/_a_',
  'https://example.org!',
  // Pictures.
  '![alt](https://example.org/a.png)',
  '![alt](https://example.org/a.png "title")',
  'a ![b](https://example.org/a.png) c',
  '! [b](https://example.org/a.png)',
  // Headings and rules.
  '# one\n## two\n### three\n#### four\n##### five\n###### six',
  '####### seven',
  '#none',
  '# closed #',
  '# closed ###',
  '# not closed#',
  '# **bold** head',
  'text\n# head\ntext',
  'a\n\n---\n\nb',
  '***',
  '* * *',
  '___',
  '- - -',
  '--',
  // Lists.
  '- a\n- b',
  '* a\n* b',
  '+ a\n+ b',
  '- a\n* b',
  '1. a\n2. b',
  '7. a\n8. b',
  '1) a\n2) b',
  '1. a\n1) b',
  '- a\n  - b\n    - c\n- d',
  '- a\n  1. b\n  2. c\n- d',
  '1. a\n   - b\n   - c\n2. d',
  '- a\n\n- b',
  '- a\n\n  b\n- c',
  '- a\n  b',
  '- a\n\n\n- b',
  '- a\n  > b',
  '- a\n  ```js\n  b\n  ```\n- c',
  '- **a** `b` [c](https://example.org)',
  '-not a list',
  '1.not a list',
  'text\n- a\n- b',
  'text\n1. a\n2. b',
  'text\n2. a',
  '1234567890. a',
  '- a\n-\n- b',
  '- [ ] a\n- [x] b\n- [X] c',
  '- [ ] a\n  - [x] b',
  '1. [x] a',
  '- [y] a',
  '\t',
  '-\ta',
  // Quotes.
  '> a',
  '> a\n> b',
  '>a',
  '> a\n>\n> b',
  '> > a\n>\n> c',
  '> # a\n> - b\n> - c',
  '> ```\n> a\n> ```',
  'text\n> a',
  '> a\n\nb',
  '> a\n\n> b',
  // Code blocks.
  '```\na\n```',
  '```js\na\n```\nb',
  '```js title\na\n```',
  '~~~\na\n```\n~~~',
  '````\n```\n````',
  '```\na',
  '```\n\n  a\n\n```',
  '  ```\n  a\n   b\n  ```',
  'a\n```\nb\n```\nc',
  '```\n**a** <b>\n```',
  '``` a`b ```',
  // Tables.
  '| a | b |\n|---|---|\n| 1 | 2 |',
  'a | b\n-|-\n1 | 2\n3 | 4',
  '| a | b | c | d |\n|:--|:-:|--:|---|\n| 1 | 2 | 3 | 4 |',
  '| **a** | `b` |\n|---|---|\n| [c](https://example.org) | ~~d~~ |',
  '| a \\| b | c |\n|---|---|\n| 1 | 2 |',
  '| a | b |\n|---|---|',
  '| a | b |\n|---|---|\n| 1 | 2 |\n\ntext',
  '| a | b |\n|---|',
  '| a |\n|---|\n| 1 |\n> b',
  'text\n\n| a |\n|---|\n| 1 |',
];

/** What we read in another way on purpose: the text, our outline, and why. */
const DIFFERENT: [text: string, outline: string, why: string][] = [
  ['<b>a</b>', 'p(<b>a</b>)', 'no HTML: it is shown as written'],
  ['> > a\n> b', 'quote(quote(p(a)) p(b))', 'so do quotes in quotes'],
  ['a\n===', 'p(a⏎===)', 'a line under a line makes no heading'],
  ['a\n---', 'p(a) hr', 'a line under a line is a rule'],
  ['    a', 'p(a)', 'indenting makes no code: people paste'],
  ['> a\nb', 'quote(p(a)) p(b)', 'a quote ends with its marks: what follows is the answer'],
  ['- a\nb', 'ul(li(text(a))) p(b)', 'a list ends where nothing is indented'],
  ['| a |\n|---|\n| 1 |\nb', 'table:-(td(a) / td(1)) p(b)', 'a table ends where there is no bar'],
  ['| a | b |\n|---|---|\n| 1 |', 'table:-,-(td(a)td(b) / td(1))', 'missing cells are not made up'],
  [
    '[a]\n\n[a]: https://example.org',
    'p([a]) p([a]: a:https://example.org:(https://example.org))',
    'no footnotes',
  ],
  ['[a](javascript:x)', 'p([a](javascript:x))', 'links lead to the web or to a mailbox'],
  ['[a](/b)', 'p([a](/b))', 'links say where they lead in full'],
  [
    '[https://a.example](https://b.example)',
    'p([https://a.example](https://b.example))',
    'a label that is another address lies',
  ],
  ['![a](data:image/png,x)', 'p(![a](data:image/png,x))', 'pictures come from the web'],
  ['www.example.org', 'p(a:https://www.example.org:(www.example.org))', 'https, not http'],
  ['me@example.org', 'p(me@example.org)', 'a mailbox is a link in brackets only'],
  ['~a~', 'p(~a~)', 'two tildes strike, one means "about"'],
  ['||a||', 'p(spoiler(a))', 'hidden until it is asked for'],
  ['||a **b|| c**', 'p(spoiler(a **b) c**)', 'hiding goes before other marks'],
  [
    'これは**「重要」**です',
    'p(これは**「重要」**です)'.replace('**「重要」**', 'strong(「重要」)'),
    'words without spaces',
  ],
  ['#', 'p(#)', 'a heading has words'],
  ['• a\n• b', 'ul(li(text(a)) li(text(b)))', 'the bullet that screen keyboards write'],
];

describe('the same structure', () => {
  it.each(SAME)('%j', (text) => expect(ours(text)).toBe(theirs(text)));
});

describe('another structure on purpose', () => {
  it.each(DIFFERENT)('%j', (text, outline) => {
    expect(ours(text)).toBe(outline);
    expect(theirs(text)).not.toBe(outline);
  });
});
