/**
 * The records of a generated series: each is a function of (seed, topic, series, i) and the number of features, so
 * whoever asks again for record i of a series gets the same record. The last digit of a number may differ between
 * versions of Node.js or kinds of processor, since Math.log, Math.cos and Math.sin may.
 *
 * The features x_1 to x_n are independent standard normal numbers. Two targets, with noise e ~ N(0, 1):
 *   linear      y = 1 + sum over j = 1..n of b_j x_j                                            + 0.1 e
 *               b_j = (-1)^(j+1) / j, that is 1, -1/2, 1/3, -1/4, ...
 *   nonlinear   y = sum over odd j <= n of x_j^2 / j
 *                 + sum over even j <= n of sin(pi x_(j-1) x_j) / j                             + 0.1 e
 *               squares and sines of products as in the first benchmark function of J. H. Friedman, "Multivariate adaptive
 *               regression splines", 1991; no linear model can follow it; its mean is the sum of 1/j over odd j
 * Terms are uncorrelated and their weights fall as 1/j, so that the variance of y is bounded whatever n is.
 */
import { createHash } from "node:crypto";
import { type PhiloxKey, standardNormals } from "./philox.js";

export const targets = ["linear", "nonlinear"] as const;
/** How y follows from x; the equations stand at the head of this file. */
export type Target = (typeof targets)[number];

/** Standard deviation of the noise in y. */
export const NOISE_SD = 0.1;
/** Intercept of the linear target. */
export const INTERCEPT = 1;

/**
 * The random stream of a series: the first 64 bits of SHA-256 of `<seed>/<topic>/<series>`. Among a million series, two
 * share a stream with probability 3e-8. A seed has digits only and a topic name has no slash, so no two inputs are alike.
 * @param seed a safe integer, 0 or more
 */
export function randomKey(seed: number, topic: string, series: string): PhiloxKey {
  const digest = createHash("sha256").update(`${seed}/${topic}/${series}`).digest();
  return { word0: digest.readUInt32BE(0), word1: digest.readUInt32BE(4) };
}

/** Coefficient b_j of the linear target, j = 1 and up. */
export function linearCoefficient(j: number): number {
  return (j % 2 === 1 ? 1 : -1) / j;
}

/**
 * Record i of a series, as the notebook's producer sends it: `[i, y, x1, ..., xn]`, numbers in the shortest text that
 * reads back as the same number.
 * @param i       0 to 2^53 - 1
 * @param normals working memory of n + 1 numbers, overwritten: its length says n
 */
export function recordText(key: PhiloxKey, target: Target, i: number, normals: Float64Array): string {
  standardNormals(key, i, normals);
  let text = `[${i}, ${targetOf(target, normals)}`;
  for (let j = 1; j < normals.length; j++) text += `, ${normals[j]}`;
  return `${text}]`;
}

/** y for the noise e = normals[0] and the features x_j = normals[j]. */
function targetOf(target: Target, normals: Float64Array): number {
  const signal = target === "linear" ? linearSignal(normals) : nonLinearSignal(normals);
  return signal + NOISE_SD * normals[0];
}

function linearSignal(normals: Float64Array): number {
  let sum = INTERCEPT;
  for (let j = 1; j < normals.length; j++) sum += linearCoefficient(j) * normals[j];
  return sum;
}

function nonLinearSignal(normals: Float64Array): number {
  let sum = 0;
  for (let j = 1; j < normals.length; j++) {
    const x = normals[j];
    sum += (j % 2 === 1 ? x * x : Math.sin(Math.PI * normals[j - 1] * x)) / j;
  }
  return sum;
}
