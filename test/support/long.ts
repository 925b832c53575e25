/** Whether tests run at their full length: `mocha --long`, or REGATTA_LONG=1. Else those that take minutes run a part of it. */
export const long = process.argv.includes("--long") || process.env.REGATTA_LONG === "1";
