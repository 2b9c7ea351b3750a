import { signalNumber } from "../util/index.ts";

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** Runs `work` while signals to us go to somebody else. A terminal's Ctrl-C reaches every process of its group, so then the other
 * side has it already. The third request to end ends us at once, as with docker, and the kernel everything that we started. */
export async function withForwardedSignals<Result>(
  send: (signal: NodeJS.Signals) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  let asked = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    const isEnd = signal === "SIGINT" || signal === "SIGTERM";
    if (isEnd && ++asked === 3) process.exit(128 + signalNumber(signal));
    const isFromTerminal = process.stdin.isTTY && (signal === "SIGINT" || signal === "SIGQUIT");
    if (!isFromTerminal) send(signal);
  };
  for (const signal of forwarded) process.on(signal, onSignal);
  try {
    return await work();
  } finally {
    for (const signal of forwarded) process.off(signal, onSignal);
  }
}
