import { heredocContent, tryParseHeredocWord } from "../parser/heredoc.ts";
import type { SyntaxNode } from "../parser/syntax-tree.ts";
import { type FlagValues, parseFlags } from "./flags.ts";
import type {
  AddInstruction,
  CopyInstruction,
  CopySources,
  InlineFile,
  InstructionBase,
} from "./instruction.ts";
import { instructionError } from "./instruction-error.ts";

const commonFlags = { chown: "string", chmod: "string", link: "boolean", exclude: "strings" } as const;

export function parseCopy(base: InstructionBase, node: SyntaxNode): CopyInstruction {
  requireDestination("COPY", node);
  const flags = parseFlags(base.flags, { ...commonFlags, from: "string", parents: "boolean" });
  const { from, parents = false } = flags;
  return {
    ...base,
    kind: "copy",
    ...copySources("COPY", node, flags),
    ...(from !== undefined && { from }),
    parents,
  };
}

export function parseAdd(base: InstructionBase, node: SyntaxNode): AddInstruction {
  requireDestination("ADD", node);
  const flags = parseFlags(base.flags, {
    ...commonFlags,
    "keep-git-dir": "boolean",
    checksum: "string",
    unpack: "boolean",
  });
  const { "keep-git-dir": keepGitDir, checksum, unpack } = flags;
  return {
    ...base,
    kind: "add",
    ...copySources("ADD", node, flags),
    ...(keepGitDir !== undefined && { keepGitDir }),
    ...(checksum !== undefined && { checksum }),
    ...(unpack !== undefined && { unpack }),
  };
}

function requireDestination(name: string, node: SyntaxNode): void {
  if (node.words.length >= 2) return;
  const reason = "but only one was provided. Destination could not be determined";
  throw instructionError(`${name} requires at least two arguments, ${reason}`);
}

function copySources(name: string, node: SyntaxNode, flags: FlagValues<typeof commonFlags>): CopySources {
  const words = node.words.map((word) => word.text);
  const dest = words.at(-1)!;
  if (tryParseHeredocWord(dest)) throw instructionError(`${name} cannot accept a heredoc as a destination`);
  const bodies = new Map(node.heredocs.map((heredoc) => [heredoc.name, heredoc.body]));
  const sources: string[] = [];
  const files: InlineFile[] = [];
  for (const word of words.slice(0, -1)) {
    const heredoc = tryParseHeredocWord(word);
    if (!heredoc) {
      sources.push(word);
      continue;
    }
    const body = bodies.get(heredoc.name) ?? "";
    files.push({
      name: heredoc.name,
      content: heredocContent({ body, chomp: heredoc.chomp }),
      expand: heredoc.expand,
    });
  }
  const { chown, chmod, link = false, exclude: excludes = [] } = flags;
  return {
    sources,
    files,
    dest,
    ...(chown !== undefined && { chown }),
    ...(chmod !== undefined && { chmod }),
    link,
    excludes,
  };
}
