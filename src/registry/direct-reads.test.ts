import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  createServer as createHttpServer,
  Agent as HttpAgent,
  get,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import { createServer as createHttpsServer, Agent as HttpsAgent, get as getTls } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { bodyOf, withDirectReads } from "./direct-reads.ts";
import { fakeCertificate } from "./testing/fake-certificate.ts";

const bytes = randomBytes(5_000_001);

for (const isTls of [false, true]) {
  const over = isTls ? "TLS" : "plain HTTP";

  test(`a large body comes whole, past the parser, over ${over}`, async () => {
    await using rig = await start((_, response) => void response.end(bytes), isTls);
    const answer = await rig.get();
    const body = bodyOf(answer, bytes.length);
    assert.notEqual(body, answer);
    assert.equal(await digestOf(body), digest(bytes));
    assert.equal(answer.complete, false); // the parser saw little of it
    assert.equal(answer.socket.destroyed, true);
  });
}

test("a small body, and one without a length, come through the parser, and leave the connection usable", async () => {
  await using rig = await start((request, response) => {
    if (request.url === "/length") response.setHeader("content-length", bytes.length);
    response.write(bytes.subarray(0, 10));
    response.end(bytes.subarray(10));
  });
  const sockets = new Set<Socket>();
  for (const [path, least] of [["/length", bytes.length + 1] as const, ["/", 1] as const]) {
    const answer = await rig.get(path);
    const body = bodyOf(answer, least);
    assert.equal(body, answer);
    assert.equal(await digestOf(body), digest(bytes));
    sockets.add(answer.socket);
  }
  assert.equal(sockets.size, 1);
});

test("a body that breaks off gives what came, and then the connection's error", async () => {
  await using rig = await start((_, response) => {
    response.setHeader("content-length", bytes.length);
    response.write(bytes.subarray(0, 3_000_000), () => response.socket!.destroy());
  });
  const body = bodyOf(await rig.get(), 1);
  let got = 0;
  await assert.rejects(
    async () => {
      for await (const piece of body) got += piece.length;
    },
    { code: "ECONNRESET" },
  );
  assert.ok(got > 0 && got <= 3_000_000, String(got));
});

test("what follows a body on its connection is no part of it", async () => {
  await using rig = await start((_, response) => {
    const head = `HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\n\r\n`;
    response.socket!.write(Buffer.concat([Buffer.from(head), bytes, randomBytes(100_000)]));
  });
  assert.equal(await digestOf(bodyOf(await rig.get(), 1)), digest(bytes));
});

test("a connection rests while nobody takes its bytes", async () => {
  const sizeBytes = 256 * 1024 * 1024;
  let sentBytes = 0;
  await using rig = await start((_, response) => {
    response.setHeader("content-length", sizeBytes);
    const piece = Buffer.alloc(1024 * 1024);
    const send = () => {
      while (sentBytes < sizeBytes) {
        sentBytes += piece.length;
        if (!response.write(piece)) return response.once("drain", send);
      }
      return response.end();
    };
    send();
  });
  let got = 0;
  let sentMeanwhile = 0;
  for await (const piece of bodyOf(await rig.get(), 1)) {
    got += piece.length;
    if (sentMeanwhile > 0) continue;
    for (let before = -1; before !== sentBytes; await sleep(100)) before = sentBytes;
    sentMeanwhile = sentBytes;
  }
  assert.equal(got, sizeBytes);
  assert.ok(sentMeanwhile < sizeBytes / 2, `${sentMeanwhile} bytes were sent`);
});

test("an abandoned body closes its connection", async () => {
  await using rig = await start((_, response) => void response.end(bytes));
  const answer = await rig.get();
  for await (const _ of bodyOf(answer, 1)) break;
  assert.equal(answer.socket.destroyed, true);
});

async function start(listener: RequestListener, isTls = false) {
  const server: Server = isTls ? createHttpsServer(fakeCertificate, listener) : createHttpServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const options = { keepAlive: true, maxSockets: 1, rejectUnauthorized: false };
  const agent = withDirectReads(isTls ? new HttpsAgent(options) : new HttpAgent(options));
  const send = isTls ? getTls : get;
  return {
    get: async (path = "/"): Promise<IncomingMessage> => {
      const request = send({ host: "127.0.0.1", port, agent, path });
      const [answer] = (await once(request, "response")) as [IncomingMessage];
      answer.on("error", () => {});
      return answer;
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function digestOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of body) hash.update(piece);
  return hash.digest("hex");
}

function digest(of: Uint8Array): string {
  return createHash("sha256").update(of).digest("hex");
}
