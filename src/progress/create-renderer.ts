import { createPlainRenderer } from "./plain.ts";
import { createQuietRenderer } from "./quiet.ts";
import { createRawJsonRenderer } from "./rawjson.ts";
import type { Renderer, RendererOptions } from "./renderer.ts";

export const progressModes = ["auto", "tty", "plain", "rawjson", "quiet"] as const;
export type ProgressMode = (typeof progressModes)[number];

/** Creates the renderer of a mode; `auto` is `tty` on a terminal that can move its cursor and `plain` elsewhere.
 * The terminal's code is loaded only when it is used. */
export async function createRenderer(
  mode: ProgressMode,
  options: RendererOptions & { readonly env: NodeJS.ProcessEnv },
): Promise<Renderer> {
  const chosen = mode === "auto" ? automaticMode(options) : mode;
  switch (chosen) {
    case "tty": {
      const { createTtyRenderer } = await import("./tty.ts");
      return createTtyRenderer(options);
    }
    case "plain":
      return createPlainRenderer(options);
    case "rawjson":
      return createRawJsonRenderer(options);
    case "quiet":
      return createQuietRenderer(options);
    default:
      return chosen satisfies never;
  }
}

function automaticMode({
  stream,
  env,
}: RendererOptions & { readonly env: NodeJS.ProcessEnv }): "tty" | "plain" {
  return stream.isTTY && env["TERM"] !== "dumb" ? "tty" : "plain";
}

/** May `stream` get colours? NO_COLOR forbids, FORCE_COLOR allows, else a terminal gets them. */
export function wantsColours(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"] !== undefined) return env["FORCE_COLOR"] !== "0";
  return stream.isTTY === true && env["TERM"] !== "dumb";
}
