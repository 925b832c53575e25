/**
 * The evidence that a challenger has the smaller squared error than the champion, since the champion's reign began. A pair is, from
 * a place on:
 *
 *   t records · m of them with both errors · running scale a of |d| · S, V sums of g and g² · U mean of d · stakes A_0 to A_7
 *     · W, the sum of g since S was lowest · mean of d over that run · records of the run
 *
 * where d is the difference of squared errors and g its size against the past, clipped, in [−1, 1]. Evidence is what 1 unit would
 * have become by betting that g is positive, with eight sizes of bet, half of the money staked at once and the other half a little
 * at every later record, so that a change at any time is noticed [e-detectors: Shin, Ramdas, Rinaldo 2024; the wealth is a
 * nonnegative supermartingale where g is not positive in the mean: Ville 1939]. Pure: doubles of the pair change.
 */
import { PAIR_LENGTH } from "./places.js";
import { scaleStep } from "./scale.js";

const T = 0;
const BOTH = 1;
const SCALE = 2;
const SUM = 3;
const SQUARES = 4;
const GAP_MSE = 5;
const STAKES = 6;
const RUN_SUM = 14;
const RUN_GAP_MSE = 15;
const RUN = 16;

const BETS = 8;
/** Sizes of the bets b_k, and what a bet costs in g² units: ψ_k = −ln(1 − b_k) − b_k. */
const BET = Float64Array.from({ length: BETS }, (_, k) => 0.9 * 0.5 ** k);
const PSI = BET.map((bet) => -Math.log1p(-bet) - bet);

/** A difference counts up to so many times its running scale. */
const CLIP = 6;
/** Least share of a new difference in its running scale. */
const SCALE_RATE = 0.02;
/** Largest stake: evidence stays finite. */
const STAKE_MAX = 1e100;
/** Share of the money that is staked at the first record. */
const START = 0.5;
/** Records after which the money that waits has shrunk to 1/√2. */
const HORIZON = 1000;

/** Working memory: money that is not staked yet after {@link cashT} records, and after one less. */
const cash = Float64Array.of(START, START);
let cashT = 1;

/** Money that is not staked yet after `t` records, from 1: (1 − {@link START})/√(1 + (t − 1)/{@link HORIZON}). */
function cashAfter(t: number): number {
  // Pairs of a race have nearly always the same t, and their evidence is asked right after they have learned.
  if (t !== cashT) {
    cash[0] = (1 - START) / Math.sqrt(1 + (t - 1) / HORIZON);
    cash[1] = (1 - START) / Math.sqrt(1 + (t - 2) / HORIZON);
    cashT = t;
  }
  return cash[0];
}

/**
 * One scored observation.
 * @param errors     by model: NaN where one has none
 * @param champion   place of the champion in `errors`
 * @param challenger place of the challenger
 */
export function learnPair(
  judge: Float64Array,
  pair: number,
  errors: Float64Array,
  champion: number,
  challenger: number,
): void {
  const held = errors[champion];
  const challenged = errors[challenger];
  const isHeld = !Number.isNaN(held);
  const isChallenged = !Number.isNaN(challenged);
  if (!isHeld && !isChallenged) return;
  const areBoth = isHeld && isChallenged;
  const d = areBoth ? held * held - challenged * challenged : Number.NaN;
  const g = areBoth ? clippedGap(judge, pair, d) : isChallenged ? 1 : -1;
  bet(judge, pair, g);
  judge[pair + SUM] += g;
  judge[pair + SQUARES] += g * g;
  run(judge, pair, g, d);
}

/** g of a difference d: against the scale of those before it, which learns it afterwards. */
function clippedGap(judge: Float64Array, pair: number, d: number): number {
  const scale = judge[pair + SCALE];
  const g = scale > 0 ? Math.max(-1, Math.min(1, d / (CLIP * scale))) : 0;
  const m = ++judge[pair + BOTH];
  judge[pair + SCALE] = scaleStep(scale, Math.abs(d), m, SCALE_RATE);
  judge[pair + GAP_MSE] = mean(judge[pair + GAP_MSE], d, m);
  return g;
}

