import { trimSpace, trimSpaceStart } from "../go-text.ts";
import { type Directive, findDirective, lineRange } from "./directives.ts";
import { SourceLines } from "./source-lines.ts";

/** Finds the frontend that a file asks for: `# syntax=`, `// syntax=`, or a JSON object with the key `syntax`; a first line
 * `#!…` is passed over. The value is the whole of what is asked for, of which the first word names an image. */
export function detectSyntax(text: string): Directive | undefined {
  return findDirective(text, "syntax") ?? findDirective(text, "syntax", "//") ?? syntaxOfJson(text);
}

/** Only files in another language are JSON. */
function syntaxOfJson(text: string): Directive | undefined {
  const lines = new SourceLines(text);
  const shebang = text.replace(/^\ufeff/, "").startsWith("#!") ? lines.next() : undefined;
  const body = text.replace(/^\ufeff/, "").slice(shebang?.raw.length ?? 0);
  if (!trimSpaceStart(body).startsWith("{")) return undefined;
  const value = parseObject(body)?.["syntax"];
  if (typeof value !== "string" || trimSpace(value) === "") return undefined;
  const first = lines.next();
  return { value, range: lineRange(first?.text ?? "", first?.number ?? 1) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
