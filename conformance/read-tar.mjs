import { createHash } from "node:crypto";

/** The entries of an uncompressed tar (ustar, pax, GNU long names), in order; names are latin1, one character per byte. */
export function* readTar(bytes) {
  let pax = {};
  let offset = 0;
  while (offset + 512 <= bytes.length && bytes[offset] !== 0) {
    const header = bytes.subarray(offset, offset + 512);
    const type = String.fromCharCode(header[156] || 48);
    const size = pax.size ? Number(pax.size) : number(header, 124, 12);
    const data = bytes.subarray(offset + 512, offset + 512 + size);
    offset += 512 + Math.ceil(size / 512) * 512;
    if (type === "x") pax = { ...pax, ...paxRecords(data) };
    else if (type === "L") pax = { ...pax, path: text(data, 0, size) };
    else if (type === "K") pax = { ...pax, linkpath: text(data, 0, size) };
    else if (type !== "g") {
      yield toEntry(header, type, pax, data);
      pax = {};
    }
  }
}

function toEntry(header, type, pax, data) {
  const prefix = text(header, 345, 155);
  const name = pax.path ?? (prefix ? `${prefix}/${text(header, 0, 100)}` : text(header, 0, 100));
  const mode = (number(header, 100, 8) & 0o7777).toString(8).padStart(4, "0");
  const owner = `${pax.uid ?? number(header, 108, 8)}:${pax.gid ?? number(header, 116, 8)}`;
  const link = pax.linkpath ?? text(header, 157, 100);
  const device = `${number(header, 329, 8)}:${number(header, 337, 8)}`;
  const xattrs = Object.entries(pax)
    .filter(([key]) => key.startsWith("SCHILY.xattr."))
    .map(([key, value]) => ` ${key.slice(13)}=${Buffer.from(value, "latin1").toString("base64")}`)
    .sort()
    .join("");
  return {
    name: cleanName(name),
    type,
    link: type === "1" ? cleanName(link) : link,
    text: describe(type, { mode, owner, link, device, data }) + xattrs,
  };
}

function describe(type, { mode, owner, link, device, data }) {
  if (type === "5") return `dir ${mode} ${owner}`;
  if (type === "2") return `link ${owner} -> ${link}`;
  if (type === "3" || type === "4") return `${type === "3" ? "char" : "block"} ${mode} ${owner} ${device}`;
  if (type === "6") return `fifo ${mode} ${owner}`;
  return `file ${mode} ${owner} ${data.length} ${createHash("sha256").update(data).digest("hex").slice(0, 16)}`;
}

const cleanName = (name) => `/${name.replace(/^(\.?\/)+/, "").replace(/\/+$/, "")}`.replace(/^\/\.$/, "/");

function text(bytes, start, length) {
  const end = bytes.subarray(start, start + length).indexOf(0);
  return bytes.toString("latin1", start, end < 0 ? start + length : start + end);
}

function number(bytes, start, length) {
  if ((bytes[start] & 0x80) === 0) return Number.parseInt(text(bytes, start, length).trim() || "0", 8);
  return Number(BigInt(`0x${bytes.toString("hex", start + 1, start + length)}`));
}

function paxRecords(data) {
  const records = {};
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(32, at);
    const end = at + Number(data.toString("latin1", at, space));
    const record = data.toString("latin1", space + 1, end - 1);
    const equals = record.indexOf("=");
    records[record.slice(0, equals)] = record.slice(equals + 1);
    at = end;
  }
  return records;
}
