import type { Answer } from "../../build/index.ts";
import { type CheckResult, inFileOrder } from "../../dockerfile/index.ts";
import { codeFrame, type Diagnostic, printable } from "../../errors/index.ts";
import { callJson, locationJson, sourceJson } from "./call-json.ts";

/** Warnings as docker's clients print them: in file order, each with its lines.
 * @param fileName the Dockerfile as the user named it */
export function checkText({ warnings, error }: CheckResult, fileName: string): string {
  if (warnings.length === 0) return error ? "" : "Check complete, no warnings found.\n";
  const head =
    warnings.length === 1 ? "1 warning has been found!" : `${warnings.length} warnings have been found!`;
  const blocks = inFileOrder(warnings)
    .slice(0, maxShown)
    .map((warning) => `\n${warningText(warning, fileName)}\n`);
  const rest = warnings.length - blocks.length;
  const more = rest > 0 ? `\n... ${rest} more warnings\n` : "";
  return `Check complete, ${head}\n${blocks.join("")}${more}${error ? "\n" : ""}`;
}

/** Nobody reads more; a file of an attacker can have a hundred times as many. */
const maxShown = 500;

function warningText({ rule, url, message, location }: Diagnostic, file: string): string {
  const page = url === undefined ? "" : ` - ${url}`;
  return [`WARNING: ${rule}${page}`, printable(message), codeFrame({ ...location, file })].join("\n");
}

/** What Slipway has to say beside docker's checks; nothing when there is nothing. */
export function remarksText({ remarks }: CheckResult): string {
  if (remarks.length === 0) return "";
  const head = remarks.length === 1 ? "1 remark" : `${remarks.length} remarks`;
  const lines = remarks.map(({ rule, message, location }) =>
    printable(` - ${rule}: ${message} (line ${location.range.startLine})`),
  );
  return `${head} of slipway beside these checks, explained in docs/rules:\n${lines.join("\n")}\n`;
}

/** The result as docker's clients print it as JSON. */
export function checkJson({ warnings, error, dockerfile }: Answer<CheckResult>): string {
  return callJson({
    // Go has no empty list here.
    warnings: warnings.length === 0 ? null : warnings.map(warningJson),
    sources: [sourceJson(dockerfile)],
    ...(error && {
      buildError: {
        message: error.message,
        location: error.location ? locationJson(error.location.range) : {},
      },
    }),
  });
}

function warningJson({ rule, hint, url, message, location }: Diagnostic): object {
  return {
    ruleName: rule,
    description: hint,
    url,
    detail: message,
    location: locationJson(location.range),
  };
}
