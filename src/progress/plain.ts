import { formatBytes, formatSeconds } from "../util/index.ts";
import type { BuildEvent } from "./build-event.ts";
import { BuildState, type StatusItem, type VertexState } from "./build-state.ts";
import { closingLines, logTime } from "./closing-lines.ts";
import type { LogLine } from "./log-lines.ts";
import type { Renderer, RendererOptions } from "./renderer.ts";
import { sanitizeLine } from "./terminal-text.ts";

/** How long one step keeps the output to itself while another one has something to say. BuildKit waits as long. */
const switchAfterMs = 5000;
/** How often progress of a download is told. */
const statusEveryMs = 5000;
/** In place of the time when an item was printed: its end was, and nothing more is to be said of it. */
const whenDone = Number.POSITIVE_INFINITY;

/** BuildKit's plain format: every line behind its step's number, one step at a time. */
export function createPlainRenderer({ stream, colours }: RendererOptions): Renderer {
  return new PlainRenderer({ stream, colours });
}

interface Printing {
  /** Given when the step is first printed; 0 before. */
  index: number;
  pending: string[];
  readonly printedStatusMs: Map<string, number>;
  hasReason: boolean;
}

class PlainRenderer implements Renderer {
  readonly #state = new BuildState();
  readonly #stream: RendererOptions["stream"];
  readonly #keepColours: boolean;
  readonly #printing = new Map<string, Printing>();
  #current: string | undefined;
  #currentSinceMs = 0;
  #lastIndex = 0;
  #hasPrinted = false;
  #isClosed = false;

  constructor({ stream, colours }: RendererOptions) {
    this.#stream = stream;
    this.#keepColours = colours;
  }

  handle(event: BuildEvent): void {
    if (event.kind === "vertex-log") return this.#log(event);
    if (event.kind === "vertex-completed") return this.#complete(event);
    this.#state.apply(event);
    switch (event.kind) {
      case "vertex-started":
        this.#say(event.id, this.#reasonLines(event.id), event.timeMs);
        return;
      case "vertex-status":
        this.#status(event);
        return;
      case "note":
        this.#leaveCurrent();
        this.#write(`#0 ${sanitizeLine(event.text, { keepColours: false })}`);
        return;
      case "vertex":
      case "warning":
      case "build-completed":
        return;
      default:
        event satisfies never;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const [id, { pending }] of this.#printing) if (pending.length > 0) this.#print(id, 0);
    for (const line of closingLines(this.#state, { keepColours: this.#keepColours })) this.#write(line);
  }

  #log(event: BuildEvent & { kind: "vertex-log" }): void {
    const vertex = this.#state.vertex(event.id);
    const lines = vertex.log.append(event.stream, event.text, event.timeMs);
    this.#say(event.id, this.#logLines(vertex, lines), event.timeMs);
  }

  #logLines(vertex: VertexState, lines: readonly LogLine[]): string[] {
    const start = vertex.startedMs ?? lines[0]?.timeMs ?? 0;
    const options = { keepColours: this.#keepColours };
    return lines.map((line) => `${logTime(line.timeMs - start)} ${sanitizeLine(line.text, options)}`);
  }

  #status(event: BuildEvent & { kind: "vertex-status" }): void {
    const printing = this.#printingOf(event.id);
    const lastMs = printing.printedStatusMs.get(event.item);
    if (lastMs === whenDone) return;
    if (!event.isDone && lastMs !== undefined && event.timeMs - lastMs < statusEveryMs) return;
    printing.printedStatusMs.set(event.item, event.isDone ? whenDone : event.timeMs);
    const status = this.#state.vertex(event.id).statuses.get(event.item)!;
    this.#say(event.id, [statusLine(status)], event.timeMs);
  }

  #complete(event: BuildEvent & { kind: "vertex-completed" }): void {
    const vertex = this.#state.vertex(event.id);
    // What fetched the context tells of it, and what uses it again.
    if (vertex.outcome !== undefined && event.outcome === "cached") return;
    const unended = this.#logLines(vertex, vertex.log.flush());
    this.#state.apply(event);
    this.#keep(vertex.id, [...unended, ...this.#reasonLines(vertex.id), outcomeLine(vertex)]);
    this.#print(vertex.id, event.timeMs);
    this.#current = undefined;
  }

  #reasonLines(id: string): string[] {
    const { reason } = this.#state.vertex(id);
    const printing = this.#printingOf(id);
    if (reason === undefined || printing.hasReason) return [];
    printing.hasReason = true;
    return [`why: ${sanitizeLine(reason, { keepColours: false })}`];
  }

  #keep(id: string, lines: readonly string[]): void {
    const { pending } = this.#printingOf(id);
    for (const line of lines) pending.push(line);
  }

  /** Prints the lines if the step has the output, or takes it when its holder had it long enough; else keeps them for later. */
  #say(id: string, lines: readonly string[], timeMs: number): void {
    this.#keep(id, lines);
    const mayPrint =
      this.#current === undefined ||
      this.#current === id ||
      (lines.length > 0 && timeMs - this.#currentSinceMs >= switchAfterMs);
    if (mayPrint) this.#print(id, timeMs);
  }

  #print(id: string, timeMs: number): void {
    const printing = this.#printingOf(id);
    if (this.#current !== id) this.#switchTo(id, timeMs);
    for (const line of printing.pending) this.#write(`#${printing.index} ${line}`);
    printing.pending = [];
  }

  #switchTo(id: string, timeMs: number): void {
    this.#leaveCurrent();
    const printing = this.#printingOf(id);
    printing.index ||= ++this.#lastIndex;
    const name = sanitizeLine(this.#state.vertex(id).name, { keepColours: false });
    this.#write(`#${printing.index} ${name}`);
    this.#current = id;
    this.#currentSinceMs = timeMs;
  }

  #leaveCurrent(): void {
    if (this.#current !== undefined) this.#write(`#${this.#printingOf(this.#current).index} ...`);
    if (this.#hasPrinted) this.#write("");
    this.#current = undefined;
  }

  #printingOf(id: string): Printing {
    const known = this.#printing.get(id);
    if (known) return known;
    const printing: Printing = {
      index: 0,
      pending: [],
      printedStatusMs: new Map(),
      hasReason: false,
    };
    this.#printing.set(id, printing);
    return printing;
  }

  #write(line: string): void {
    this.#hasPrinted = true;
    this.#stream.write(`${line}\n`);
  }
}

function statusLine(status: StatusItem): string {
  const { item, current, total, unit } = status;
  const show = (value: number) => (unit === "bytes" ? formatBytes(value) : String(value));
  const amount =
    total === undefined ? (current > 0 ? ` ${show(current)}` : "") : ` ${show(current)} / ${show(total)}`;
  const elapsedMs = status.timeMs - status.startedMs;
  const time = elapsedMs > 10 ? ` ${formatSeconds(elapsedMs)}` : "";
  return `${sanitizeLine(item, { keepColours: false })}${amount}${time}${status.isDone ? " done" : ""}`;
}

function outcomeLine(vertex: VertexState): string {
  const { outcome, startedMs, completedMs } = vertex;
  switch (outcome) {
    case "cached":
      return "CACHED";
    case "cancelled":
      return "CANCELED";
    case "failed":
      return `ERROR: ${sanitizeLine(vertex.error ?? "failed", { keepColours: false })}`;
    case "done":
    case undefined:
      return `DONE ${formatSeconds((completedMs ?? 0) - (startedMs ?? completedMs ?? 0))}`;
    default:
      return outcome satisfies never;
  }
}
