// What a message's text is made of: blocks, and in them parts of lines. Drawn as DOM nodes, never as HTML text.

/** How a time is written, by the letters that other chats use. */
export type TimeStyle = 't' | 'T' | 'd' | 'D' | 'f' | 'F' | 'R';

/** What lies around other parts. */
export type Around = 'strong' | 'emphasis' | 'strike' | 'spoiler';

/** A part of a line; a line break is `\n` in a text. */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: Around; parts: Inline[] }
  | { kind: 'link'; href: string; title: string; parts: Inline[] }
  | { kind: 'picture'; src: string; title: string; alt: string }
  | { kind: 'mention'; name: string }
  | { kind: 'room'; name: string }
  | { kind: 'emoji'; name: string }
  | { kind: 'time'; seconds: number; style: TimeStyle };

export type Align = 'start' | 'center' | 'end' | null;

/** A point of a list; `done` is null where there is nothing to tick off. */
export interface Item {
  done: boolean | null;
  blocks: Block[];
}

/** Lines that belong together. */
export type Block =
  | { kind: 'paragraph'; parts: Inline[] }
  | { kind: 'heading'; level: number; parts: Inline[] }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'list'; start: number | null; loose: boolean; items: Item[] }
  | { kind: 'table'; aligns: Align[]; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'rule' };

/** How deep quotes and lists, and marks within a line, may stand in each other; deeper ones are shown as written. */
export const DEPTH_MAX = 10;
