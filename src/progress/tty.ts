import pc from "picocolors";
import { fit, formatBytes, formatSeconds, widthOf } from "../util/index.ts";
import type { BuildEvent } from "./build-event.ts";
import { BuildState, type StatusItem, type VertexState } from "./build-state.ts";
import { closingLines } from "./closing-lines.ts";
import { LiveRegion } from "./live-region.ts";
import type { Renderer, RendererOptions } from "./renderer.ts";
import { sanitizeLine } from "./terminal-text.ts";

/** Log lines shown under a running step. */
const logWindow = 6;
const frameEveryMs = 80;

export interface TtyOptions extends RendererOptions {
  /** Clock for elapsed times, in Unix milliseconds. */
  readonly now?: () => number;
  /** Draws only when asked (`draw`), for tests. */
  readonly isManual?: boolean;
}

/** For a terminal: running steps with the end of their output are drawn in place, completed ones become one line of history. */
export function createTtyRenderer(options: TtyOptions): Renderer & { draw(): void } {
  return new TtyRenderer(options);
}

class TtyRenderer implements Renderer {
  readonly #state = new BuildState();
  readonly #region: LiveRegion;
  readonly #paint: ReturnType<typeof pc.createColors>;
  readonly #keepColours: boolean;
  readonly #title: string;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #restoreCursor = () => this.#region.close();
  /** Lines for the history that are not written yet. */
  #above: string[] = [];
  #isClosed = false;

  constructor(options: TtyOptions) {
    this.#region = new LiveRegion(options.stream);
    this.#paint = pc.createColors(options.colours);
    this.#keepColours = options.colours;
    this.#title = options.title ?? "Building";
    this.#now = options.now ?? Date.now;
    if (options.isManual) return;
    this.#timer = setInterval(() => this.draw(), frameEveryMs).unref();
    process.once("exit", this.#restoreCursor); // whatever ends the process, the cursor comes back
  }

  handle(event: BuildEvent): void {
    this.#state.apply(event);
    if (event.kind === "vertex-completed") {
      this.#above.push(this.#completedLine(this.#state.vertex(event.id)));
    } else if (event.kind === "note") {
      this.#above.push(this.#paint.dim(this.#cut(` ${sanitizeLine(event.text, { keepColours: false })}`)));
    }
  }

  draw(): void {
    if (this.#isClosed) return;
    const above = this.#above;
    this.#above = [];
    this.#region.update(this.#liveLines(), above);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    process.off("exit", this.#restoreCursor);
    this.#region.close([...this.#above, ...closingLines(this.#state, { keepColours: this.#keepColours })]);
  }

  /** What is drawn in place: a head line, and for each running step its line and the end of its output, as far as there is room. */
  #liveLines(): string[] {
    const vertices = [...this.#state.vertices.values()];
    if (vertices.length === 0) return [];
    const running = vertices.filter((vertex) => vertex.startedMs !== undefined && !vertex.outcome);
    const room = Math.max(1, this.#region.rows - 2);
    const shown = running.slice(0, room);
    const details = Math.floor((room - shown.length) / Math.max(1, shown.length));
    const lines = shown.flatMap((vertex) => this.#runningLines(vertex, Math.min(logWindow, details)));
    return [this.#headLine(vertices), ...lines];
  }

  #headLine(vertices: readonly VertexState[]): string {
    const done = vertices.filter((vertex) => vertex.outcome).length;
    const elapsed = formatSeconds(this.#now() - (this.#state.firstMs ?? this.#now()));
    return this.#paint.bold(this.#cut(`[+] ${this.#title} ${elapsed} (${done}/${vertices.length})`));
  }

  #runningLines(vertex: VertexState, details: number): string[] {
    const elapsed = formatSeconds(this.#now() - (vertex.startedMs ?? 0));
    const lines = [this.#stepLine(vertex, { mark: "", time: elapsed, paint: this.#paint.cyan })];
    const statuses = [...vertex.statuses.values()].filter((status) => !status.isDone);
    const below = [
      ...statuses.slice(0, details).map((status) => this.#statusLine(status)),
      ...vertex.log.lines
        .slice(-logWindow)
        .map((line) => `# ${sanitizeLine(line.text, { keepColours: false })}`),
    ];
    const shown = details > 0 ? below.slice(-details) : [];
    return lines.concat(shown.map((line) => this.#paint.dim(this.#cut(` => => ${line}`))));
  }

  #statusLine({ item, current, total, unit }: StatusItem): string {
    const show = (value: number) => (unit === "bytes" ? formatBytes(value) : String(value));
    return `${sanitizeLine(item, { keepColours: false })} ${show(current)}${total === undefined ? "" : ` / ${show(total)}`}`;
  }

  #completedLine(vertex: VertexState): string {
    const { outcome, startedMs, completedMs } = vertex;
    const time = formatSeconds((completedMs ?? 0) - (startedMs ?? completedMs ?? 0));
    switch (outcome) {
      case "cached":
        return this.#stepLine(vertex, { mark: "CACHED ", time, paint: this.#paint.green });
      case "failed":
        return this.#stepLine(vertex, { mark: "ERROR ", time, paint: this.#paint.red });
      case "cancelled":
        return this.#stepLine(vertex, { mark: "CANCELED ", time, paint: this.#paint.yellow });
      case "done":
      case undefined:
        return this.#stepLine(vertex, { mark: "", time, paint: this.#paint.green });
      default:
        return outcome satisfies never;
    }
  }

  /** ` => CACHED [stage 1/2] RUN … (why)        1.2s`: the name gives way first, but keeps half of the line. */
  #stepLine(
    vertex: VertexState,
    line: { mark: string; time: string; paint: (text: string) => string },
  ): string {
    const width = this.#region.columns - 1 - widthOf(line.time) - 1;
    const start = ` => ${line.mark}`;
    const name = sanitizeLine(vertex.name, { keepColours: false });
    const reason =
      vertex.reason === undefined ? "" : ` (${sanitizeLine(vertex.reason, { keepColours: false })})`;
    const room = Math.max(0, width - start.length);
    const shownName = fit(name, Math.max(Math.ceil(room / 2), room - widthOf(reason)));
    const shownReason = fit(reason, room - widthOf(shownName));
    const gap = " ".repeat(Math.max(0, room - widthOf(shownName) - widthOf(shownReason)) + 1);
    return `${line.paint(start + shownName)}${this.#paint.dim(shownReason)}${gap}${line.time}`;
  }

  #cut(text: string): string {
    return fit(text, this.#region.columns - 1);
  }
}
