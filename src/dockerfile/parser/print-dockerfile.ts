import { withoutContinuation } from "./continuation.ts";
import type { Directives, EscapeToken } from "./directives.ts";
import { maxLineBytes } from "./source-lines.ts";
import type { SyntaxNode, SyntaxTree } from "./syntax-tree.ts";

/** Writes a Dockerfile that parses to the same tree, ranges aside: directives, then each instruction on one line below its
 * comments. Plain comments elsewhere and the way lines were continued are not kept. */
export function printDockerfile(tree: Pick<SyntaxTree, "directives" | "nodes">): string {
  const nodes = tree.nodes.map((node) => printNode(node, tree.directives.escape));
  return [...printDirectives(tree.directives), "", ...nodes].join("\n");
}

function* printDirectives({ syntax, escape, check }: Directives): Generator<string> {
  if (syntax) yield `# syntax=${syntax.value}`;
  if (escape !== "\\") yield `# escape=${escape}`;
  if (check) yield `# check=${check.value}`;
}

function printNode(node: SyntaxNode, escape: EscapeToken): string {
  // An empty comment keeps comments of a file's end or middle from joining the block.
  const comments = ["#", ...node.prevComment.map((comment) => `# ${comment}`)];
  const heredocs = node.heredocs.map(({ body, name }) => `${body}${name}\n`);
  return `${comments.join("\n")}\n${wrap(node.line, escape)}\n${heredocs.join("")}`;
}

/** Breaks a line that is too long to be read back. A line that is empty or ends like one to be continued was continued at the
 * end of the file, and is again. */
function wrap(line: string, escape: EscapeToken): string {
  const maxLength = Math.floor((maxLineBytes - 2) / 3);
  let wrapped = "";
  let rest = line;
  while (Buffer.byteLength(rest) > maxLineBytes) {
    const end = breakPoint(rest, maxLength, escape);
    wrapped += `${rest.slice(0, end)}${escape}\n`;
    rest = rest.slice(end);
  }
  const isContinued = rest === "" || withoutContinuation(rest, escape) !== undefined;
  return wrapped + rest + (isContinued ? `${escape}\n` : "");
}

/** The last place up to `maxLength` where a continuation changes nothing: not behind an escape character or white space, not
 * before white space or what would look like a comment. */
function breakPoint(line: string, maxLength: number, escape: EscapeToken): number {
  for (let end = maxLength; end > 0; end--) {
    const [before, after] = [line[end - 1]!, line[end]!];
    if (before !== escape && /[\x21-\x7e]/.test(before) && /[\x21\x22\x24-\x7e]/.test(after)) return end;
  }
  return line.length;
}
