import type { DockerfileText } from "../../build/index.ts";
import type { SourceRange } from "../../errors/index.ts";

export function callJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** A place as BuildKit has it: a range for each line, without columns. */
export function locationJson({ startLine, endLine }: SourceRange): object {
  const lines = Array.from({ length: endLine - startLine + 1 }, (_, index) => startLine + index);
  return { ranges: lines.map((line) => ({ start: { line }, end: { line } })) };
}

/** A file that places are in. */
export function sourceJson({ name, text }: DockerfileText): object {
  return { filename: name, data: base64(text), language: "Dockerfile" };
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
