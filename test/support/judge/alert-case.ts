/** Cases of alerts in Prometheus' notation of series: `first+step x times`, a sample every 15 s. */

/** What Prometheus has scraped: series and their samples. */
export type Scraped = Readonly<Record<string, string>>;

/** A fault that an alert is for, and a situation that it must not be confused with. */
export interface AlertCase {
  readonly alert: string;
  /** What has happened, to end the sentence "fires when ...". */
  readonly when: string;
  readonly scraped: Scraped;
  /** By when it must fire. */
  readonly by: string;
  /** Labels of what fires; those of the annotations must be among them. */
  readonly labels: Readonly<Record<string, string>>;
  /** To end the sentence "does not fire when ...". */
  readonly notWhen: string;
  readonly quiet: Scraped;
  /** When it must be silent. */
  readonly quietAt?: readonly string[];
}

/** Labels of the racer that most cases are about. */
export const RACER = 'service="rls-racer", instance="a:9464"';
/** The same, and of a partition that it reads. */
export const PLACE = `${RACER}, topic="raw", partition="0"`;
/** What Prometheus knows of whether each of these services answers. */
export const up = (services: readonly string[], value = "1x130") =>
  Object.fromEntries(
    services.map((service) => [`up{job="regatta", service="${service}", instance="${service}:9464"}`, value]),
  );
/** A series of a metric. */
export const of = (name: string, labels = RACER) => `${name}{${labels}}`;
/** {@link RACER}, as labels of what fires. */
export const LABELS = { service: "rls-racer", instance: "a:9464" };
