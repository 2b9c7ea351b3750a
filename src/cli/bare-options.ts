/** The arguments of a command, with the values of options that have none of their own. */
export function withValues(args: readonly string[], command: string | undefined): string[] {
  const values = bareOptions.get(command ?? "");
  return args.map((arg) => (values?.has(arg) ? `${arg}=${values.get(arg)}` : arg));
}

/** By command: options that take no value, as in docker and cosign, or one behind `=`. What follows `--load` in `build --load .` is the
 * context. */
const bareOptions: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ["build", new Map([["--load", "auto"]])],
  ...["sign", "attest"].map(
    (command) => [command, bareTrue("--new-bundle-format", "--tlog-upload", "--use-signing-config")] as const,
  ),
  ...["verify", "verify-attestation"].map(
    (command) => [command, bareTrue("--insecure-ignore-tlog", "--private-infrastructure")] as const,
  ),
]);

function bareTrue(...options: readonly string[]): ReadonlyMap<string, string> {
  return new Map(options.map((option) => [option, "true"]));
}
