/** How often the verdict is wrong, and how soon it is right. */
import { learn, newRls, predict, rlsLength } from "../../shared/models/rls.js";
import { JudgedRace } from "../support/judged-race.js";
import { type Draw, Noise, normal, rare, skewed, student } from "./noise.js";
import { type Case, medianOutcome, shareOutcome } from "./simulation.js";

/** Puts the errors of the models at record i into `errors`. */
type Errors = (i: number, errors: Float64Array) => void;
type Stream = (noise: Noise) => Errors;

/** The switches of one series, by their records; the first champion is model 0. */
function* switchesOf(models: number, errorsAt: Errors, looks: number): Generator<number> {
  const race = new JudgedRace(models);
  const errors = new Float64Array(models);
  for (let i = 0; i < looks; i++) {
    errorsAt(i, errors);
    // Of y = 0 the forecast is the error with its sign turned, which no score asks for.
    if (race.observe(i, 0, errors).decision === "switch") yield i;
  }
}

/** Records up to the first switch, it included; `looks` + 1 where there is none. */
function timeToSwitch(models: number, errorsAt: Errors, looks: number): number {
  for (const i of switchesOf(models, errorsAt, looks)) return i + 1;
  return looks + 1;
}

/**
 * Errors √ρ c + √(mse − ρ) z: models share a part of their errors and have the rest of their own.
 * @param rho share of the variance 1 that is in common, less than every mse
 * @param mse by model and record
 */
function correlated(models: number, rho: number, draw: Draw, mse: (m: number, i: number) => number): Stream {
  return (noise) => (i, errors) => {
    const common = Math.sqrt(rho) * draw(noise);
    for (let m = 0; m < models; m++) errors[m] = common + Math.sqrt(mse(m, i) - rho) * draw(noise);
  };
}

const equal = () => 1;

/** Two equal models whose errors have a volatility that follows the first one's square. */
const garch: Stream = (noise) => {
  let variance = 1;
  return (_, errors) => {
    const common = noise.normal();
    for (let m = 0; m < 2; m++) errors[m] = Math.sqrt(variance / 2) * (common + noise.normal());
    variance = 0.05 + 0.1 * errors[0] ** 2 + 0.85 * variance;
  };
};

/** Two equal models whose errors swell and ebb. */
const periodic: Stream = (noise) => (i, errors) => {
  const size = 1 + 0.9 * Math.sin((2 * Math.PI * i) / 200);
  const common = noise.normal();
  for (let m = 0; m < 2; m++) errors[m] = size * Math.SQRT1_2 * (common + noise.normal());
};

/** Share of series with any switch. @param times so many times the usual looks */
function anySwitch(what: string, expected: string, models: number, stream: Stream, bar = 0.05, times = 1): Case {
  return {
    what,
    expected,
    bar: `<= ${bar}`,
    run({ shareSeries, looks: usual, shareMargin }, seed) {
      const looks = times * usual;
      let count = 0;
      for (let s = 0; s < shareSeries; s++)
        if (timeToSwitch(models, stream(new Noise(seed + 7919 * s)), looks) <= looks) count++;
      return shareOutcome(count, shareSeries, bar, shareMargin);
    },
  };
}

/** Records until a better challenger is champion. @param better share by which its mse is lower */
function better(what: string, expected: string, better: number, rho: number, draw: Draw, bar: number): Case {
  const stream = correlated(2, rho, draw, (m) => (m === 0 ? 1 : 1 - better));
  return {
    what,
    expected,
    bar: `median <= ${bar}`,
    run({ timeSeries, looks }, seed) {
      const times = Array.from({ length: timeSeries }, (_, s) =>
        timeToSwitch(2, stream(new Noise(seed + 7919 * s)), looks),
      );
      return medianOutcome(times, bar);
    },
  };
}

