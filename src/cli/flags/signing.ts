import type { Command } from "commander";
import { type ImageReference, OciError, parseReference } from "../../oci/index.ts";
import type { SignatureForm } from "../../signature/index.ts";
import type { CliIo } from "../cli-io.ts";
import { readLine } from "../read-line.ts";
import { UsageError } from "../usage-error.ts";
import { addCosignSigningOptions, addCosignVerifyingOptions } from "./cosign-options.ts";
import { parseBoolean, type TlsVerifyFlag, tlsVerifyOption } from "./tls-verify.ts";

export interface KeyFlags extends TlsVerifyFlag {
  readonly key?: string;
}

/** Options of commands that sign. */
export interface PrivateKeyFlags extends KeyFlags {
  readonly newBundleFormat: boolean;
}

/** Adds the options of `PrivateKeyFlags`. */
export function addPrivateKeyOptions(command: Command): Command {
  addCosignSigningOptions(command);
  return command
    .option(
      "--key <file>",
      "Private key in PEM, or env://NAME; its password is $SLIPWAY_KEY_PASSWORD or $COSIGN_PASSWORD",
    )
    .option(
      "--new-bundle-format <bool>",
      "false: write what cosign 1 and 2 read, a tag beside the image, in place of a sigstore bundle",
      parseBoolean,
      true,
    )
    .option(...tlsVerifyOption);
}

/** Adds the options of `KeyFlags`. */
export function addPublicKeyOptions(command: Command): Command {
  addCosignVerifyingOptions(command);
  return command.option("--key <file>", "Public key in PEM, or env://NAME").option(...tlsVerifyOption);
}

export function formOf({ newBundleFormat }: PrivateKeyFlags): SignatureForm {
  return newBundleFormat ? "bundle" : "tag";
}

/** The place of the key; what has no key, or has it in a service, is not carried out. */
export function keyPlace({ key: place }: KeyFlags, action: "sign" | "verify"): string {
  if (place === undefined) {
    throw new UsageError(
      `Cannot ${action} without a key: keyless signatures (Fulcio, Rekor) are not supported`,
      {
        code: "UNSUPPORTED_OPTION",
        hint: `give --key FILE, the ${action === "sign" ? "private" : "public"} key in PEM, or cosign's`,
      },
    );
  }
  const service = /^(?!env:)([a-z0-9]+):\/\//.exec(place)?.[1] ?? /^(pkcs11):/.exec(place)?.[1];
  if (service === undefined) return place;
  throw new UsageError(`Cannot ${action} with key "${place}": keys of ${service} are not supported`, {
    code: "UNSUPPORTED_OPTION",
    hint: "give a file, or env://NAME",
  });
}

/** Of a private key: a variable, or what a person types. */
export async function passwordOf(place: string, io: CliIo): Promise<string | undefined> {
  const known = io.env["SLIPWAY_KEY_PASSWORD"] ?? io.env["COSIGN_PASSWORD"];
  if (known !== undefined || !io.stdin.isTTY) return known;
  return await readLine(`Password of ${place}: `, io, { isHidden: true });
}

export interface ClaimFlags {
  readonly annotation: readonly string[];
  readonly identity?: string;
}

/** What is claimed of images, or asked for.
 * @throws {UsageError} */
export function parseClaims(
  images: readonly string[],
  { annotation, identity }: ClaimFlags,
): {
  readonly references: readonly ImageReference[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly identity: ImageReference | undefined;
} {
  return {
    references: images.map(parseImage),
    annotations: parsePairs(annotation),
    identity: identity === undefined ? undefined : parseImage(identity),
  };
}

/** @throws {UsageError} */
export function parseImage(text: string): ImageReference {
  try {
    return parseReference(text);
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    throw new UsageError(`invalid reference "${text}": ${error.message}`);
  }
}

/** Of an option that may be repeated. */
export function append(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}

/** `NAME=VALUE` pairs. */
export function parsePairs(texts: readonly string[]): Record<string, string> {
  const pairs = texts.map((text): [string, string] => {
    const index = text.indexOf("=");
    if (index < 1) throw new UsageError(`invalid argument "${text}" for "--annotation": expected NAME=VALUE`);
    return [text.slice(0, index), text.slice(index + 1)];
  });
  return Object.fromEntries(pairs);
}
