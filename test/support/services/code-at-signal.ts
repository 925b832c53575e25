/** Code that is loaded into a service's process before it starts, and does harm at SIGUSR2. */

/** Settings that let `body`, JavaScript without double quotes, run at each SIGUSR2. */
export function atSignal(body: string): { readonly NODE_OPTIONS: string } {
  const module = `process.on('SIGUSR2', () => { ${body} });`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` };
}

/** A promise that nobody awaits fails. */
export const UNHANDLED_REJECTION = "Promise.reject(new Error('an intruder'))";

/** Nothing else runs for so long. */
export function blockEventLoop(ms: number): string {
  return `const end = Date.now() + ${ms}; while (Date.now() < end);`;
}