/** Records after a swap of the better and the worse model until the champion is another. */
function swap(what: string, expected: string, at: number, better: number, rho: number, draw: Draw, bar: number): Case {
  const stream = correlated(2, rho, draw, (m, i) => ((m === 0) === i < at ? 1 - better : 1));
  return {
    what,
    expected,
    bar: `median <= ${bar}, wrong before <= 0.05`,
    run({ timeSeries, looks, shareMargin }, seed) {
      let wrong = 0;
      const times: number[] = [];
      for (let s = 0; s < timeSeries; s++) {
        const switches = switchesOf(2, stream(new Noise(seed + 7919 * s)), at + looks);
        let first = switches.next().value ?? at + looks;
        if (first < at) wrong++;
        while (first < at) first = switches.next().value ?? at + looks;
        times.push(first - at + 1);
      }
      const before = shareOutcome(wrong, timeSeries, 0.05, shareMargin);
      const after = medianOutcome(times, bar);
      return { measured: `${after.measured}, wrong ${before.measured}`, holds: before.holds && after.holds };
    },
  };
}

/** Errors of recursive least squares, p = 3. @param every records after which all coefficients are drawn anew */
function leastSquares(factors: readonly number[], every: number): Stream {
  return (noise) => {
    const models = factors.map((nu) => {
      const rls = new Float64Array(rlsLength(3));
      newRls(rls, 0, 3, nu);
      return rls;
    });
    const x = Float64Array.of(1, 0, 0);
    let beta = [0, 0, 0];
    return (i, errors) => {
      if (i % every === 0) beta = beta.map(() => noise.normal());
      for (let j = 1; j < 3; j++) x[j] = noise.normal();
      const y = beta.reduce((sum, coefficient, j) => sum + coefficient * x[j], 0) + 0.5 * noise.normal();
      for (const [m, rls] of models.entries()) {
        errors[m] = y - predict(rls, 0, 3, x);
        learn(rls, 0, 3, x, errors[m]);
      }
    };
  };
}

/** Records after the first change of the coefficients, or from the begin where there is none, until the challenger is champion. */
function leastSquaresCase(
  what: string,
  expected: string,
  factors: readonly number[],
  every: number,
  bar: number,
): Case {
  const stream = leastSquares(factors, every);
  const from = every === Number.POSITIVE_INFINITY ? 0 : every;
  return {
    what,
    expected,
    bar: `median <= ${bar}`,
    run({ timeSeries, looks }, seed) {
      const times = Array.from({ length: timeSeries }, (_, s) => {
        for (const i of switchesOf(2, stream(new Noise(seed + 7919 * s)), from + looks))
          if (i >= from) return i - from + 1;
        return looks + 1;
      });
      return medianOutcome(times, bar);
    },
  };
}

const UNCHANGED = Number.POSITIVE_INFINITY;
const two = (rho: number, draw: Draw) => correlated(2, rho, draw, equal);

