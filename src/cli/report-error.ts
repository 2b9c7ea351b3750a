import { CodedError, codeFrame, printable, redactUrls } from "../errors/index.ts";
import { causeChain, isInternal } from "./exit-code.ts";
import { InterruptedError } from "./interrupt.ts";

export interface ReportOptions {
  /** Adds the classes, codes and stacks of the whole cause chain. */
  readonly debug: boolean;
  /** What to do next, where the error does not say. */
  readonly hint?: string | undefined;
}

/** An error as text for people: the lines of the file that it is about, one message, what to do next. */
export function errorText(error: unknown, { debug, hint: otherwise }: ReportOptions): string {
  const chain = causeChain(error);
  if (error instanceof InterruptedError) return "Interrupted\n";
  const coded = chain.filter((link) => link instanceof CodedError);
  const location = coded.findLast((link) => link.location)?.location;
  const hint = coded.find((link) => link.hint)?.hint ?? otherwise;
  const parts = [
    ...(location ? [codeFrame(location)] : []),
    `ERROR: ${clean(message(error, chain))}`,
    ...(hint ? [`hint: ${clean(hint)}`] : []),
    ...(isInternal(error) && !debug ? ["This is a bug in Slipway; --debug shows where it happened"] : []),
    ...(debug ? chain.map(debugText) : []),
  ];
  return `${parts.join("\n")}\n`;
}

/** The messages of the chain, each one that the text so far does not already say. */
function message(error: unknown, chain: readonly Error[]): string {
  let text = chain.length === 0 ? `Internal error: ${String(error)}` : "";
  for (const link of chain) {
    const next = systemMessage(link);
    if (mentions(text, next, link)) continue;
    // Only Node's words are made a sentence: BuildKit's are left as they are.
    text += text === "" ? (next === link.message ? next : next.replace("cannot", "Cannot")) : `: ${next}`;
  }
  return text;
}

function mentions(text: string, next: string, link: Error): boolean {
  const reason = systemError.exec(link.message)?.[1];
  if (text !== "" && networkCall.test(link.message)) return true;
  return [next, link.message, reason].some((said) => said !== undefined && text.includes(said));
}

/** What Node says of a connection, for which whoever made it has had words already. */
const networkCall = /^(?:connect|getaddrinfo|read|write) E[A-Z_]+\b/;

const systemError = /^E[A-Z0-9]+: ([^,]+), (\w+)(?: '(.*)')?$/s;

/** Node's `ENOENT: no such file or directory, open '/x'` as `cannot open "/x": no such file or directory`. */
function systemMessage(error: Error): string {
  const match = systemError.exec(error.message);
  if (!match) return error.message;
  const [, reason, call, file] = match;
  return file === undefined ? `cannot ${call}: ${reason}` : `cannot ${call} "${file}": ${reason}`;
}

function clean(text: string): string {
  return printable(redactUrls(text));
}

function debugText(link: Error): string {
  const code = "code" in link ? ` [${String(link.code)}]` : "";
  return clean(`${link.name}${code}: ${link.stack ?? link.message}`);
}
