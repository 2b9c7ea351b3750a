import { type Command, Option } from "commander";
import { parseBoolean } from "./tls-verify.ts";
import { addRefused, unsupportedOption } from "./unsupported-options.ts";

const keyless =
  "keyless signatures need a certificate authority (Fulcio) and a log (Rekor), which Slipway does not ask; give --key FILE";

/** Options of `cosign sign` and `cosign attest` that ask for what is done anyway; what asks for services is refused. */
export function addCosignSigningOptions(command: Command): void {
  command.addOption(new Option("-y, --yes").hideHelp());
  for (const name of ["--tlog-upload", "--use-signing-config"])
    addFixed(command, name, { value: false, hint: "nothing is sent to a transparency log" });
  addRefused(command, [
    ...["--fulcio-url <url>", "--identity-token <token>", "--oidc-issuer <url>"].map(ofKeyless),
    ...["--certificate <file>", "--certificate-chain <file>", "--sk"].map(ofKeyless),
    ...["--rekor-url <url>", "--timestamp-server-url <url>", "--signing-config <file>"].map(ofKeyless),
    [
      "-r, --recursive",
      "an index is signed as a whole; to sign the image of one platform name it by its digest",
    ],
  ]);
}

/** The same of `cosign verify` and `cosign verify-attestation`. */
export function addCosignVerifyingOptions(command: Command): void {
  const hint = "no transparency log is asked";
  for (const name of ["--insecure-ignore-tlog", "--private-infrastructure"])
    addFixed(command, name, { value: true, hint });
  addRefused(command, [
    ...["--certificate-identity <identity>", "--certificate-identity-regexp <pattern>"].map(ofKeyless),
    ...["--certificate-oidc-issuer <url>", "--certificate-oidc-issuer-regexp <pattern>"].map(ofKeyless),
    ...["--certificate <file>", "--certificate-chain <file>", "--sk"].map(ofKeyless),
    ...["--rekor-url <url>", "--trusted-root <file>", "--use-signed-timestamps"].map(ofKeyless),
  ]);
}

function ofKeyless(flags: string): readonly [flags: string, hint: string] {
  return [flags, keyless];
}

/** An option that is true or false, of which only one is carried out. */
function addFixed(
  command: Command,
  name: string,
  { value, hint }: { readonly value: boolean; readonly hint: string },
): void {
  const parse = (text: string) => {
    if (parseBoolean(text) !== value) throw unsupportedOption(`${name}=${String(!value)}`, hint);
    return value;
  };
  command.addOption(new Option(`${name} <bool>`).argParser(parse).hideHelp());
}
