/** Does the whole of a text match? */
export type Match = (text: string) => boolean;

/** Compiles the regular expression of a wildcard pattern: characters and classes, perhaps with `*` or `{2,3}`, `\b` and its kin, and
 * `anyDirectories`. JavaScript's own engine tries every way to share a text out among several stars (`*a*a*a*b` takes hours), so
 * it gets only what it does in a time that grows with the text; the rest is matched by following all ways at once.
 * @throws {SyntaxError} */
export function compileLinear(source: string): Match {
  const regExp = new RegExp(`^(?:${source})$`, "u");
  const nodes = parseNodes(source);
  return isQuick(nodes) ? (text) => regExp.test(text) : (text) => matchNodes(nodes, text);
}

/** Any number of whole path components. */
export const anyDirectories = "(?:[^\\n]*/)?";

type Test = (char: string) => boolean;

type Node =
  | { readonly kind: "character"; readonly test: Test; readonly isSlash: boolean }
  | { readonly kind: "star"; readonly test: Test }
  /** Goes on with the next node, or with the one `skip` further. */
  | { readonly kind: "fork"; readonly skip: number }
  | { readonly kind: "assertion"; readonly holds: (before: string, after: string) => boolean };

const atom = /\(\?:\[\^\\n\]\*\/\)\?|\[\^?(?:\\.|[^\]\\])*\]|\\x[0-9a-f]{2}|\\.|./suy;

function parseNodes(source: string): readonly Node[] {
  const nodes: Node[] = [];
  atom.lastIndex = 0;
  for (let text = atom.exec(source)?.[0]; text !== undefined; text = atom.exec(source)?.[0]) {
    if (text === anyDirectories) {
      nodes.push({ kind: "fork", skip: 3 }, { kind: "star", test: (char) => char !== "\n" }, slash);
    } else if (source[atom.lastIndex] === "*") {
      atom.lastIndex++;
      nodes.push({ kind: "star", test: characterTest(text) });
    } else nodes.push(...repeated(assertion(text) ?? character(text), source));
  }
  return nodes;
}

const counts = /\{(\d+)(,(\d*))?\}/y;

/** A node as often as the count behind it says. */
function repeated(node: Node, source: string): readonly Node[] {
  counts.lastIndex = atom.lastIndex;
  const [whole = "", least = 1, comma, most] = counts.exec(source) ?? [];
  atom.lastIndex += whole.length;
  const nodes = Array.from({ length: Number(least) }, () => node);
  if (comma === undefined) return nodes;
  if (!most) return node.kind === "character" ? [...nodes, { kind: "star", test: node.test }] : nodes;
  for (let count = Number(least); count < Number(most); count++) nodes.push({ kind: "fork", skip: 2 }, node);
  return nodes;
}

function character(text: string): Node {
  return text === "\\/" || text === "/"
    ? slash
    : { kind: "character", test: characterTest(text), isSlash: false };
}

const slash: Node = { kind: "character", test: (char) => char === "/", isSlash: true };

function characterTest(text: string): Test {
  if (text === "[^/]") return (char) => char !== "/";
  const literal = /^\\[^A-Za-z0-9]$/u.test(text) ? text.slice(1) : text;
  if (escapeRegExp(literal) === text) return (char) => char === literal;
  let regExp: RegExp | undefined; // most patterns never need it
  return (char) => (regExp ??= new RegExp(`^${text}$`, "u")).test(char);
}

function assertion(text: string): Node | undefined {
  switch (text) {
    case "^":
      return { kind: "assertion", holds: (before) => before === "" };
    case "$":
      return { kind: "assertion", holds: (_, after) => after === "" };
    case "\\b":
      return { kind: "assertion", holds: (before, after) => isWord(before) !== isWord(after) };
    case "\\B":
      return { kind: "assertion", holds: (before, after) => isWord(before) === isWord(after) };
    default:
      return undefined;
  }
}

function isWord(char: string): boolean {
  return /^\w$/.test(char);
}

/** At most one star in a component, and one fork. */
function isQuick(nodes: readonly Node[]): boolean {
  let [forks, stars] = [0, 0];
  for (const [index, node] of nodes.entries()) {
    if (node.kind === "fork") forks++;
    else if (node.kind === "star" && nodes[index - 1]?.kind !== "fork") stars++;
    else if (node.kind === "character" && node.isSlash) stars = 0;
    if (forks > 1 || stars > 1) return false;
  }
  return true;
}

/** Keeps the set of nodes that can come next, character by character; from a node the way only leads to later ones. */
function matchNodes(nodes: readonly Node[], text: string): boolean {
  const chars = Array.from(text);
  let active = new Uint8Array(nodes.length + 3);
  let next = new Uint8Array(nodes.length + 3);
  active[0] = 1;
  for (let at = 0; at <= chars.length; at++) {
    const char = chars[at];
    next.fill(0);
    for (const [index, node] of nodes.entries()) {
      if (active[index] === 0) continue;
      if (node.kind === "fork") active[index + 1] = active[index + node.skip] = 1;
      else if (node.kind === "assertion") {
        if (node.holds(chars[at - 1] ?? "", char ?? "")) active[index + 1] = 1;
      } else {
        const isMatched = char !== undefined && node.test(char);
        if (node.kind === "star") active[index + 1] = 1;
        if (isMatched) next[node.kind === "star" ? index : index + 1] = 1;
      }
    }
    if (at < chars.length) [active, next] = [next, active];
  }
  return active[nodes.length] === 1;
}

/** Escapes one character for a regular expression with the `u` flag. */
export function escapeRegExp(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char === "-" ? "\\x2d" : char;
}
