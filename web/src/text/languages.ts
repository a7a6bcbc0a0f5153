// The languages whose code is coloured, by the names that people write after a fence.

const NAMES: Record<string, string> = {
  bash: 'Shell, sh, zsh, shell, console',
  c: 'C, h',
  cpp: 'C++, c++, cc, hpp, cxx',
  csharp: 'C#, cs, c#',
  css: 'CSS',
  dart: 'Dart',
  diff: 'Diff, patch',
  dockerfile: 'Dockerfile, docker',
  elixir: 'Elixir, ex, exs',
  go: 'Go, golang',
  graphql: 'GraphQL, gql',
  haskell: 'Haskell, hs',
  ini: 'TOML, toml, ini, conf, cfg',
  java: 'Java',
  javascript: 'JavaScript, js, jsx, mjs, cjs',
  json: 'JSON, json5, jsonc',
  kotlin: 'Kotlin, kt, kts',
  lua: 'Lua',
  makefile: 'Makefile, make, mk',
  markdown: 'Markdown, md',
  nginx: 'nginx',
  perl: 'Perl, pl',
  php: 'PHP',
  powershell: 'PowerShell, ps1, pwsh',
  python: 'Python, py',
  r: 'R',
  ruby: 'Ruby, rb',
  rust: 'Rust, rs',
  scala: 'Scala',
  sql: 'SQL, psql, sqlite, mysql, postgres',
  swift: 'Swift',
  typescript: 'TypeScript, ts, tsx',
  xml: 'HTML, html, svg, xhtml, vue, svelte',
  yaml: 'YAML, yml',
};

/** A language as it is highlighted and as it is shown. */
export interface Language {
  id: string;
  label: string;
}

const KNOWN = new Map<string, Language>();
for (const [id, names] of Object.entries(NAMES)) {
  const [label, ...others] = names.split(', ');
  for (const name of [id, ...others]) KNOWN.set(name, { id, label: label! });
}

/** The language of this name, if it is coloured. */
export function languageCalled(name: string): Language | null {
  return KNOWN.get(name.toLowerCase()) ?? null;
}

/** All ids, for checking that each has a grammar. */
export const languageIds = Object.keys(NAMES);
