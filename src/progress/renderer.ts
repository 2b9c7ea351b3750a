import type { BuildEvent } from "./build-event.ts";

/** Shows a build while it runs. The only kind of code that prints for it. */
export interface Renderer {
  handle(event: BuildEvent): void;
  /** Writes what is pending and gives the terminal back. Idempotent; nothing may be handled afterwards. */
  close(): void;
}

/** The part of a stream that a renderer needs; `columns` and `rows` are those of a terminal. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  on?(event: "resize", listener: () => void): unknown;
  off?(event: "resize", listener: () => void): unknown;
}

export interface RendererOptions {
  readonly stream: ProgressStream;
  /** May colours be used? */
  readonly colours: boolean;
  /** What is done, at the head of a terminal's lines; default `Building`. */
  readonly title?: string;
}
