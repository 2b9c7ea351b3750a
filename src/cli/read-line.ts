import { Writable } from "node:stream";
import type { CliIo } from "./cli-io.ts";
import { InterruptedError } from "./interrupt.ts";

/** Asks the terminal for one line.
 * @param options.isHidden what is typed is not shown
 * @throws {InterruptedError} on Ctrl-C */
export async function readLine(
  prompt: string,
  { stdin, stderr }: Pick<CliIo, "stdin" | "stderr">,
  { isHidden = false }: { readonly isHidden?: boolean } = {},
): Promise<string> {
  const { createInterface } = await import("node:readline");
  stderr.write(prompt);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface(
    // With the terminal in raw mode nothing is echoed but by readline, which writes nowhere.
    isHidden ? { input: stdin, output: nowhere, terminal: true } : { input: stdin },
  );
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("SIGINT", () => reject(new InterruptedError("SIGINT")));
      lines.once("close", () => resolve(""));
    });
  } finally {
    lines.close();
    if (isHidden) stderr.write("\n");
  }
}