/** In the order of the table. */
export const VERDICT_CASES: readonly Case[] = [
  anySwitch("equal, normal, rho 0", "0.026", 2, two(0, normal)),
  anySwitch("equal, normal, rho 0.8", "0.014", 2, two(0.8, normal)),
  anySwitch("equal, normal, rho 0.95", "0.012", 2, two(0.95, normal)),
  anySwitch("equal, Student 3, rho 0.5", "0.020", 2, two(0.5, student(3))),
  anySwitch("equal, Student 2, rho 0.5", "0.016", 2, two(0.5, student(2))),
  anySwitch("equal, skewed, rho 0.5", "0.029", 2, two(0.5, skewed)),
  anySwitch("equal, 0.5 % 30 times as large, rho 0.5", "0.020", 2, two(0.5, rare(0.005, 30))),
  anySwitch("equal, GARCH, rho 0.5", "0.013", 2, garch),
  anySwitch("equal, periodic variance, rho 0.5", "0.018", 2, periodic),
  anySwitch("equal, 4 models, normal", "0.023", 4, correlated(4, 0.5, normal, equal)),
  anySwitch("equal, 4 models, Student 2", "0.016", 4, correlated(4, 0.5, student(2), equal)),
  anySwitch("equal, normal, rho 0.8, five times the looks", "0.037", 2, two(0.8, normal), 0.05, 5),
  anySwitch("equal, Student 3, rho 0.5, five times the looks", "0.025", 2, two(0.5, student(3)), 0.05, 5),
  better("10 % better, normal, rho 0", "796/2647/7156", 0.1, 0, normal, 4_500),
  better("10 % better, normal, rho 0.5", "741/2147/4487", 0.1, 0.5, normal, 3_500),
  better("10 % better, normal, rho 0.8", "280/862/2030", 0.1, 0.8, normal, 1_500),
  better("10 % better, normal, rho 0.88", "162/492/968", 0.1, 0.88, normal, 900),
  better("10 % better, Student 3, rho 0.5", "1118/3781/8859", 0.1, 0.5, student(3), 6_000),
  better("10 % better, Student 3, rho 0.8", "412/1215/2455", 0.1, 0.8, student(3), 2_000),
  better("10 % better, rare errors, rho 0.8", "498/1331/3180", 0.1, 0.8, rare(0.005, 30), 2_000),
  better("30 % better, normal, rho 0.5", "98/196/408", 0.3, 0.5, normal, 350),
  better("30 % better, Student 3, rho 0.5", "143/401/750", 0.3, 0.5, student(3), 650),
  better("30 % better, rare errors, rho 0.5", "121/367/839", 0.3, 0.5, rare(0.005, 30), 650),
  better("2 % better, normal, rho 0.95", "2172/5406/12221", 0.02, 0.95, normal, 9_000),
  swap("swap at 1,000, 10 %, rho 0.8", "766/1471/2719", 1_000, 0.1, 0.8, normal, 2_300),
  swap("swap at 1,000, 30 %, rho 0.5", "243/410/667", 1_000, 0.3, 0.5, normal, 650),
  swap("swap at 1,000, 50 %, rho 0.3", "146/194/269", 1_000, 0.5, 0.3, normal, 300),
  swap("swap at 1,000, 80 %, rho 0.1", "98/112/127", 1_000, 0.8, 0.1, normal, 180),
  swap("swap at 10,000, 10 %, rho 0.8", "1262/2137/3362", 10_000, 0.1, 0.8, normal, 3_200),
  swap("swap at 10,000, 30 %, rho 0.5", "332/513/812", 10_000, 0.3, 0.5, normal, 800),
  swap("swap at 10,000, 50 %, rho 0.3", "192/243/320", 10_000, 0.5, 0.3, normal, 380),
  swap("swap at 10,000, 80 %, rho 0.1", "121/138/153", 10_000, 0.8, 0.1, normal, 220),
  swap("swap at 10,000, Student 3, 10 %, rho 0.8", "1266/2520/4201", 10_000, 0.1, 0.8, student(3), 4_000),
  swap("swap at 10,000, Student 3, 30 %, rho 0.5", "461/861/1205", 10_000, 0.3, 0.5, student(3), 1_300),
  swap("swap at 10,000, Student 3, 50 %, rho 0.3", "268/391/615", 10_000, 0.5, 0.3, student(3), 600),
  swap("swap at 10,000, Student 3, 80 %, rho 0.1", "161/197/242", 10_000, 0.8, 0.1, student(3), 300),
  anySwitch("challenger 10 % better but for 0.5 % errors 30 times as large", "0.040", 2, rarelyGiant, 0.1),
  leastSquaresCase("RLS 1.0 against 0.99, coefficients anew every 2,000", "38/54/82", [1, 0.99], 2_000, 90),
  anySwitch("RLS 1.0 against 0.99, coefficients never anew", "0", 2, leastSquares([1, 0.99], UNCHANGED)),
  leastSquaresCase("RLS 0.9 against 1.0, coefficients never anew", "135/244/366", [0.9, 1], UNCHANGED, 400),
];

/** The challenger's errors are 10 % smaller in mse, but for rare giant ones. */
function rarelyGiant(noise: Noise): Errors {
  return (_, errors) => {
    errors[0] = noise.normal();
    errors[1] = Math.sqrt(0.9) * noise.normal() * (noise.uniform() < 0.005 ? 30 : 1);
  };
}
