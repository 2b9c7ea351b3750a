import type { Diagnostic, SourceRange } from "../../errors/index.ts";
import { DockerfileError } from "../dockerfile-error.ts";
import { trimSpace, trimSpaceStart } from "../go-text.ts";
import { withoutContinuation } from "./continuation.ts";
import { DirectiveReader, type EscapeToken, findDirective, lineRange } from "./directives.ts";
import { heredocsOfLine, type HeredocWord } from "./heredoc.ts";
import { LogicalLine } from "./logical-line.ts";
import { parseArguments } from "./parse-arguments.ts";
import { maxLineBytes, type SourceLine, SourceLines } from "./source-lines.ts";
import { type Span, splitCommand } from "./split-command.ts";
import type { Heredoc, SyntaxNode, SyntaxTree, Word } from "./syntax-tree.ts";

/** Splits a Dockerfile into instructions and their words.
 * @throws {DockerfileError} `DOCKERFILE_PARSE` with the lines at fault */
export function parseSyntax(text: string, file: string): SyntaxTree {
  return new SyntaxParser(text, file).parse();
}

class SyntaxParser {
  readonly #text: string;
  readonly #file: string;
  readonly #lines: SourceLines;
  readonly #directives = new DirectiveReader();
  readonly #nodes: SyntaxNode[] = [];
  readonly #warnings: Diagnostic[] = [];
  #escape: EscapeToken = "\\";
  #comments: string[] = [];

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    this.#lines = new SourceLines(text);
  }

  parse(): SyntaxTree {
    if (this.#text === "") throw this.#error("the Dockerfile cannot be empty", lineRange("", 1));
    for (let line = this.#lines.next(); line; line = this.#lines.next()) this.#parseFrom(line);
    const { tooLong } = this.#lines;
    if (tooLong !== undefined) {
      const message = `dockerfile line greater than max allowed size of ${maxLineBytes}`;
      throw this.#error(message, lineRange("", tooLong));
    }
    if (this.#nodes.length === 0)
      throw this.#error("file with no instructions", lineRange("", Math.max(1, this.#lines.number)));
    const syntax = findDirective(this.#text, "syntax");
    const check = findDirective(this.#text, "check");
    const directives = { escape: this.#escape, ...(syntax && { syntax }), ...(check && { check }) };
    return {
      text: this.#text,
      file: this.#file,
      directives,
      nodes: this.#nodes,
      warnings: this.#warnings,
    };
  }

  /** Takes a comment, a directive, an empty line, or an instruction with all its lines. */
  #parseFrom(line: SourceLine): void {
    const isDirective = this.#readDirective(line);
    if (isComment(line.text)) {
      if (!isDirective) this.#addComment(line.text);
      return;
    }
    const content = trimSpaceStart(line.text);
    if (content === "") return;
    const { logical, last } = this.#joinContinuations(line, content);
    const range = { ...lineRange(last.text, last.number), startLine: line.number };
    this.#nodes.push(this.#parseInstruction(logical, range));
    this.#comments = [];
  }

  #readDirective(line: SourceLine): boolean {
    const directive = this.#directives.read(line.text);
    if (!directive) return false;
    const range = lineRange(line.text, line.number);
    if (directive.isRepeated)
      throw this.#error(`only one ${directive.name} parser directive can be used`, range);
    if (directive.name === "escape") {
      if (directive.value !== "\\" && directive.value !== "`")
        throw this.#error(`invalid escape token '${directive.value}' does not match \` or \\`, range);
      this.#escape = directive.value;
    }
    return true;
  }

  #addComment(text: string): void {
    const comment = trimSpace(trimSpaceStart(text).slice(1));
    if (comment === "") this.#comments = [];
    else this.#comments.push(comment);
  }

  #joinContinuations(first: SourceLine, content: string): { logical: LogicalLine; last: SourceLine } {
    const logical = new LogicalLine();
    const indent = first.text.length - content.length;
    const joined = withoutContinuation(content, this.#escape);
    logical.append(joined ?? content, first.number, indent + 1);
    let last = first;
    let isOpen = joined !== undefined;
    let hasEmptyLine = false;
    while (isOpen) {
      const line = this.#lines.next();
      if (!line) break;
      last = line;
      if (isComment(line.text)) continue;
      if (trimSpaceStart(line.text) === "") {
        hasEmptyLine = true;
        continue;
      }
      const more = withoutContinuation(line.text, this.#escape);
      logical.append(more ?? line.text, line.number, 1);
      isOpen = more !== undefined;
    }
    if (hasEmptyLine) this.#warnings.push(this.#emptyContinuation(last));
    return { logical, last };
  }

  #parseInstruction(logical: LogicalLine, range: SourceRange): SyntaxNode {
    try {
      const node = this.#parseNode(logical, 0, range);
      const words = canHoldHeredocs(node.trigger ?? node) ? heredocsOfLine(logical.text) : [];
      const heredocs = words.map((word) => this.#readHeredoc(word, range));
      const end = heredocs.at(-1)?.range ?? range;
      const whole = { ...node.range, endLine: end.endLine, endColumn: end.endColumn };
      return { ...node, heredocs, range: whole };
    } catch (error) {
      if (error instanceof DockerfileError) error.location ??= this.#location(range);
      throw error;
    }
  }

  #parseNode(logical: LogicalLine, start: number, range: SourceRange): SyntaxNode {
    const { keyword, flags, rest } = splitCommand(logical.text, start, this.#escape);
    const toWord = (span: Span): Word => ({ text: span.text, range: logical.range(span.start, span.end) });
    const name = keyword.text.toLowerCase();
    const hasTrigger = name === "onbuild" && start === 0 && rest.text !== "";
    const { form, words } = parseArguments(name, rest, this.#escape);
    const { startLine, startColumn } = logical.range(keyword.start, keyword.end);
    return {
      keyword: keyword.text,
      line: logical.text.slice(keyword.start),
      range: { ...range, startLine: start === 0 ? range.startLine : startLine, startColumn },
      flags: flags.map(toWord),
      form,
      words: words.map(toWord),
      heredocs: [],
      prevComment: start === 0 ? this.#comments : [],
      ...(hasTrigger && { trigger: this.#parseNode(logical, rest.start, range) }),
    };
  }

  #readHeredoc({ name, expand, chomp }: HeredocWord, instruction: SourceRange): Heredoc {
    const startLine = this.#lines.number + 1;
    let body = "";
    for (let line = this.#lines.next(); line; line = this.#lines.next()) {
      const delimiter = chomp ? line.text.replace(/^\t+/, "") : line.text;
      if (delimiter === name) {
        const range = { ...lineRange(line.text, line.number), startLine };
        return { name, body, expand, chomp, range };
      }
      body += line.raw;
    }
    const endLine = Math.max(instruction.endLine, this.#lines.number);
    throw this.#error("unterminated heredoc", { ...instruction, endLine });
  }

  #emptyContinuation(last: SourceLine): Diagnostic {
    return {
      severity: "warning",
      rule: "NoEmptyContinuation",
      message: "Empty continuation line",
      url: "https://docs.docker.com/go/dockerfile/rule/no-empty-continuation/",
      location: this.#location(lineRange(last.text, last.number)),
    };
  }

  #error(message: string, range: SourceRange): DockerfileError {
    return new DockerfileError("DOCKERFILE_PARSE", message, { location: this.#location(range) });
  }

  #location(range: SourceRange) {
    return { file: this.#file, range, text: this.#text };
  }
}

function isComment(text: string): boolean {
  return trimSpaceStart(text).startsWith("#");
}

function canHoldHeredocs(node: SyntaxNode): boolean {
  return /^(?:add|copy|run)$/i.test(node.keyword) && node.form !== "json";
}
