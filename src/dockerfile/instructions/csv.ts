import type { DockerfileError } from "../dockerfile-error.ts";
import { instructionError } from "./instruction-error.ts";

/** The fields of one CSV record, as Go's encoding/csv reads it: a field may be quoted, `""` is a quote inside.
 * @throws {DockerfileError} `DOCKERFILE_INSTRUCTION` */
export function parseCsvRecord(text: string): readonly string[] {
  if (text === "") throw instructionError("failed to parse csv mounts: EOF");
  const fields: string[] = [];
  for (let position = 0; position <= text.length; ) {
    const field = text[position] === '"' ? quotedField(text, position) : plainField(text, position);
    fields.push(field.text);
    position = field.end + 1;
  }
  return fields;
}

function plainField(text: string, start: number): { text: string; end: number } {
  const comma = text.indexOf(",", start);
  const end = comma < 0 ? text.length : comma;
  const quote = text.slice(start, end).indexOf('"');
  if (quote >= 0) throw problem(start + quote + 1, 'bare " in non-quoted-field');
  return { text: text.slice(start, end), end };
}

function quotedField(text: string, start: number): { text: string; end: number } {
  let field = "";
  for (let position = start + 1; position < text.length; position++) {
    if (text[position] !== '"') {
      field += text[position]!;
      continue;
    }
    const next = text[position + 1];
    if (next === undefined || next === ",") return { text: field, end: position + 1 };
    if (next !== '"') throw problem(position + 1, 'extraneous or missing " in quoted-field');
    field += '"';
    position++;
  }
  throw problem(text.length, 'extraneous or missing " in quoted-field');
}

function problem(column: number, what: string): DockerfileError {
  return instructionError(`failed to parse csv mounts: parse error on line 1, column ${column}: ${what}`);
}
