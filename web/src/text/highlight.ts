// Colours code: a tree of named pieces, made by grammars. Loaded when a block of code names a language.

import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import css from 'highlight.js/lib/languages/css';
import dart from 'highlight.js/lib/languages/dart';
import diff from 'highlight.js/lib/languages/diff';
import dockerfile from 'highlight.js/lib/languages/dockerfile';
import elixir from 'highlight.js/lib/languages/elixir';
import go from 'highlight.js/lib/languages/go';
import graphql from 'highlight.js/lib/languages/graphql';
import haskell from 'highlight.js/lib/languages/haskell';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import kotlin from 'highlight.js/lib/languages/kotlin';
import lua from 'highlight.js/lib/languages/lua';
import makefile from 'highlight.js/lib/languages/makefile';
import markdown from 'highlight.js/lib/languages/markdown';
import nginx from 'highlight.js/lib/languages/nginx';
import perl from 'highlight.js/lib/languages/perl';
import php from 'highlight.js/lib/languages/php';
import powershell from 'highlight.js/lib/languages/powershell';
import python from 'highlight.js/lib/languages/python';
import r from 'highlight.js/lib/languages/r';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import scala from 'highlight.js/lib/languages/scala';
import sql from 'highlight.js/lib/languages/sql';
import swift from 'highlight.js/lib/languages/swift';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import type { LanguageFn } from 'highlight.js';
import { createLowlight } from 'lowlight';

/** A piece of code and what it is, if that is known. */
export interface Piece {
  text: string;
  colour: Colour | null;
}

/** What pieces of code are coloured by. */
export type Colour = 'word' | 'string' | 'number' | 'name' | 'type' | 'note' | 'added' | 'removed';

const GRAMMARS: Record<string, LanguageFn> = {
  bash,
  c,
  cpp,
  csharp,
  css,
  dart,
  diff,
  dockerfile,
  elixir,
  go,
  graphql,
  haskell,
  ini,
  java,
  javascript,
  json,
  kotlin,
  lua,
  makefile,
  markdown,
  nginx,
  perl,
  php,
  powershell,
  python,
  r,
  ruby,
  rust,
  scala,
  sql,
  swift,
  typescript,
  xml,
  yaml,
};

/** Languages that contain others. */
const WITHIN: Record<string, string> = {
  dart: 'markdown',
  dockerfile: 'bash',
  javascript: 'css graphql xml',
  markdown: 'xml',
  typescript: 'css graphql xml',
  xml: 'css javascript',
  yaml: 'ruby',
};

const lowlight = createLowlight();

// What grammars call things, and what that is here; what is not in the list keeps the colour around it.
const COLOURS: Record<Colour, string> = {
  word: 'keyword doctag template-tag template-variable literal selector-tag meta-keyword bullet',
  string: 'string regexp char link code quote',
  number: 'number symbol variable attr attribute selector-class selector-id selector-attr selector-pseudo',
  name: 'title section name function property',
  type: 'type class built_in builtin-name tag meta operator-type params-type',
  note: 'comment',
  added: 'addition',
  removed: 'deletion',
};

const COLOUR_OF = new Map<string, Colour>(
  Object.entries(COLOURS).flatMap(([colour, names]) =>
    names.split(' ').map((name) => [`hljs-${name}`, colour as Colour] as const),
  ),
);

/** The pieces of a code, in order. */
export function coloured(language: string, code: string): Piece[] {
  const pieces: Piece[] = [];
  prepare(language);
  for (const node of lowlight.highlight(language, code).children) flatten(node, null, pieces);
  return pieces;
}

/** Grammars are made when they are needed: all of them would take a phone a tenth of a second. */
function prepare(language: string): void {
  const grammar = GRAMMARS[language];
  if (!grammar || lowlight.registered(language)) return;
  lowlight.register(language, grammar);
  for (const other of WITHIN[language]?.split(' ') ?? []) prepare(other);
}

type Node = ReturnType<typeof lowlight.highlight>['children'][number];

function flatten(node: Node, around: Colour | null, pieces: Piece[]): void {
  if (node.type === 'text') {
    const last = pieces.at(-1);
    if (last?.colour === around) last.text += node.value;
    else pieces.push({ text: node.value, colour: around });
  } else if (node.type === 'element') {
    const names = node.properties.className as string[];
    const colour = names.map((name) => COLOUR_OF.get(name)).find((found) => found !== undefined) ?? around;
    for (const child of node.children) flatten(child, colour, pieces);
  }
}