function bet(judge: Float64Array, pair: number, g: number): void {
  const t = ++judge[pair + T];
  const left = cashAfter(t);
  const stake = t === 1 ? START : cash[1] - left;
  for (let k = 0; k < BETS; k++) {
    const place = pair + STAKES + k;
    const next = (judge[place] + stake) * (1 + BET[k] * g);
    judge[place] = next < STAKE_MAX ? next : STAKE_MAX;
  }
}

/** The run begins anew where S is at its lowest. @param d NaN where there are not both errors */
function run(judge: Float64Array, pair: number, g: number, d: number): void {
  judge[pair + RUN_SUM] += g;
  if (!(judge[pair + RUN_SUM] > 0)) {
    judge[pair + RUN_SUM] = 0;
    judge[pair + RUN] = 0;
    judge[pair + RUN_GAP_MSE] = 0;
  } else if (!Number.isNaN(d)) judge[pair + RUN_GAP_MSE] = mean(judge[pair + RUN_GAP_MSE], d, ++judge[pair + RUN]);
}

/** A running mean that stays where it would not be finite. */
function mean(before: number, value: number, n: number): number {
  const next = before + (value - before) / n;
  return Number.isFinite(next) ? next : before;
}

/** The pair begins anew. */
export function forgetPair(judge: Float64Array, pair: number): void {
  judge.fill(0, pair, pair + PAIR_LENGTH);
}

/** E, 1 at the begin of a reign: at least K − 1 over alpha says that the challenger is better. */
export function evidenceOf(judge: Float64Array, pair: number): number {
  const t = judge[pair + T];
  if (t === 0) return 1;
  let stakes = 0;
  for (let k = 0; k < BETS; k++) stakes += judge[pair + STAKES + k];
  return cashAfter(t) + stakes / BETS;
}

/** Whether the plain mean of squared errors says so too, over the run that the evidence rests on; also where it has no record. */
export function isPlainlyBetter(judge: Float64Array, pair: number): boolean {
  return judge[pair + RUN] === 0 || judge[pair + RUN_GAP_MSE] > 0;
}

/** What is shown of a pair. */
export interface Gap {
  /** Records of the reign that were scored for one of both. */
  readonly n: number;
  /**
   * Mean of g, with its bounds: they hold jointly for all records of the reign and all challengers with probability 1 − alpha, for
   * the average conditional mean of g [empirical-Bernstein lines: Fan, Grama, Liu 2015; Choe, Ramdas 2024, theorem 2]. Null at first.
   */
  readonly gap: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  /** Mean of d over the reign, in the square of y's unit; null before there were both errors. */
  readonly gapMse: number | null;
  /** The same over the last `runN` records, those since S was lowest. */
  readonly runN: number;
  readonly runGapMse: number | null;
  readonly evidence: number;
}

/**
 * The pair as it is shown, with l = ln(2 · 8 (K − 1)/alpha):
 *   lower = max(−1, max_k (S − (ψ_k V + l)/b_k)/t),  upper = min(1, min_k (S + (ψ_k V + l)/b_k)/t)
 * @param challengers K − 1
 */
export function gapOf(judge: Float64Array, pair: number, challengers: number, alpha: number): Gap {
  const t = judge[pair + T];
  const runN = judge[pair + RUN];
  return {
    n: t,
    ...boundsOf(judge, pair, Math.log((2 * BETS * challengers) / alpha)),
    gapMse: judge[pair + BOTH] === 0 ? null : judge[pair + GAP_MSE],
    runN,
    runGapMse: runN === 0 ? null : judge[pair + RUN_GAP_MSE],
    evidence: evidenceOf(judge, pair),
  };
}

function boundsOf(judge: Float64Array, pair: number, l: number): Pick<Gap, "gap" | "lower" | "upper"> {
  const t = judge[pair + T];
  if (t === 0) return { gap: null, lower: null, upper: null };
  const sum = judge[pair + SUM];
  const squares = judge[pair + SQUARES];
  let lower = -1;
  let upper = 1;
  for (let k = 0; k < BETS; k++) {
    const reach = (PSI[k] * squares + l) / BET[k];
    lower = Math.max(lower, (sum - reach) / t);
    upper = Math.min(upper, (sum + reach) / t);
  }
  return { gap: sum / t, lower, upper };
}
