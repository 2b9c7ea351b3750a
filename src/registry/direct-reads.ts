import type { Agent, IncomingMessage } from "node:http";
import type { OnReadOpts, Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Filled piece by piece, and given away when full. */
const blockBytes = 1024 * 1024;
/** Less room than this is not worth a system call: Node's own reads have this size. */
const leastBytes = 64 * 1024;
/** The connection rests while so much waits to be taken. */
const waitingBytes = blockBytes;

const inflows = new WeakMap<Duplex, Inflow>();

/** Lets `bodyOf` read the connections of this agent past Node's parser. */
export function withDirectReads<A extends Agent>(agent: A): A {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, onConnection) => {
    const inflow = new Inflow();
    const withReader = { ...options, onread: inflow.reader };
    const socket = create(withReader, onConnection);
    if (socket) inflow.attach(socket as Socket);
    return socket;
  };
  return agent;
}

/** The bytes of an answer's body. A large one comes past Node's HTTP parser, which would copy each byte once more and make two
 * streams of small pieces of them: half the processor time. Its connection is closed after it, for the parser never saw its end.
 * @param directBytes least size of such a body
 * @throws as the answer's own iteration does */
export function bodyOf(answer: IncomingMessage, directBytes: number): AsyncIterable<Uint8Array> {
  const inflow = inflows.get(answer.socket);
  const sizeBytes = Number(answer.headers["content-length"] ?? 0);
  const isPlain = answer.headers["transfer-encoding"] === undefined && !answer.complete;
  // What the socket holds would reach the parser later.
  const canBeDirect = isPlain && sizeBytes >= directBytes && answer.socket.readableLength === 0;
  return inflow && canBeDirect ? directBody(answer, inflow, sizeBytes) : answer;
}

async function* directBody(
  answer: IncomingMessage,
  inflow: Inflow,
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  let left = sizeBytes;
  let failure: Error | undefined;
  const fail = (error?: Error) => {
    failure ??= error ?? new Error("Internal error: an answer was closed without a reason");
    inflow.end();
  };
  inflow.takeOver();
  answer.once("error", fail).once("close", fail);
  try {
    const parsed = answer.read() as Buffer | null;
    if (parsed) yield parsed.subarray(0, left);
    left -= parsed?.length ?? 0;
    while (left > 0) {
      const pieces = await inflow.next();
      if (pieces.length === 0) throw failure;
      for (const piece of pieces) {
        if (left > 0) yield piece.subarray(0, left);
        left -= piece.length;
      }
    }
  } finally {
    answer.off("error", fail).off("close", fail);
    answer.destroy();
  }
}

/** What a connection receives, in buffers of ours: first handed to the parser, and after `takeOver` to `next`. */
class Inflow {
  readonly reader: OnReadOpts = {
    buffer: () => this.#room(),
    callback: (count, buffer) => this.#take(buffer.subarray(0, count)),
  };
  #socket: Socket | undefined;
  #block = Buffer.allocUnsafeSlow(leastBytes);
  #used = 0;
  #isTaken = false;
  #hasEnded = false;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #wake: () => void = () => {};

  attach(socket: Socket): void {
    this.#socket = socket;
    inflows.set(socket, this);
  }

  takeOver(): void {
    this.#isTaken = true;
    this.#socket!.resume();
  }

  /** What has come since the last call; waits for something. Empty when nothing more comes. */
  async next(): Promise<readonly Uint8Array[]> {
    if (this.#waiting.length === 0 && !this.#hasEnded)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const pieces = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#socket!.resume();
    return pieces;
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  #room(): Uint8Array {
    if (!this.#isTaken) return this.#block;
    if (this.#block.length - this.#used < leastBytes) {
      this.#block = Buffer.allocUnsafeSlow(blockBytes);
      this.#used = 0;
    }
    return this.#block.subarray(this.#used);
  }

  /** False lets the connection rest. */
  #take(bytes: Uint8Array): boolean {
    if (!this.#isTaken) return this.#socket!.push(Buffer.from(bytes)); // a copy: the next read fills the buffer anew
    this.#used += bytes.length;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#wake();
    return this.#waitingBytes < waitingBytes;
  }
}
