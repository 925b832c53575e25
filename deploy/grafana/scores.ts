/**
 * Expressions of scores. For a moment two instances may show one series, each with what it knows: of each model of a series there is
 * always one number. Over series a median is taken, since one series with an early outlier would own every mean for ever.
 */

/** The models of the series that the viewer has chosen, in the race chosen. */
export const CHOSEN = 'topic="$topic", series=~"$series", model=~"$model"';
/** The same without models. */
export const CHOSEN_SERIES = 'topic="$topic", series=~"$series"';

const OF_SERIES = "on (topic, series) group_left ()";

/** One number of each model of each series. @param at an `offset`, or nothing */
export function once(metric: string, chosen = CHOSEN, at = ""): string {
  return `max by (topic, series, model) (${metric}{${chosen}}${at})`;
}

/** One number of each series. */
export function onceOfSeries(metric: string): string {
  return `max by (topic, series) (${metric}{${CHOSEN_SERIES}})`;
}

/** Of each model the median over series. */
export function median(ofModels: string): string {
  return `quantile by (model) (0.5, ${ofModels})`;
}

/** Mean squared error of each model of each series, over that of the best model of the series. */
export function overBest(): string {
  return `${once("regatta_model_mse")} / ${OF_SERIES} (min by (topic, series) (${once("regatta_model_mse")}) > 0)`;
}

/**
 * Mean squared error of the forecasts that were scored in the window chosen, of each model of each series: the difference of two
 * sums of squared errors over that of their numbers. It is exact, from two scrapes, whatever lies between them.
 */
export function recentMse(): string {
  return overWindow("regatta_model_mse", "regatta_model_scored_forecasts", CHOSEN, "topic, series, model");
}

/** The same of the baseline chosen, of each series. */
export function recentBaselineMse(): string {
  const chosen = `${CHOSEN_SERIES}, baseline="$baseline"`;
  return overWindow("regatta_baseline_mse", "regatta_baseline_scored_forecasts", chosen, "topic, series");
}

function overWindow(mse: string, scored: string, chosen: string, labels: string): string {
  const n = (at: string) => `max by (${labels}) (${scored}{${chosen}}${at})`;
  const squares = (at: string) => `max by (${labels}) (${mse}{${chosen}}${at} * ${scored}{${chosen}}${at})`;
  const before = " offset $window";
  return `clamp_min(${squares("")} - ${squares(before)}, 0) / (${n("")} - ${n(before)} > 0)`;
}

/** Share of the baseline's squared error that a model avoids, of each model of each series. */
export function skillOver(mse: string, baselineMse: string): string {
  return `1 - (${mse}) / ${OF_SERIES} (${baselineMse} > 0)`;
}

/** Newest forecast less its y, of each model of each series. */
export function residual(): string {
  return `(${once("regatta_model_forecast")} - ${OF_SERIES} ${onceOfSeries("regatta_series_target")})`;
}
